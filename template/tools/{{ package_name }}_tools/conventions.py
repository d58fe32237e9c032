"""What every asset of this project has. A convention that is broken is named; it keeps nothing from loading."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import dagster as dg

#: The values of the tag ``cadence`` that this project's automation knows.
CADENCES = ("daily", "weekly")
SHORTEST_DESCRIPTION = 20


@dataclass(frozen=True)
class Convention:
    """Something that every asset has.

    Args:
        name: What it is, in one or two words.
        holds: Whether an asset has it.
        fix: What to do about one that has not.
    """

    name: str
    holds: Callable[[dg.AssetSpec], bool]
    fix: str

    def problem(self, specs: Iterable[dg.AssetSpec]) -> str | None:
        """The offenders and the fix; None if there are none."""
        offenders = sorted(spec.key.to_user_string() for spec in specs if not self.holds(spec))
        return f"{', '.join(offenders)}: no {self.name}. {self.fix}" if offenders else None


CONVENTIONS = (
    Convention("kinds", lambda spec: bool(spec.kinds), "Add kinds={...}, the technologies that it is made with"),
    Convention("group", lambda spec: spec.group_name not in (None, "default"), "Add a group_name"),
    Convention(
        "owner",
        lambda spec: bool(spec.owners),
        "Add owners=['team:...']; @dg.observable_source_asset, which takes none, can be "
        "@dg.multi_observable_source_asset with an AssetSpec",
    ),
    Convention("domain", lambda spec: "domain" in spec.tags, "Add the tag 'domain': selections use it"),
    Convention(
        "cadence",
        lambda spec: spec.tags.get("cadence") in CADENCES,
        f"Add the tag 'cadence', {' or '.join(CADENCES)}: until then nothing keeps it fresh",
    ),
    Convention(
        "description",
        lambda spec: len(spec.description or "") >= SHORTEST_DESCRIPTION,
        "Describe it in a sentence (the docstring of the function)",
    ),
)


def specs_of(defs: dg.Definitions) -> list[dg.AssetSpec]:
    """Every asset of the project, without the stubs that Dagster makes of keys which nothing defines."""
    defined = set()
    for asset in defs.assets or []:
        defined |= set(asset.keys) if isinstance(asset, dg.AssetsDefinition) else {getattr(asset, "key", None)}
    return [spec for spec in defs.resolve_all_asset_specs() if spec.key in defined]


def problems_of(defs: dg.Definitions) -> Iterator[str]:
    """A sentence for each convention that an asset does not keep."""
    specs = specs_of(defs)
    yield from filter(None, (convention.problem(specs) for convention in CONVENTIONS))
