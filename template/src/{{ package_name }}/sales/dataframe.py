"""``DataFrame`` for the signatures of assets and checks.

Dagster evaluates those annotations when definitions load. Importing pandas then would cost each ``dg`` command half a
second, so that Dagster sees ``Any`` where type checkers see the class.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame
else:
    DataFrame = Any

__all__ = ["DataFrame"]
