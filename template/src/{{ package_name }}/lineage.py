"""``uv run lineage``: each asset with what it depends on and what depends on it, and whether all of it fits together.

Tools upstream define keys, tools downstream refer to them by name. Where the two do not meet, Dagster says nothing: it
takes an unknown dependency for something outside. This command names both ends and the fix.
"""

import argparse
import difflib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .environment import read_env_file

if TYPE_CHECKING:
    import dagster as dg

MAX_KEY_DEPTH = 2


@dataclass(frozen=True)
class Asset:
    """An asset and its neighbours, each by its key with slashes.

    Args:
        key: ``orders`` or ``shop_raw/orders``.
        group: Its group.
        depends_on: What it is made from.
        used_by: What is made from it.
    """

    key: str
    group: str
    depends_on: list[str]
    used_by: list[str]


@dataclass(frozen=True)
class Lineage:
    """Everything that the definitions have.

    Args:
        assets: The assets that are defined, by key.
        dbt_sources: The keys of the sources that a dbt project declares, each with its name in dbt.
        not_loaded: What is not known yet, and how to change that: definitions that come from elsewhere.
    """

    assets: Mapping[str, Asset]
    dbt_sources: Mapping[str, str]
    not_loaded: list[str]

    @classmethod
    def of(cls, defs: "dg.Definitions") -> "Lineage":
        """The lineage of loaded definitions."""
        executable = defs.resolve_asset_graph().executable_asset_keys
        # Dagster makes assets of dependencies that nothing defines, too: those do nothing and say nothing.
        specs = [spec for spec in defs.resolve_all_asset_specs() if spec.key in executable or spec.description]
        depends_on = {_name(spec.key): sorted({_name(dep.asset_key) for dep in spec.deps}) for spec in specs}
        used_by: dict[str, list[str]] = {}
        for key, upstream in sorted(depends_on.items()):
            for each in upstream:
                used_by.setdefault(each, []).append(key)
        assets = {
            key: Asset(key, group, depends_on[key], used_by.get(key, []))
            for key, group in sorted((_name(spec.key), spec.group_name or "default") for spec in specs)
        }
        state = {name: text for name, text in (defs.metadata or {}).items() if name.startswith("missing_state/")}
        return cls(assets, dict(_dbt_sources(specs)), [str(text.value) for text in state.values()])

    def problems(self) -> Iterator[str]:
        """A sentence for each place where two ends do not meet: what is wrong, and what to do."""
        yield from self._dangling()
        yield from self._unproduced_sources()
        yield from self._too_deep()
        yield from self._duplicates()
        yield from self._of_different_depth()

    def _dangling(self) -> Iterator[str]:
        for asset in self.assets.values():
            for upstream in asset.depends_on:
                if upstream in self.assets or self.not_loaded:
                    continue
                if upstream in self.dbt_sources:
                    yield (
                        f"{asset.key} reads the dbt source {self.dbt_sources[upstream]}, which needs an asset "
                        f"{upstream}, and nothing defines that: {self._hint(upstream)}"
                    )
                else:
                    yield f"{asset.key} depends on {upstream}, which nothing defines: {self._hint(upstream)}"

    def _unproduced_sources(self) -> Iterator[str]:
        read = {upstream for asset in self.assets.values() for upstream in asset.depends_on}
        for key, name in self.dbt_sources.items():
            if key not in self.assets and key not in read:
                yield f"the dbt source {name} needs an asset {key}, and nothing defines that: {self._hint(key)}"

    def _too_deep(self) -> Iterator[str]:
        for key in self.assets:
            if key.count("/") >= MAX_KEY_DEPTH:
                flat = "/".join(key.split("/")[-MAX_KEY_DEPTH:])
                yield f"{key} has more than {MAX_KEY_DEPTH} levels: flatten it to {flat}, in get_asset_spec"

    def _duplicates(self) -> Iterator[str]:
        """Dagster refuses equal keys; databases and file systems also take these for the same."""
        first: dict[str, str] = {}
        for key in self.assets:
            if first.setdefault(key.lower(), key) != key:
                yield f"{first[key.lower()]} and {key} differ only in case: rename one of them"

    def _of_different_depth(self) -> Iterator[str]:
        by_entity: dict[str, list[str]] = {}
        for key in self.assets:
            by_entity.setdefault(key.split("/")[-1].lower(), []).append(key)
        for keys in by_entity.values():
            for number, one in enumerate(keys):
                for other in keys[number + 1 :]:
                    # What is made from a raw table may be called like it.
                    related = other in self._upstream_of(one) or one in self._upstream_of(other)
                    if one.count("/") != other.count("/") and not related:
                        yield (
                            f"{one} and {other} are one entity with keys of different depth, and neither is made from "
                            "the other: give them the same key, or different names"
                        )

    def _upstream_of(self, key: str) -> set[str]:
        found: set[str] = set()
        waiting = [key]
        while waiting:
            asset = self.assets.get(waiting.pop())
            new = set(asset.depends_on) - found if asset else set()
            found |= new
            waiting += new
        return found

    def _hint(self, missing: str) -> str:
        close = difflib.get_close_matches(missing, self.assets, n=1)
        return f"did you mean {close[0]}? Correct one of the two" if close else "define it, or correct the name"

    def print(self) -> None:
        """The tree, for people."""
        for asset in self.assets.values():
            print(f"{asset.key}  [{asset.group}]")
            lines = [f"depends on {key}" for key in asset.depends_on] + [f"is used by {key}" for key in asset.used_by]
            for number, line in enumerate(lines, 1):
                print(f"{'└──' if number == len(lines) else '├──'} {line}")


def _name(key: "dg.AssetKey") -> str:
    return key.to_user_string()


def _dbt_sources(specs: "Iterable[dg.AssetSpec]") -> Iterator[tuple[str, str]]:
    """The key and the name of each source in the manifests that assets were made from."""
    seen = set()
    for spec in specs:
        wrapper, translator = (
            spec.metadata.get(f"dagster_dbt/{name}") for name in ("manifest", "dagster_dbt_translator")
        )
        if wrapper is None or translator is None or id(wrapper.manifest) in seen:
            continue
        seen.add(id(wrapper.manifest))
        project = spec.metadata.get("dagster_dbt/project")
        for unique_id, source in wrapper.manifest["sources"].items():
            key = translator.get_asset_spec(wrapper.manifest, unique_id, project).key
            yield _name(key), f"{source['source_name']}.{source['name']}"


def load_definitions() -> "dg.Definitions":
    """The definitions of this project. Imported late: `--help` needs none."""
    from .definitions import defs

    return defs()


def main() -> None:
    """Command line."""
    read_env_file()
    parser = argparse.ArgumentParser(
        prog="lineage",
        description="Print each asset with what it depends on and what depends on it. Exit code 1, with the offender "
        "and the fix, where the two ends of a dependency do not meet.",
    )
    parser.add_argument("--json", action="store_true", help="for machines: assets, problems and what is not loaded")
    arguments = parser.parse_args()
    try:
        lineage = Lineage.of(load_definitions())
    except Exception as error:  # Dagster's own words: it refuses two assets with one key, for one
        fix = ": rename or remove one of the two" if "uplicate asset key" in str(error) else ""
        sys.exit(f"The definitions do not load, and so have no lineage: {error}{fix}")
    problems = list(lineage.problems())
    if arguments.json:
        assets = [asdict(asset) for asset in lineage.assets.values()]
        print(json.dumps({"assets": assets, "problems": problems, "not_loaded": lineage.not_loaded}, indent=2))
    else:
        lineage.print()
        for text in lineage.not_loaded:
            print(f"\nNot known yet: {text}")
        for problem in problems:
            print(f"\nProblem: {problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)
