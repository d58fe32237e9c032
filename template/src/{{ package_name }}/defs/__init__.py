"""Everything that Dagster sees. It finds what is here: a new file or folder needs no registration."""
