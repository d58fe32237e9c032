"""Definitions of a component that needs no state, where nobody may write."""

import dagster as dg
from dagster.components import DefsStateConfigArgs
from dagster.components.utils.project_paths import get_local_state_path

IN_A_FOLDER = DefsStateConfigArgs.local_filesystem().management_type


def defs_from_state_if_any(component: dg.StateBackedComponent, context: dg.ComponentLoadContext) -> dg.Definitions:
    """The definitions of a component, from its state if there is one.

    To look for a state, Dagster makes its folder. Where that is missing in a read-only package, there is no state.
    """
    state = component.defs_state_config
    if state.management_type == IN_A_FOLDER:
        try:
            get_local_state_path(state.key, context.project_root)
        except OSError:
            return component.build_defs_from_state(context, None)
    return dg.StateBackedComponent.build_defs(component, context)
