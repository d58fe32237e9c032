"""``DataFrame`` and ``Dataset`` for the signatures of assets and checks.

Dagster evaluates those annotations when definitions load. Importing pandas then would cost each ``dg`` command half a
second, so that Dagster sees ``Any`` where type checkers see the class. A dataset is files that are not in memory.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame
    from pyarrow.dataset import Dataset
else:
    DataFrame = Dataset = Any

__all__ = ["DataFrame", "Dataset"]
