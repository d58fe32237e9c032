"""Random texts that are nearly, or just so, what the source should send: cases of ``grammar.yml``, changed a little."""

import random

import pandas as pd
from grammar_cases import COLUMNS, RECEIVED_AT, cases, orders

#: What is put into a text: what the grammar knows, and what looks like it.
ODD = "0123456789" * 3 + "-+.:TZtz eE_,/'\"\\aA\t\n\r\v\f\0\x1c\x7f"
ODD += "\x85\u00a0\u200b\u2003\ufeff\u0661\u0967\uff15\u2212ä😀"

#: The same, written differently.
SPELLINGS = {
    "order_id": ["twice", " twice", "twice\n", "Twice"],
    "customer_id": ["c1", "c1 "],
    "order_timestamp": ["2025-10-01", "2025-10-01 00:00Z"],
    "amount": ["1", "1.0", " 1", "2"],
}


def near_misses(count: int, seed: int) -> pd.DataFrame:
    """Rows of the source: each is valid but for one column, which has a random text, and comes on one of three days.

    Of some orders there are many rows, in several spellings.

    Args:
        count: How many.
        seed: Of the random numbers.
    """
    chance = random.Random(seed)
    table = cases()
    texts = {column: of_column[column].tolist() for column, of_column in table.groupby("column")}
    rows: dict[str, list[str | None]] = {name: [] for name in COLUMNS}
    for number in range(count):
        customer = f"c{chance.randrange(100)}"
        row = {"order_id": f"order-{number}", "customer_id": customer, "order_timestamp": "2025-10-01", "amount": "1"}
        column = chance.choice(list(COLUMNS))
        row[column] = changed(chance.choice(texts[column]), chance)
        if chance.random() < 0.05:
            row |= {name: chance.choice(spellings) for name, spellings in SPELLINGS.items()}
        for name, text in row.items():
            rows[name].append(text)
    days = [RECEIVED_AT + pd.Timedelta(days=chance.randrange(3)) for _ in range(count)]
    # Row ids don't grow with the days, some come twice, and some rows have none.
    row_ids = pd.Series(
        [chance.choice([chance.randrange(4 * count)] * 20 + [1, None]) for _ in range(count)], dtype="Int64"
    )
    return orders(pd.DataFrame(rows | {"row_id": row_ids, "received_at": days}))


def changed(text: object, chance: random.Random) -> str | None:
    """The text with up to two characters replaced, removed or added, and sometimes with other digits."""
    if not isinstance(text, str):
        return None
    characters = list(text)
    if chance.random() < 0.2:
        characters = [chance.choice("0123456789") if each in "0123456789" else each for each in characters]
    for _ in range(chance.choice((0, 1, 1, 1, 2))):
        place = chance.randrange(len(characters) + 1)
        characters[place : place + chance.randrange(2)] = chance.choice(("", chance.choice(ODD)))
    return "".join(characters)


def near_customers(count: int, seed: int) -> pd.DataFrame:
    """Rows of the customer master data: most customers come several times, in no order.

    Args:
        count: How many rows.
        seed: Of the random numbers.
    """
    chance = random.Random(seed)
    days = [None, "0001-01-01", "1999-12-31", "2000-01-01", "2025-01-01", "2025-01-02", "2999-01-01", "9999-12-31"]
    names = [None, "", "a", "A", "b", "ä", "\u00e9", "e\u0301", "\U0001f600", "\uffee", "a\0", " a"]
    rows = {
        "customer_id": [
            changed(chance.choice([f"c{chance.randrange(count // 4)}", *["c1", " c1", "c1\n"]] * 7 + [None]), chance)
            for _ in range(count)
        ],
        "region": [chance.choice(names) for _ in range(count)],
        "segment": [chance.choice(names) for _ in range(count)],
    }
    signed_up_on = pd.Series([chance.choice(days) for _ in range(count)]).astype("datetime64[us]")
    return pd.DataFrame(rows, dtype="str").assign(signed_up_on=signed_up_on)
