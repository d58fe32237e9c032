"""dbt and the chain read the same rows by the same rules: what one sets aside, the other does too."""

import dagster as dg

from ...resources import DatabaseResource, ObjectStoreResource
from ...resources.database import quote_identifier
from ...settings import own_table

#: How many days are compared, of those that both have: the latest.
DAYS_COMPARED = 31


@dg.asset_check(asset="set_aside_orders", additional_deps=["cleaned_orders"])
def set_aside_alike(database: DatabaseResource, object_store: ObjectStoreResource) -> dg.AssetCheckResult:
    """As many rows for each day and reason as of `cleaned_orders`. A warning: rows may have come in between."""
    of_dbt = database.query(
        "SELECT CAST(received_on AS VARCHAR) AS day, fault AS reason, count(*) AS row_count "
        f"FROM {quote_identifier(own_table('analytics.stg_orders'))} GROUP BY received_on, fault"
    )
    stored = {name.removesuffix(".parquet") for name in object_store.names_in(object_store.path("set_aside_orders"))}
    days = sorted(stored & set(of_dbt["day"]))[-DAYS_COMPARED:]
    ours = {
        (day, str(reason)): int(count)
        for day in days
        for reason, count in object_store.read_parquet(f"set_aside_orders/{day}.parquet", columns=["reason"])["reason"]
        .value_counts()
        .items()
    }
    told = of_dbt[of_dbt["reason"].notna() & of_dbt["day"].isin(days)]
    theirs = {
        (str(day), str(reason)): int(count)
        for day, reason, count in zip(told["day"], told["reason"], told["row_count"], strict=True)
    }
    differing = sorted({day for (day, _), _ in ours.items() ^ theirs.items()})
    return dg.AssetCheckResult(
        passed=not differing,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "days_compared": len(days),
            "rows_of_the_chain": sum(ours.values()),
            "rows_of_dbt": sum(theirs.values()),
            "differing_days": differing,
        },
    )
