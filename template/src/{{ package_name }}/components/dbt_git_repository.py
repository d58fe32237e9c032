"""A dbt project in a git repository of its own: fetched when it is asked for, and loaded from that copy."""

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtProject
from dagster_dbt.dbt_project_manager import RemoteGitDbtProjectManager

from .dbt_folders import in_place
from .git_address import problem_of_address, problem_of_folder, problem_of_revision
from .git_command import GitError, git


@dataclass
class GitRepository(RemoteGitDbtProjectManager):
    """Dagster's access to a dbt project in a git repository, for a certain revision.

    Args (besides those of ``RemoteGitDbtProjectManager``):
        revision: The branch, tag or commit; the repository's default branch if None.
        profiles_dir: The folder of ``profiles.yml``; that of the dbt project if None.
    """

    revision: str | None = None
    profiles_dir: Path | None = None

    def __post_init__(self) -> None:
        problems = {
            "project.repo_url": problem_of_address(self.repo_url),
            "project.repo_relative_path": problem_of_folder(self.repo_relative_path),
            "revision": problem_of_revision(self.revision) if self.revision is not None else None,
            # It would be in a file for all to read, or in a variable that Dagster reads when definitions load.
            "project.token": self.token and "must be left out: set the environment variable DBT_REPO_TOKEN instead",
        }
        for name, problem in problems.items():
            if problem:
                raise ValueError(f"GitDbtComponent: {name} {problem}")

    @classmethod
    def of(
        cls, project: RemoteGitDbtProjectManager, revision: str | None, profiles_dir: Path | None
    ) -> "GitRepository":
        """The repository that a YAML file names.

        Raises:
            ValueError: An address, folder or revision that is none, or a token.
        """
        return cls(**asdict(project), revision=revision, profiles_dir=profiles_dir)

    def fetch(self, state_path: Path, then: Callable[[DbtProject], None]) -> None:
        """Replace the copy of the repository. If that fails, the last good one stays.

        Args:
            state_path: The file that marks the copy as complete, and names its commit; the copy is next to it.
            then: Prepares the dbt project of the new copy.

        Raises:
            dagster.DagsterInvalidDefinitionError: The repository can't be reached, lacks the revision or the path, or
                has a link to something outside of it.
        """
        copy = self._local_project_dir(state_path)
        incoming, previous = copy.with_name("incoming"), copy.with_name("previous")
        for leftover in (incoming, previous):
            shutil.rmtree(leftover, ignore_errors=True)
        self.clone(incoming)
        if copy.exists():
            copy.rename(previous)
        incoming.rename(copy)
        try:
            then(self.get_project(state_path))
            self._refuse_links_to_elsewhere(copy)  # of the packages that dbt has installed
        except BaseException:
            shutil.rmtree(copy)
            if previous.exists():
                previous.rename(copy)
                state_path.write_text(commit_of(copy))
            raise
        shutil.rmtree(previous, ignore_errors=True)
        state_path.write_text(commit_of(copy))

    def sync(self, state_path: Path) -> None:
        """Clone the repository to where the copy belongs."""
        self.clone(self._local_project_dir(state_path))

    def clone(self, folder: Path) -> None:
        """Clone the repository into a new folder, at the revision."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        token = os.environ.get("DBT_REPO_TOKEN")
        try:
            options = ("--quiet", "--no-checkout", "--no-recurse-submodules", "--template=")
            git("clone", *options, "--", self.repo_url, folder, token=token, address=self.repo_url)
            git("-C", folder, "checkout", "--quiet", "--detach", self._commit_in(folder))
            self._refuse_links_to_elsewhere(folder)
        except GitError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise dg.DagsterInvalidDefinitionError(
                f"The dbt project can't be fetched from {self.repo_url} (repo_url in defs.yaml). Is the address right, "
                "is the network up, and does DBT_REPO_TOKEN hold a token if the repository is not public (then no "
                f"redirect is followed)? git says: {error}"
            ) from None
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if not (folder / self.repo_relative_path / "dbt_project.yml").exists():
            shutil.rmtree(folder, ignore_errors=True)
            raise dg.DagsterInvalidDefinitionError(
                f"{self.repo_url} (repo_url in defs.yaml) has no dbt_project.yml in {self.repo_relative_path!r}: "
                "correct repo_relative_path"
            )

    def get_project(self, state_path: Path | None) -> DbtProject:
        """The dbt project in the copy."""
        assert state_path is not None, "the component has no definitions before the first copy"
        project = DbtProject(
            project_dir=self._local_project_dir(state_path) / self.repo_relative_path,
            profiles_dir=self.profiles_dir,
            profile=self.profile,
            target=self.target,
        )
        return in_place(project)

    def _commit_in(self, folder: Path) -> str:
        commits = commits_named(folder, self.revision or "HEAD")
        if len(commits) == 1:
            return commits.pop()
        what = f"several commits called {self.revision!r}: name one" if commits else f"no revision {self.revision!r}"
        raise dg.DagsterInvalidDefinitionError(
            f"{self.repo_url} (repo_url in defs.yaml) has {what}. revision is a branch, a tag or a commit"
        )

    def _refuse_links_to_elsewhere(self, folder: Path) -> None:
        """A link could show dbt, and so its manifest and its warehouse, any file of this machine."""
        inside = os.path.realpath(folder)
        for parent, folders, files in os.walk(folder):
            for path in (Path(parent, name) for name in [*folders, *files]):
                if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(inside):
                    raise dg.DagsterInvalidDefinitionError(
                        f"{self.repo_url} (repo_url in defs.yaml) has a link to something outside of it, "
                        f"{path.relative_to(folder).as_posix()}: it is not used"
                    )


def commits_named(clone: Path, revision: str) -> set[str]:
    """The commits that a branch, a tag or a commit of this name is. Never a file, nor something that git computes."""
    names = [f"refs/remotes/origin/{revision}", f"refs/tags/{revision}"]
    if revision == "HEAD":
        names = ["HEAD"]
    elif re.fullmatch("[0-9a-f]{40}", revision):
        names = [revision]
    elif re.fullmatch("[0-9a-f]{7,39}", revision):
        names.append(revision)
    found = set()
    for name in names:
        try:
            found.add(git("-C", clone, "rev-parse", "--verify", "--quiet", name + "^{commit}"))
        except GitError:
            continue
    return found


def commit_of(clone: Path) -> str:
    """The commit that is checked out."""
    return git("-C", clone, "rev-parse", "HEAD")
