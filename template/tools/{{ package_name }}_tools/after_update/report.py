"""What an update has done to a project, and what is left to do."""

from dataclasses import dataclass, field

from .carrying import SAVED

WORKFLOWS = ".github/workflows"
#: Where changes of workflows wait for somebody who may push them.
WORKFLOWS_PATCH = ".github/workflows.patch"
APPLY_PATCH = (
    f"`git apply {WORKFLOWS_PATCH} && git rm --force --quiet {WORKFLOWS_PATCH} && git add {WORKFLOWS} && "
    "git commit --message 'Workflows of the template' && git push` in this branch, before it is merged"
)


@dataclass(frozen=True)
class Report:
    """What an update has done to a project, by paths in it.

    Args:
        conflicts: Files in which both sides changed the same lines: both are there, between conflict markers.
        saved: Files with edits that the template no longer has, or that Copier can't merge: each is now called
            ``….saved``. With the files that have what was in it, where that is known.
        left_behind: The owner's files where the template has none any more, with what to do.
        names: Where the owner's lines name modules that are elsewhere now.
        carried: Files whose edits are at another place now, with the path of that. There may be a conflict.
        moved: Files without edits that have another path now, with that.
        added: New files.
        changed: Files with other content, without a conflict.
        deleted: Files that are gone, as they had no edits.
        kept_deleted: Files that were not made again, as they had been deleted at another path.
        workflows: Workflows whose changes are in ``.github/workflows.patch`` instead.
    """

    conflicts: list[str] = field(default_factory=list)
    saved: dict[str, list[str]] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    carried: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    kept_deleted: list[str] = field(default_factory=list)
    workflows: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """All of it in Markdown, what waits for somebody first."""
        parts = [
            ("Conflicts: choose between the two sides, then `git add` the file", _paths(self.conflicts)),
            (
                f"Edited here, and deleted in the template or no text in UTF-8: put aside as `*{SAVED}`",
                _see(self.saved),
            ),
            ("Yours, and to be moved", self.left_behind),
            ("Yours, with a name that is no longer right", self.names),
            (f"Not changed yet, as GitHub lets no workflow push workflows: {APPLY_PATCH}", _paths(self.workflows)),
            ("Your edits were carried over to where the file is now", _arrows(self.carried)),
            ("Moved", _arrows(self.moved)),
            ("Added", _paths(self.added)),
            ("Changed", _paths(self.changed)),
            ("Deleted", _paths(self.deleted)),
            ("Not made again, as you had deleted it", _paths(self.kept_deleted)),
        ]
        texts = [f"**{title}**\n" + "".join(f"\n- {line}" for line in lines) for title, lines in parts if lines]
        return "\n\n".join(texts) or "Nothing has changed."


def _paths(paths: list[str]) -> list[str]:
    return [f"`{path}`" for path in paths]


def _arrows(paths: dict[str, str]) -> list[str]:
    return [f"`{before}` → `{after}`" for before, after in sorted(paths.items())]


def _see(paths: dict[str, list[str]]) -> list[str]:
    return [
        f"`{path}`{': see ' if others else ''}{' and '.join(f'`{each}`' for each in others)}"
        for path, others in sorted(paths.items())
    ]
