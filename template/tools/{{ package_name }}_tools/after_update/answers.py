"""The answers file, entry by entry. As text, so that an entry can be passed on exactly as Copier wrote it."""

import re

ANSWERS_FILE = ".copier-answers.yml"
#: A name at the beginning of a line, and whatever is indented or listed below it.
ENTRY = re.compile(r"^(\w+):.*\n?(?:(?:[ -].*)?\n)*(?:[ -].*\Z)?", re.M)


def entries_of(text: str) -> dict[str, str]:
    """The entries of an answers file by their names, each with its name and all lines of its value."""
    return {entry[1]: entry[0].strip() for entry in ENTRY.finditer(text.replace("\r\n", "\n"))}


def problem_of(content: bytes) -> str:
    """Why Copier can't update from an answers file; nothing if it can."""
    import yaml

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


def package_in(text: str) -> str:
    """The name of the package."""
    return entries_of(text).get("package_name", "").partition(":")[2].strip(" '\"")


def answered_before(before: str, now: str) -> str:
    """The version that a project has now, with the answers from before where it was asked the same.

    Args:
        before: The answers file before an update.
        now: The answers file after it.
    """
    old, new = entries_of(before), entries_of(now)
    same = {name: old[name] for name in old.keys() & new.keys() if not name.startswith("_")}
    return "".join(f"{entry}\n" for entry in (new | same).values())


def is_same(before: str, now: str) -> bool:
    """Whether version and answers are the same. The template's address may change without an update."""
    old, new = entries_of(before), entries_of(now)
    return all(old.get(name) == new.get(name) for name in (old.keys() | new.keys()) - {"_src_path"})


def moves_files(before: str, now: str) -> bool:
    """Whether an update may have moved files: other answers leave files out or bring them, and move none."""
    old, new = entries_of(before), entries_of(now)
    return any(old.get(name) != new.get(name) for name in ("_commit", "package_name"))
