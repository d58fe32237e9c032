"""One SELECT, told from everything else before Snowflake sees it: it has no transaction in which nothing can write."""

import re

from .database import ONLY_READS, SqlRefused

#: What may have brackets, semicolons or dollars in it that mean nothing; what is left is read one by one.
_TOKENS = re.compile(
    r"""(?P<comment>--[^\n]*|//[^\n]*|/\*.*?\*/)
    |(?P<literal>'(?:[^'\\]|''|\\.)*'|\$\$.*?\$\$)
    |(?P<name>"(?:[^"]|"")*"|[^\W\d][\w$]*)
    |\$(?P<number>\d+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
#: With its brackets empty and its comments gone. Snowflake has no WITH before anything but a SELECT; others do.
_ONE_QUERY = re.compile(
    r"(WITH (RECURSIVE )?NAME( \( \))? AS \( \)( , NAME( \( \))? AS \( \))* )?(SELECT\b.*|\( \)( .*)?)", re.DOTALL
)
_KEYWORDS = {"WITH", "RECURSIVE", "AS", "SELECT"}


def one_select(sql: str) -> str:
    """The SQL with ``:1`` for ``$1``, as Snowflake binds values, and without a semicolon at its end.

    Args:
        sql: What should be one SELECT.

    Raises:
        SqlRefused: It is something else, or more.
    """
    written: list[str] = []
    skeleton: list[str] = []
    depth = 0
    ended = False
    for token in _TOKENS.finditer(sql):
        kind, text = token.lastgroup, token[0]
        if kind == "comment" or text.isspace():
            written.append(" " if kind == "comment" else text)
            continue
        if ended:
            raise SqlRefused("only one statement can be executed: there is something behind the semicolon")
        if text == ";":
            ended = True
            continue
        written.append(f":{token['number']}" if kind == "number" else text)
        depth -= text == ")"
        if depth < 0:
            raise SqlRefused("syntax error: a bracket is closed that was not opened")
        if depth == 0:
            word = text.upper()
            skeleton.append("NAME" if kind == "name" and word not in _KEYWORDS else word)
        depth += text == "("
    if depth:
        raise SqlRefused("syntax error: a bracket is not closed")
    if not _ONE_QUERY.fullmatch(" ".join(skeleton)):
        raise SqlRefused(f"{ONLY_READS}. It must be one SELECT")
    return "".join(written)
