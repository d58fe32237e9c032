"""What a check of the doctor has found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    Args:
        problem: What is wrong, in a sentence without a full stop.
        fix: What to do about it.
    """

    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.problem}: {self.fix}"


@dataclass(frozen=True)
class Note:
    """Something that a check can't know: no fault, and said all the same."""

    text: str

    def __str__(self) -> str:
        return self.text


def reason(error: BaseException) -> str:
    """What an error says first. Dagster's own say where; what they were raised from says why."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip() or type(error).__name__).splitlines()[0]
