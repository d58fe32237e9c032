"""Which combinations a run has: all, a set in which every pair of choices meets, or a part of either."""

from collections.abc import Sequence
from itertools import combinations as pairs_of
from typing import Any, TypeVar

from combinations import Combination

T = TypeVar("T")
Pair = frozenset[tuple[str, Any]]


def covering(every: Sequence[Combination]) -> list[Combination]:
    """Few combinations in which any two choices that can meet, meet: by Copier's rules some never do.

    Takes, again and again, the combination with the most pairs that are new.
    """
    pairs = {each.id: pairs_in(each) for each in every}
    missing = set().union(*pairs.values())
    chosen = []
    left = list(every)
    while missing:
        best = max(left, key=lambda each: len(pairs[each.id] & missing))
        left.remove(best)
        missing -= pairs[best.id]
        chosen.append(best)
    return chosen


def pairs_in(combination: Combination) -> set[Pair]:
    """The pairs of choices that meet in a combination. A single choice counts too."""
    choices = list(combination.choices.items())
    return {frozenset(pair) for pair in pairs_of(choices, 2)} | {frozenset([choice]) for choice in choices}


def shard_of(text: str) -> tuple[int, int]:
    """``3/10`` as numbers.

    Raises:
        ValueError: It is something else.
    """
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise ValueError(f"--shard must be a number and how many there are, such as 3/10, not {text!r}")
    return int(number), int(count)


def in_shard(items: Sequence[T], number: int, count: int) -> list[T]:
    """A part of the items, as long as the others: neighbours stay together, since they have much in common."""
    return list(items[(number - 1) * len(items) // count : number * len(items) // count])
