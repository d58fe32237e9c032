"""What assets and components work with: where data is read from, and where it goes."""

from .database import DatabaseResource
from .development_database import DevelopmentDatabase
from .duckdb_database import DuckDBDatabase
from .io_managers import ParquetIOManagerFactory
from .local_object_store import LocalObjectStore
from .object_store import ObjectStoreResource

__all__ = [
    "DatabaseResource",
    "DevelopmentDatabase",
    "DuckDBDatabase",
    "LocalObjectStore",
    "ObjectStoreResource",
    "ParquetIOManagerFactory",
]
