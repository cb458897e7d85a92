"""The words of the text form. See `encoders.text` for the grammar."""

from __future__ import annotations

import re
from typing import NamedTuple

from onnx_bench.errors import MalformedModelError, ModelTooLargeError

MAX_CHARACTERS = 8_000_000
"""Longest text that is read; a network of 50,000 nodes without any repetition takes about two million."""

_TOKEN = re.compile(r"""
      (?P<number>-?(?:inf|nan|\d{1,40}(?:\.\d{1,40})?(?:e[+-]\d{1,3})?)(?![\w.]))
    | (?P<block>[A-Z]\d{0,4}(?!\w))
    | (?P<operator>[A-Z][A-Za-z0-9]{1,40}(?:\#\d{1,4})?(?!\w))
    | (?P<word>[a-z_][A-Za-z_]{0,40}(?:\#\d{1,4})?)
    | (?P<hole>\$\d{1,4}(?!\w))
    | (?P<input>@\d{1,5}(?!\w))
    | (?P<string>"[A-Za-z0-9_,.>#-]{1,220}")
    | (?P<mark>[\[\](){}:*?])
    | (?P<space>\s+)
""", re.VERBOSE | re.ASCII)  # fmt: skip


class Token(NamedTuple):
    """A word of the text: its kind (a group of the pattern above), itself, and where it stands."""

    kind: str
    text: str
    offset: int


def place(text: str, offset: int) -> str:
    """`line 3, column 14`, for messages."""
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"


def lex(text: str) -> list[Token]:
    """Split `text` into its words.

    Raises:
        ModelTooLargeError: More than `MAX_CHARACTERS`.
        MalformedModelError: Something that is no word of the grammar, with its line and column.
    """
    if len(text) > MAX_CHARACTERS:
        raise ModelTooLargeError(f"an architecture text of {len(text):,} characters; the limit is {MAX_CHARACTERS:,}")
    found: list[Token] = []
    offset = 0
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None or match.lastgroup is None:
            found_here = text[offset : offset + 12]
            raise MalformedModelError(f"{place(text, offset)}: {found_here!r} is no word of the text form")
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group(), offset))
        offset = match.end()
    return found


def tokens(text: str) -> list[str]:
    """The words of `text` in order: operator and attribute names, numbers, marks. Layout does not count.

    Raises:
        UserInputError: See `lex`.
    """
    return [token.text for token in lex(text)]
