"""A sync of Fivetran Activations (Census), as YAML lists it."""

from dataclasses import dataclass

import dagster as dg

from ..resources.reverse_etl.service_answers import whole_number_or_none
from .model_sync import DbtModel, checked_model, checked_name


@dataclass
class CensusModelSync(dg.Resolvable):
    """A sync, and the dbt model that it sends.

    Args:
        name: The sync's label in Census.
        dbt_model: The name of the dbt model (``model`` in YAML): the sync runs after it.
        sync_id: The sync's id in Census, needed where several syncs have that label.
        description: What is sent, and where it goes; made from the names when left out.
    """

    name: str
    dbt_model: DbtModel
    sync_id: int | str | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        # YAML values reach a dataclass unchecked, and "12345" is a number by then.
        self.name = checked_name("CensusModelSync", self.name)
        self.dbt_model = checked_model("CensusModelSync", self.dbt_model)
        if self.sync_id is not None:
            if not whole_number_or_none(self.sync_id):
                raise ValueError(f"CensusModelSync: sync_id must be a whole number above 0, not {self.sync_id!r}")
            self.sync_id = whole_number_or_none(self.sync_id)
