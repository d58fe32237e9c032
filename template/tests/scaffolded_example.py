"""``dg scaffold defs`` of a component, in a project where there is a daily asset."""

import dagster as dg


@dg.asset(tags={"cadence": "daily"})
def made() -> None:
    """Something to select."""


def check_example_of(component: type[dg.Component]) -> None:
    """What Dagster writes for a component says what is what, loads, and keeps the conventions.

    Args:
        component: Its class.
    """
    with dg.components.testing.create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=component, defs_path="my_own")
        assert "\n  # " in (path / "defs.yaml").read_text(encoding="utf-8"), "nothing is explained"
        with sandbox.load_component_and_build_defs(defs_path=path) as (loaded, defs):
            assert type(loaded) is component
            daily = dg.AssetSpec("upstream", tags={"cadence": "daily"})
            resources = dict.fromkeys(("database", "census", "hightouch"), dg.ResourceDefinition.none_resource())
            everything = dg.Definitions.merge(defs, dg.Definitions(assets=[made, daily], resources=resources))
            dg.Definitions.validate_loadable(everything)
            named = [spec for spec in everything.resolve_all_asset_specs() if "my_own" in spec.key.path]
            jobs = [job.name for job in everything.jobs or []]
            assert named or jobs == ["my_own"] or defs.metadata, "it defines nothing that is called like it"
            assert all(spec.tags["cadence"] == "daily" and spec.description for spec in named)
