"""Which combinations a run has: all, a set in which every pair of choices meets, or a part of either."""

from collections.abc import Callable, Hashable, Sequence, Set
from itertools import combinations as pairs_of
from typing import Any, TypeVar

from combinations import Combination

T = TypeVar("T")
Pair = frozenset[tuple[str, Any]]


def covering(every: Sequence[Combination]) -> list[Combination]:
    """Few combinations in which any two choices that can meet, meet: by Copier's rules some never do."""
    return fewest(every, pairs_in)


def fewest(every: Sequence[T], has: Callable[[T], Set[Hashable]]) -> list[T]:
    """Few of them that have between them what all have.

    Takes, again and again, the one with the most that is new.
    """
    left = [(each, has(each)) for each in every]
    missing = set[Hashable]().union(*(found for _, found in left))
    chosen = []
    while missing:
        best, found = max(left, key=lambda each: len(each[1] & missing))
        left.remove((best, found))
        missing -= found
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
