"""What a blocking check refuses is not stored."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from ...sales.dataframe import DataFrame


def stored_if_passed(
    table: DataFrame, checks: Sequence[dg.AssetCheckResult], metadata: Mapping[str, Any] | None = None
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """The results of an asset's own blocking checks, then the asset: unless one of them has failed.

    Dagster alone would store it, and stop what is behind it in the same run only. Of a run for several days none is
    stored then: the check names those at fault, and what keeps the assets fresh asks for each day by itself.

    Args:
        table: What is to be stored.
        checks: Of checks that are all blocking.
        metadata: That of the asset.

    Raises:
        dg.Failure: A check has failed. An earlier version of the asset is still there.
    """
    yield from checks
    failed = [check for check in checks if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR]
    if failed:
        raise dg.Failure(
            f"Not stored, as it has not passed {', '.join(str(check.check_name) for check in failed)}",
            metadata=dict(failed[0].metadata or {}),
            allow_retries=False,
        )
    yield dg.MaterializeResult(value=table, metadata=metadata)
