"""A dbt project in a git repository of its own: fetched when it is asked for, and loaded from that copy."""

import base64
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg
from dagster_dbt import DbtProject
from dagster_dbt.dbt_project_manager import RemoteGitDbtProjectManager


@dataclass
class GitRepository(RemoteGitDbtProjectManager):
    """Dagster's access to a dbt project in a git repository, for a certain revision.

    Args (besides those of ``RemoteGitDbtProjectManager``):
        revision: The branch, tag or commit; the repository's default branch if None.
        profiles_dir: The folder of ``profiles.yml``; that of the dbt project if None.
    """

    revision: str | None = None
    profiles_dir: Path | None = None

    @classmethod
    def of(
        cls, project: RemoteGitDbtProjectManager, revision: str | None, profiles_dir: Path | None
    ) -> "GitRepository":
        """The repository that a YAML file names."""
        return cls(**asdict(project), revision=revision, profiles_dir=profiles_dir)

    def fetch(self, state_path: Path, then: Callable[[DbtProject], None]) -> None:
        """Replace the copy of the repository. If that fails, the last good one stays.

        Args:
            state_path: The file that marks the copy as complete; the copy is next to it.
            then: Prepares the dbt project of the new copy.

        Raises:
            dagster.DagsterInvalidDefinitionError: The repository can't be reached, or lacks the revision or the path.
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
        except BaseException:
            shutil.rmtree(copy)
            if previous.exists():
                previous.rename(copy)
                state_path.touch()
            raise
        shutil.rmtree(previous, ignore_errors=True)
        state_path.touch()

    def sync(self, state_path: Path) -> None:
        """Clone the repository to where the copy belongs."""
        self.clone(self._local_project_dir(state_path))

    def clone(self, folder: Path) -> None:
        """Clone the repository into a new folder, at the revision."""
        from git import GitCommandError, Repo

        folder.parent.mkdir(parents=True, exist_ok=True)
        where = f"{self.repo_url} (repo_url in defs.yaml)"
        try:
            with Repo.clone_from(self.repo_url, folder, env=self._environment()) as repository:
                if self.revision:
                    repository.git.checkout(self.revision)
        except GitCommandError as error:
            shutil.rmtree(folder, ignore_errors=True)
            what = f"{where} has no revision {self.revision!r}" if "checkout" in error.command else where
            raise dg.DagsterInvalidDefinitionError(
                f"The dbt project can't be fetched from {what}. Is the address right, is the network up, and does "
                f"DBT_REPO_TOKEN hold a token if the repository is not public? git says: {error.stderr.strip()}"
            ) from None
        if not (folder / self.repo_relative_path / "dbt_project.yml").exists():
            shutil.rmtree(folder, ignore_errors=True)
            raise dg.DagsterInvalidDefinitionError(
                f"{where} has no dbt_project.yml in {self.repo_relative_path!r}: correct repo_relative_path"
            )

    def get_project(self, state_path: Path | None) -> DbtProject:
        """The dbt project in the copy."""
        assert state_path is not None, "the component has no definitions before the first copy"
        return DbtProject(
            project_dir=self._local_project_dir(state_path) / self.repo_relative_path,
            profiles_dir=self.profiles_dir,
            profile=self.profile,
            target=self.target,
        )

    def _environment(self) -> dict[str, str]:
        """Variables for git. The token is in none of its arguments, and in no file of the copy."""
        variables = {"GIT_TERMINAL_PROMPT": "0"}  # an error instead of a question that nobody answers
        token, address = os.environ.get("DBT_REPO_TOKEN"), urlsplit(self.repo_url)
        if token and address.scheme in ("http", "https"):
            credentials = base64.b64encode(f"x-access-token:{token}".encode()).decode()
            variables |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"http.{address.scheme}://{address.netloc}/.extraHeader",
                "GIT_CONFIG_VALUE_0": f"Authorization: Basic {credentials}",
            }
        return variables
