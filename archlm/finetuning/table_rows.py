"""`read_rows`: the cells of a table that name and measure networks, from CSV, parquet or a DataFrame.

The table may come from anywhere: its size is limited, and text from it is shown escaped.
"""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from onnx_bench.errors import InvalidTableError
from onnx_bench.reading.text import printable, quote

if TYPE_CHECKING:
    import pandas as pd

LIMIT_BYTES = 64 << 20
"""Most bytes of a file, and of the cells that are read from a parquet file."""

NAMED = 5
"""Rows that a message names."""
SHOWN_REASON = 200
"""Characters of somebody else's error message that are passed on."""
_SHOWN_COLUMNS = 20
_SEPARATORS = ",;\t"
"""Of the cells of a CSV file, as spreadsheets of different countries write it."""
_BATCH_ROWS = 1024


def read_rows(data: Any, target: str | None) -> Iterator[tuple[int, list[Any]]]:
    """The cells that name and measure networks, row by row.

    Args:
        data: A CSV (separated by commas, semicolons or tabs) or parquet file, a DataFrame, or a `datasets.Dataset`.
        target: The column of measured values; `None`: names alone.

    Returns:
        Row numbers as a spreadsheet counts them (the header is row 1), each with the cells of the first column, of
        the target and, where there is one, of the column `space`. An empty cell of a DataFrame is `None`.

    Raises:
        InvalidTableError: The table cannot be read or lacks the target; at once, or with a row.
    """
    if not isinstance(data, str | Path):
        if hasattr(data, "iloc") and hasattr(data, "columns"):
            return _frame_rows(data, target)
        if hasattr(data, "to_pandas"):
            return _frame_rows(data.to_pandas(), target)
        raise InvalidTableError(
            f"cannot read a table from {type(data).__name__}; pass a .csv or .parquet file, a DataFrame or one split "
            "of a data set"
        )
    path, shown = Path(data), quote(str(data))
    readers = {".csv": _csv_rows, ".tsv": _csv_rows, ".parquet": _parquet_rows}
    if path.suffix.lower() not in readers:
        raise InvalidTableError(f"{shown} has suffix {path.suffix!r}; save the table as .csv or .parquet")
    if not os.path.isfile(path):
        raise InvalidTableError(f"there is no file {shown}; check the path of the table")
    if (size := path.stat().st_size) > LIMIT_BYTES:
        raise InvalidTableError(
            f"{shown} has {size:,} bytes; the limit is {LIMIT_BYTES >> 20} MiB: keep only the columns that are needed"
        )
    return readers[path.suffix.lower()](path, target)


def _frame_rows(frame: pd.DataFrame, target: str | None) -> Iterator[tuple[int, list[Any]]]:
    cells = frame.iloc[:, _places([str(name) for name in frame.columns], target)].astype(object)
    for number, row in enumerate(cells.where(cells.notna(), None).itertuples(index=False, name=None), 2):
        yield number, list(row)


def _csv_rows(path: Path, target: str | None) -> Iterator[tuple[int, list[Any]]]:
    shown, number, ragged = quote(str(path)), 1, []
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True, delimiter=_separator(file, target))
            header = next(reader, [])
            places = _places(header, target)
            for number, row in enumerate(reader, 2):
                if not any(map(str.strip, row)):  # a spreadsheet leaves empty rows behind
                    continue
                if len(row) == len(header):
                    yield number, [row[place] for place in places]
                else:
                    ragged.append(f"row {number} has {len(row)}")
    except UnicodeDecodeError as error:
        raise InvalidTableError(f"{shown} is not UTF-8 ({error.reason}); save it as 'CSV UTF-8'") from error
    except (csv.Error, OSError) as error:
        raise InvalidTableError(f"{shown} cannot be read after row {number}: {error}; save it as plain CSV") from error
    if ragged:
        raise InvalidTableError(
            f"the header of {shown} has {len(header)} cells, but {some(ragged)}; put quotes around cells with commas"
        )


def _separator(file: TextIO, target: str | None) -> str:
    """What makes the target a column of the header, and most columns. Leaves `file` at its start."""
    headers = dict[str, list[str]]()
    for separator in _SEPARATORS:
        with suppress(csv.Error):
            headers[separator] = next(csv.reader(file, strict=True, delimiter=separator), [])
        file.seek(0)

    def suits(separator: str) -> tuple[bool, int]:
        columns = list(map(str.strip, headers.get(separator, [])))
        return (target or "").strip() in columns, len(columns)

    return max(_SEPARATORS, key=suits)


def _parquet_rows(path: Path, target: str | None) -> Iterator[tuple[int, list[Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from onnx_bench.records.bounded_batches import bounded_batches

    number, size = 1, 0
    try:
        header = pq.read_schema(path).names
        names = [header[place] for place in _places(header, target)]
        for batch, unpacked in bounded_batches(path, names, _BATCH_ROWS, LIMIT_BYTES):
            size += unpacked
            if size > LIMIT_BYTES:
                raise pa.ArrowCapacityError("too many batches")
            for row in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
                number += 1
                yield number, list(row)
    except pa.ArrowCapacityError as error:
        raise InvalidTableError(
            f"{quote(str(path))} unpacks to more than {LIMIT_BYTES >> 20} MiB; use shorter names"
        ) from error
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = printable(str(error))[:SHOWN_REASON]
        raise InvalidTableError(f"{quote(str(path))} is no readable parquet file: {reason}; write it again") from error


def _places(header: Sequence[str], target: str | None) -> list[int]:
    """Positions of the columns to read: names, target, and `space` if there is one. Raises InvalidTableError."""
    columns = [name.strip() for name in header]
    if not any(columns):
        raise InvalidTableError("the table is empty; its first row must name the columns")
    if twice := [name for name, count in Counter(filter(None, columns)).items() if count > 1]:
        raise InvalidTableError(f"several columns are called {some(list(map(quote, twice)))}; rename all but one")
    spaces = [columns.index("space")] if "space" in columns[1:] and target != "space" else []
    if target is None:
        return [0, *spaces]
    wanted = target.strip()
    if not wanted or wanted not in columns:
        raise InvalidTableError(_missing_column(wanted, columns))
    if columns[0] == wanted:
        raise InvalidTableError(
            f"the target {quote(wanted)} is the first column, which must name the networks; move it to the right (an "
            "index of pandas is no column: reset_index())"
        )
    return [0, columns.index(wanted), *spaces]


def _missing_column(target: str, columns: Sequence[str]) -> str:
    spellings = {name.lower()[:100]: name for name in columns[:1000]}  # a hostile header could keep us busy
    close = [quote(spellings[match]) for match in get_close_matches(target.lower()[:100], spellings, n=3)]
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    if len(columns) == 1 and (found := re.search(r"[;\t|]", columns[0])):
        hint = f"are they separated by {found[0]!r}? "
    shown = some(list(map(quote, columns)), _SHOWN_COLUMNS)
    return f"there is no column {quote(target)}; {hint}the columns are {shown}"


def some(items: Sequence[str], most: int = NAMED, joiner: str = ", ") -> str:
    """The first of `items`, and how many more there are."""
    more = f"{joiner}and {len(items) - most} more" if len(items) > most else ""
    return joiner.join(items[:most]) + more
