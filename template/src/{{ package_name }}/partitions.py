"""How the daily assets are partitioned."""

from datetime import date

import dagster as dg

#: The first day with orders. Later days follow by themselves, each as soon as it is over.
FIRST_DAY = date(2025, 10, 1)

DAILY = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC")
