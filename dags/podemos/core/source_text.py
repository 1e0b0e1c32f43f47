"""How a column is read from a branch's MySQL: what is selected, what is compared, and the text that proves it.

The text a row carries is the one the server renders here, so that lake and warehouse only ever compare text.
"""

from __future__ import annotations

from podemos.core.table import Column, Kind, Read, branch_identifier


def selected(column: Column) -> str:
    """The expression of the select list."""
    name = branch_identifier(column.at_branch)
    match column.read:
        case Read.BITS:
            return f"CAST({name} AS UNSIGNED)"
        case Read.HEX:
            return f"HEX({name})"
        case Read.REAL:
            # As a FLOAT six digits are shown, as a DOUBLE as many as tell it from its neighbours.
            return f"CAST({name} + 0e0 AS CHAR)"
        case Read.ENUM:
            return f"CONVERT({name} USING utf8mb4)"
        case Read.BYTES:
            return f"CONVERT({name} USING binary)"
    return name


def literal_text(text: str) -> str:
    """A text as a literal that says nothing but that text, whatever is in it."""
    return f"_utf8mb4 0x{text.encode().hex()}" if text else "''"


def ordered(column: Column) -> str:
    """The expression that pages are ordered by and positions compared with.

    An ENUM sorts by its number and compares with text by its text: only as text do the two agree.
    """
    name = branch_identifier(column.at_branch)
    return f"CONVERT({name} USING utf8mb4) COLLATE utf8mb4_bin" if column.read is Read.ENUM else name


def text(column: Column) -> str:
    """The expression of the value's text, equal to what `selected` sends.

    A number or a date is its text wherever the server needs one: a CAST says the same at twice the server's cost.
    """
    name = branch_identifier(column.at_branch)
    if column.read is Read.BITS:
        return f"CAST({selected(column)} AS CHAR)"
    if column.kind is not Kind.TEXT or column.read is not Read.PLAIN:
        return selected(column)
    # A utf8mb4 column is sent as its bytes lie there, where CONVERT would put a question mark for what is no UTF-8.
    return f"IF(CHARSET({name}) = 'utf8mb4', {name}, CONVERT({name} USING utf8mb4))"
