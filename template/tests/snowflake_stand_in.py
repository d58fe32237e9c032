"""A stand-in for Snowflake: fakesnow's server, which keeps tables in DuckDB and speaks the protocol of the connector.

``python snowflake_stand_in.py FOLDER`` starts one whose tables outlive it, and says its port.
"""

import logging
import re
import socket
import sys
from typing import Any

import duckdb
import fakesnow.arrow
import fakesnow.copy_into
import fakesnow.cursor
import fakesnow.server
import fakesnow.transforms
import pyarrow as pa
import uvicorn
from fakesnow.instance import FakeSnow

_HASH_OF_ROW = re.compile(r"\bHASH\((\w+)\.\*\)")
_TEMPORARY_OF_DBT = re.compile(r"\btemporary (?=table \S+__dbt_tmp\b)")
_to_struct = fakesnow.arrow.timestamp_to_sf_struct
_parse = fakesnow.cursor.parse_one
_describe = fakesnow.copy_into._describe_table
_answer = fakesnow.server.JSONResponse


def _with_nulls(timestamps: Any) -> pa.StructArray:
    """The server would send a NULL as a struct of two, which the connector reads as the year 1970."""
    struct = _to_struct(timestamps)
    nulls = pa.chunked_array([timestamps]).combine_chunks().is_null() if len(timestamps) else None
    return pa.StructArray.from_arrays(struct.flatten(), fields=list(struct.type), mask=nulls)


def _as_it_can_be(sql: str, *args: Any, **kwargs: Any) -> Any:
    """``HASH(t.*)`` is ``hash(t)`` in DuckDB. Temporary tables have no schema there, and dbt's are called with one."""
    sql = _TEMPORARY_OF_DBT.sub("", _HASH_OF_ROW.sub(r"HASH(\1)", sql))
    return _parse(sql, *args, **kwargs)


def _described(table: Any, con: duckdb.DuckDBPyConnection, *where: Any) -> list[tuple[str, str]]:
    """The server looks for a temporary table where others are, and DuckDB has these in a schema of their own."""
    try:
        return _describe(table, con, *where)
    except duckdb.CatalogException:
        return [(name, kind) for name, kind, *_ in con.execute(f"DESCRIBE {table.name}").fetchall()]


def _with_second_token(content: dict[str, Any], **kwargs: Any) -> Any:
    """Without the token that renews a session, the connector does not end one."""
    if (content.get("data") or {}).get("token"):
        content["data"]["masterToken"] = "renews"
    return _answer(content, **kwargs)


fakesnow.arrow.timestamp_to_sf_struct = _with_nulls
fakesnow.server.JSONResponse = _with_second_token
fakesnow.copy_into._describe_table = _described
fakesnow.cursor.parse_one = _as_it_can_be
# It would forget which characters to trim, to make a text of what is one.
fakesnow.transforms.trim_cast_varchar = lambda expression: expression
logging.getLogger("fakesnow.server").setLevel(logging.CRITICAL)


def server_on(listening: socket.socket, folder: str | None = None) -> uvicorn.Server:
    """A server, to be run with this socket.

    Args:
        listening: A socket that is bound.
        folder: Where its tables are; in memory, if it has none.
    """
    if folder:
        fakesnow.server.shared_fs = FakeSnow(db_path=folder)
    return uvicorn.Server(uvicorn.Config(fakesnow.server.app, log_level="critical"))


def bound_socket(port: int = 0) -> socket.socket:
    """A socket of this machine alone."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(("127.0.0.1", port))
    return found


if __name__ == "__main__":
    listening = bound_socket(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    print(listening.getsockname()[1], flush=True)
    server_on(listening, sys.argv[1]).run(sockets=[listening])
