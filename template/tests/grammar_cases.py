"""The cases of ``grammar.yml`` as rows of the source, with what must become of each."""

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

RECEIVED_AT = pd.Timestamp("2025-10-01 12:00")
COLUMNS = {
    "order_id": ("ids", "order_id"),
    "customer_id": ("ids", "customer_id"),
    "order_timestamp": ("times", "ordered_at"),
    "amount": ("amounts", "amount_cents"),
}


def cases() -> pd.DataFrame:
    """Rows that are valid but for one column, each with what that is read ``as``, or with the ``reason`` if it is not.

    Returns:
        The columns of the source's orders, and ``column``, ``read``, ``as`` and ``reason``.
    """
    table = yaml.safe_load(Path(__file__).with_name("grammar.yml").read_text(encoding="utf-8"))
    rows = []
    for column, (group, read) in COLUMNS.items():
        about = {"column": column, "read": read, "as": None, "reason": None}
        for text, expected in table[group]["accepted"]:
            rows.append(_row(len(rows)) | about | {column: text, "as": _value(group, expected)})
        for reason, texts in table[group]["refused"].items():
            whole = reason if "_" in reason else f"{reason}_{column}"
            rows += [
                _row(len(rows) + number) | about | {column: text, "reason": whole} for number, text in enumerate(texts)
            ]
    return pd.DataFrame(rows)


def orders(rows: pd.DataFrame) -> pd.DataFrame:
    """Only what the source has."""
    texts = {name: rows[name].astype("str") for name in COLUMNS}
    return pd.DataFrame({"row_id": rows["row_id"], **texts, "received_at": rows["received_at"].dt.as_unit("us")})


def _row(number: int) -> dict[str, Any]:
    return {
        "row_id": number,
        "order_id": f"order-of-case-{number}",
        "customer_id": "somebody",
        "order_timestamp": "2025-10-01T12:00:00Z",
        "amount": "1.00",
        "received_at": RECEIVED_AT,
    }


def _value(group: str, expected: Any) -> Any:
    return pd.Timestamp(expected) if group == "times" else expected
