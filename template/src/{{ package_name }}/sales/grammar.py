"""Which texts are an id, an amount or a time, and what they say: decided here, and by no library's own reading.

The same expressions stand in ``dbt_project/macros/cleaning.sql``, where there is one, and ``tests/grammar.yml`` has a
case for each rule. They name ASCII characters alone: ``\\d``, ``\\s`` or ``strip()`` would mean others in each engine,
such as the digits of other scripts. What matches can be converted in one way only.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: What may stand around every value: space, tab, line feed, carriage return.
AROUND = " \t\n\r"

#: 1 to 100 visible characters, with spaces only between them.
ID = "[!-~]([ -~]{0,98}[!-~])?"

#: Up to 12 digits and whole cents; a database may have added zeros. 10,000 of the largest are the most that can be
#: added up (``MAX_TOTAL_CENTS`` in ``totals.py``).
AMOUNT = "-?[0-9]{1,12}([.][0-9]{1,2}0{0,20})?"

#: A day of the years 0001 to 9999, alone (midnight), or with a time to the minute, the second or its billionth, in UTC
#: or with the offset from it: up to 14 hours. There is no 24:00, and no second 60.
TIMESTAMP = (
    "([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?"
    "( ?[Zz]|[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?|[+-]14(:?00)?)?)?"
)

#: Characters that no time has more of: with a billionth of a second and an offset there are 35.
LONGEST = 40


def ids(texts: "pd.Series") -> "pd.Series":
    """The ids, without what stands around them; nothing where the text is none."""
    trimmed = _trimmed(texts)
    return _series(_where(_matches(trimmed, ID), trimmed), texts)


def is_blank(texts: "pd.Series") -> "pd.Series":
    """Whether there is nothing, or nothing but white space."""
    import pyarrow.compute as pc

    return _series(pc.fill_null(pc.equal(_trimmed(texts), ""), True), texts)


def cents(texts: "pd.Series") -> "pd.Series":
    """The amounts in whole cents, as floats that are exact: all are below 2**53. NaN where the text is no amount."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = _trimmed(texts)
    amounts = _series(pc.cast(_where(_matches(trimmed, AMOUNT), trimmed), pa.float64()), texts)
    # A float holds each such product to within half a cent.
    return (amounts * 100).round()


def timestamps(texts: "pd.Series") -> "pd.Series":
    """The times in UTC, to the microsecond; digits beyond that are dropped. NaT where the text is none."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = _trimmed(texts)
    text = _where(_matches(trimmed, TIMESTAMP), trimmed)
    # The calendar alone is left to be decided here: whether the month has that day. There are few different days.
    day = _part(text, 0, 10)
    days = pc.unique(day)
    midnights = pd.to_datetime(days.to_pandas(), format="%Y-%m-%d", errors="coerce").dt.as_unit("us")
    midnight = pc.take(pa.array(midnights), pc.index_in(day, value_set=days))
    with_seconds = pc.fill_null(pc.equal(_part(text, 16, 17), ":"), False)
    minutes = pc.add(pc.multiply(_numbers(_part(text, 11, 13)), 60), _numbers(_part(text, 14, 16)))
    seconds = pc.add(pc.multiply(minutes, 60), pc.if_else(with_seconds, _numbers(_part(text, 17, 19)), 0))
    found = pc.add(midnight, pc.cast(pc.multiply(seconds, 1_000_000), pa.duration("us")))
    found = _series(found, texts).copy()  # what comes of Arrow may be read-only

    rest = pc.if_else(with_seconds, _part(text, 19, LONGEST), _part(text, 16, LONGEST))
    plain = pc.is_in(rest, value_set=pa.array([None, "", "Z", "z", " Z", " z"], rest.type))
    if not pc.all(plain, min_count=0).as_py():
        has_more = ~_series(plain, texts).astype(bool)
        found[has_more] += _fraction_minus_offset(rest.filter(pc.invert(plain)))
    return found.dt.tz_localize("UTC")


def _fraction_minus_offset(rest: "pa.Array") -> "pd.TimedeltaIndex":
    """What follows the second, ``.25+02:00``, as the time that is to be added."""
    import pandas as pd
    import pyarrow.compute as pc

    parts = pc.extract_regex(
        rest,
        "^(?:[.](?P<fraction>[0-9]{1,6})[0-9]*)? ?[Zz]?(?:(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})?)?$",
    )
    fraction, sign, hours, minutes = (pc.struct_field(parts, name) for name in ("fraction", "sign", "hours", "minutes"))
    offset = pc.add(pc.multiply(_numbers(hours), 60), _numbers(minutes))
    signed = pc.if_else(pc.equal(sign, "-"), pc.negate(offset), offset)
    microseconds = _numbers(pc.utf8_rpad(fraction, 6, "0"))
    return pd.TimedeltaIndex(
        pc.subtract(microseconds, pc.multiply(signed, 60_000_000)).to_numpy(zero_copy_only=False).view("m8[us]")
    )


def _numbers(digits: "pa.Array") -> "pa.Array":
    """The numbers; no digits are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(pc.if_else(pc.equal(digits, ""), "0", digits), pa.int64())


def _trimmed(texts: "pd.Series") -> "pa.Array":
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.ascii_trim(pa.array(texts.astype("str"), pa.large_string(), from_pandas=True), characters=AROUND)


def _part(texts: "pa.Array", start: int, stop: int) -> "pa.Array":
    """Some characters of each text. All are ASCII, so that a character is a byte."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(pc.binary_slice(pc.cast(texts, pa.large_binary()), start, stop), pa.large_string())


def _matches(texts: "pa.Array", expression: str) -> "pa.Array":
    import pyarrow.compute as pc

    # RE2, as in DuckDB: without flags, $ is the end of the text and not also what is before a last line feed.
    return pc.match_substring_regex(texts, f"^(?:{expression})$")


def _where(condition: "pa.Array", texts: "pa.Array") -> "pa.Array":
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.fill_null(condition, False), texts, pa.scalar(None, texts.type))


def _series(values: "pa.Array", like: "pd.Series") -> "pd.Series":
    return values.to_pandas().set_axis(like.index)
