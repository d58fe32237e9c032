"""Where the files went that a newer version of the template has elsewhere."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import PurePosixPath

from .renderings import Rendering, Renderings

#: Where to look for what was in files that git does not find again, as less than half of them is the same: they were
#: written anew, joined with others, or divided. By the path in any release, with ``<package>`` for the package's name.
NOT_SEEN_BY_GIT: dict[str, tuple[str, ...]] = {
    "src/<package>/asset_metadata.py": ("src/<package>/resources/table_metadata.py",),
    "src/<package>/assets/__init__.py": ("src/<package>/definitions.py",),
    "src/<package>/assets/sales_analytics.py": ("src/<package>/defs/sales_analytics/assets.py",),
    "src/<package>/assets/transformations.py": ("src/<package>/sales/transformations.py",),
    "src/<package>/assets/validation.py": ("src/<package>/defs/sales_analytics/schema_check.py",),
    "src/<package>/automation_conditions.py": ("src/<package>/defs/conditions.py",),
    "src/<package>/census.py": ("src/<package>/defs/resources/census.py",),
    "src/<package>/components/census_sync_component.py": ("src/<package>/components/census_model_sync_component.py",),
    "src/<package>/components/dbt_project_component.py": ("src/<package>/components/warehouse_dbt_component.py",),
    "src/<package>/dbt_schedules.py": ("src/<package>/defs/schedules.py",),
    "src/<package>/dbt_sensors.py": ("src/<package>/defs/sensors.py",),
    "src/<package>/environment.py": ("src/<package>/settings.py",),
    "src/<package>/etl_sensor.py": ("src/<package>/defs/sensors.py",),
    "src/<package>/hightouch.py": ("src/<package>/defs/resources/hightouch.py",),
    "src/<package>/order_days.py": ("src/<package>/defs/sensors.py",),
    "src/<package>/order_sensors.py": ("src/<package>/defs/sensors.py",),
    "src/<package>/partitions.py": ("src/<package>/settings.py",),
    "src/<package>/pipeline.py": (
        "tools/<package>_tools/pipeline.py",
        "tools/<package>_tools/own_instance.py",
        "tools/<package>_tools/run_report.py",
    ),
    "src/<package>/resources/census.py": (
        "src/<package>/resources/reverse_etl/census.py",
        "src/<package>/resources/reverse_etl/census_answers.py",
        "src/<package>/resources/reverse_etl/census_names.py",
    ),
    "src/<package>/resources/hightouch.py": ("src/<package>/resources/reverse_etl/hightouch.py",),
    "src/<package>/resources/http_api.py": (
        "src/<package>/resources/reverse_etl/http_api.py",
        "src/<package>/resources/reverse_etl/http_exchange.py",
    ),
    "src/<package>/run_history.py": ("src/<package>/resources/run_storage.py",),
    "src/<package>/sample_data.py": (
        "tools/<package>_tools/sample_data.py",
        "tools/<package>_tools/sample_database.py",
        "tools/<package>_tools/sample_command.py",
    ),
    "src/<package>/schedules.py": ("src/<package>/defs/schedules.py",),
    "tests/test_automation_conditions.py": ("tests/test_conditions.py",),
    "tests/test_automation_definitions.py": ("tests/test_conditions.py",),
    "tests/test_dbt_schedules.py": ("tests/test_schedules.py",),
    "tests/test_dbt_sensors.py": ("tests/test_sensors.py",),
    "tests/test_etl_automation_conditions.py": ("tests/test_conditions.py",),
    "tests/test_etl_sensor.py": ("tests/test_sensors.py",),
    "tests/test_git_dbt_project_component.py": ("tests/test_git_dbt_component.py",),
    "tests/test_order_sensors.py": ("tests/test_sensors.py",),
    "tests/test_pipeline_end_to_end.py": ("tools/tests/test_pipeline_end_to_end.py",),
    "tests/test_run_history.py": ("tests/test_run_storage.py",),
    "tests/test_sales_automation_conditions.py": ("tests/test_conditions.py",),
}


@dataclass(frozen=True)
class Move:
    """Where the content of a file is now.

    Args:
        targets: The paths where it may be.
        renamed: The path that the file has now, if it is the same file.
    """

    targets: tuple[str, ...]
    renamed: str | None


def find_moves(renderings: Renderings) -> dict[str, Move]:
    """The files that have another path after an update, by the path before it.

    A file that an answer leaves out now is none of them, and the package may have got another name at the same time.
    """
    old, new = renderings.old, renderings.new
    seen_by_git = _seen_by_git(old, renderings.same_answers)
    listed = {
        source.replace("<package>", old.package): [target.replace("<package>", new.package) for target in targets]
        for source, targets in NOT_SEEN_BY_GIT.items()
    }
    moves = {}
    for path in sorted(old.files - new.files):
        renamed = _in_renamed_package(seen_by_git.get(path, path), old.package, new)
        targets = dict.fromkeys(target for target in [renamed, *listed.get(path, [])] if target in new.files)
        if targets:
            moves[path] = Move(tuple(targets), renamed)
    return moves


def _seen_by_git(old: Rendering, new: Rendering) -> dict[str, str]:
    """The files that git takes for renamed."""
    command = ["git", "diff", "--no-index", "--no-ext-diff", "--find-renames", "-l0", "--no-rename-empty"]
    command += ["--diff-filter=R", "--name-status", "-z", old.folder.name, new.folder.name]
    done = subprocess.run(command, cwd=old.folder.parent, capture_output=True, encoding="utf-8")
    fields = done.stdout.split("\0")[:-1]
    pairs = zip(fields[1::3], fields[2::3], strict=True)
    return {before.split("/", 1)[1]: after.split("/", 1)[1] for before, after in pairs}


def _in_renamed_package(path: str, package: str, new: Rendering) -> str | None:
    """A path as it is with the name that the package has now, if there is such a file."""
    if path in new.files:
        return path
    parts = PurePosixPath(path).parts
    pattern = re.compile(rf"(?<![a-zA-Z0-9]){re.escape(package)}(?![a-zA-Z0-9])")
    for number, part in enumerate(parts):
        renamed = "/".join([*parts[:number], pattern.sub(new.package, part, count=1), *parts[number + 1 :]])
        if renamed in new.files:
            return renamed
    return None
