"""A disk on which no more fits into a file: the operating system refuses to write, as it does when there is no room."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import pytest

#: The largest file, in bytes. What watches over tests writes files, too.
LARGEST = 16 * 2**20


@contextmanager
def full_disk() -> Iterator[pd.DataFrame]:
    """In here, no file of this process gets larger. Gives a table that would be."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, hard))
    try:
        yield pd.DataFrame({"a": [os.urandom(LARGEST)]})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
