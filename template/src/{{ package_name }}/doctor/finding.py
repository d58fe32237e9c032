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
