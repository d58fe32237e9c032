"""The automation conditions in the project's definitions: on every asset, and evaluated."""

import dagster as dg


def test_every_asset_has_a_condition(project_definitions: dg.Definitions) -> None:
    graph = project_definitions.resolve_asset_graph()
    assets = [graph.get(key) for key in graph.executable_asset_keys]
    without = [asset.key.to_user_string() for asset in assets if not asset.automation_condition]
    assert not without, f"{', '.join(without)}: nothing keeps it fresh, give it an automation_condition"


def test_the_sensor_is_on_and_sees_every_asset(project_definitions: dg.Definitions) -> None:
    [sensor] = project_definitions.get_repository_def().sensor_defs
    assert isinstance(sensor, dg.AutomationConditionSensorDefinition)
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    graph = project_definitions.resolve_asset_graph()
    assert graph.executable_asset_keys <= sensor.asset_selection.resolve(graph)
