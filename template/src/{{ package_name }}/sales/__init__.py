"""The logic of the sales analytics chain, without Dagster: what the assets under ``defs/sales_analytics`` call."""
