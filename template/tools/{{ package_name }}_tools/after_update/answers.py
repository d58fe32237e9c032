"""What the answers file says. Somebody may have edited it: what counts are the values, not how they are written."""

from typing import Any

import yaml

ANSWERS_FILE = ".copier-answers.yml"


def answers_in(text: str) -> dict[str, Any]:
    """The answers, and what Copier notes beside them, by their names; none if it is no YAML."""
    try:
        answers = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return answers if isinstance(answers, dict) else {}


def problem_of(content: bytes) -> str:
    """Why Copier can't update from an answers file; nothing if it can."""
    try:
        answers = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        return f"is no YAML{f' (line {mark.line + 1})' if mark else ''}"
    if not isinstance(answers, dict):
        return "has no answers"
    for name, meaning in (("_src_path", "the template's address"), ("_commit", "the version of the template")):
        if not isinstance(answers.get(name), str) or not answers[name].strip():
            return f"has no text as {name}, which is {meaning}"
    return ""


def answered_before(before: str, now: str) -> str:
    """The version that a project has now, with the answers from before where it was asked the same.

    Args:
        before: The answers file before an update.
        now: The answers file after it.
    """
    old, new = answers_in(before), answers_in(now)
    same = {name: old[name] for name in old.keys() & new.keys() if not name.startswith("_")}
    return yaml.safe_dump(new | same, allow_unicode=True)


def is_same(before: str, now: str) -> bool:
    """Whether version and answers are the same. The template's address may change without an update."""
    old, new = ({**answers_in(text), "_src_path": None} for text in (before, now))
    return old == new


def moves_files(before: str, now: str) -> bool:
    """Whether an update may have moved files: other answers leave files out or bring them, and move none."""
    old, new = answers_in(before), answers_in(now)
    return any(old.get(name) != new.get(name) for name in ("_commit", "package_name"))
