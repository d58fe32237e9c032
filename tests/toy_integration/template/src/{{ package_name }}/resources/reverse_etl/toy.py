"""Toy, which keeps rows in files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from ...settings import PRODUCTION, environment


class ToyResource(dg.ConfigurableResource):
    """Writes files into a folder.

    Args:
        folder: The folder.
        send: Whether rows are really sent.
    """

    folder: str = ""
    send: bool = False

    def write(self, name: str, rows: Sequence[Mapping[str, Any]]) -> Path:
        """Write the rows, one line of JSON each, in the place of those before."""
        import orjson

        path = Path(self.folder, f"{name}.jsonl")
        path.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
        return path


def toy() -> ToyResource:
    """Toy in production; a stand-in that sends nothing in development."""
    return ToyResource(folder=dg.EnvVar("TOY_FOLDER"), send=True) if environment() == PRODUCTION else ToyResource()
