"""``dg scaffold defs`` for the dbt component: a small dbt project of its own, or one that is there already."""

import os
import shutil
from itertools import chain
from pathlib import Path
from textwrap import dedent

import dagster as dg

from .dbt_files import DEPLOYMENT
from .example_scaffolder import name_of, write_example

#: The end of an example of a component for dbt.
OF_EVERY_MODEL = """
# Of every model, besides the tags that dbt gives: selections use the domain, the cadence keeps them fresh.
tags:
  domain: sales
  cadence: daily
op:
  name: NAME
  pool: database_writer
  backfill_policy:
    type: single_run
"""
ATTRIBUTES = f"""
# The folder with dbt_project.yml, relative to this file.
project: PROJECT{OF_EVERY_MODEL}"""
FILES = {
    "dbt_project.yml": """
        name: NAME
        version: "0.1.0"
        config-version: 2
        profile: warehouse
        model-paths: [models]
        flags:
          send_anonymous_usage_stats: false
        """,
    "models/NAME.sql": """
        -- The asset is called like this file. `ref` and `source` name what it is made from.
        select 1 as id
        """,
    "models/_models.yml": """
        version: 2

        models:
          - name: NAME
            description: What a row is, in a sentence for those who find it.
            columns:
              - name: id
                description: What a column has.
                data_tests: [unique, not_null]
        """,
    ".gitignore": """
        target/
        logs/
        dbt_packages/
        .user.yml
        """,
}


class DbtScaffoldParams(dg.Model):
    """The options of the command.

    Args:
        project_path: A dbt project that is there already, relative to the working directory.
    """

    project_path: str | None = None


class DbtProjectScaffolder(dg.Scaffolder[DbtScaffoldParams]):
    """Writes the YAML of the dbt component, and a dbt project with one model unless there is one."""

    @classmethod
    def get_scaffold_params(cls) -> type[DbtScaffoldParams]:
        """What Dagster makes the options of the command from."""
        return DbtScaffoldParams

    def scaffold(self, request: dg.ScaffoldRequest[DbtScaffoldParams]) -> None:
        """Write the files."""
        folder = request.target_path.parent if request.append else request.target_path
        if request.params.project_path:
            project = Path(os.path.relpath(request.params.project_path, folder)).as_posix()
        else:
            project = name_of(request)
            write_project(folder / project)
        write_example(request, ATTRIBUTES.replace("PROJECT", project))


def write_project(folder: Path) -> None:
    """Write a dbt project with one model, which builds where the other dbt project here does."""
    for name, text in FILES.items():
        file = folder / name.replace("NAME", folder.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip().replace("NAME", folder.name), encoding="utf-8")
    package = Path(__file__).parents[1]
    known = (package / place / "profiles.yml" for place in ("dbt_project", "defs/dbt"))
    profiles = next(file for file in chain(known, package.rglob("profiles.yml")) if file.exists())
    shutil.copy(profiles, folder)
    if (of_deployments := profiles.with_name(DEPLOYMENT)).exists():
        shutil.copytree(of_deployments, folder / DEPLOYMENT)
