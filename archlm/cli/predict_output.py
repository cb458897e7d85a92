"""Answers for people (a table and notes) and for spreadsheets (CSV)."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import typer

from archlm.answer import COLUMNS, FAMILIAR
from archlm.cli.terminal import clean, print_table
from archlm.writing import write_whole, writing
from onnx_bench.tasks import get_task

NAME_WIDTH = 100
"""Longer names of known architectures are cut in the notes; JSON has them whole."""

NOTED_ITEMS = 3
"""Neighbours and warnings are printed for up to this many networks; JSON and CSV have them for all."""

SUMMED_NOTES = 10
"""Different warnings that are counted where there are more networks, the most frequent ones first."""

_SHARE = re.compile(r"has \d+% of the answer")
"""What else is the same in a note is counted as one."""

CSV_COLUMNS = (*(column for column in COLUMNS if column != "error"), "error_type", "error_message")


def print_answers(answers: Sequence[dict[str, Any]], *, with_measured: bool = False) -> None:
    """Print the table of all answers, then what else is worth knowing where there are few.

    Args:
        answers: See `archlm.answer`.
        with_measured: Whether measured values were looked up.
    """
    good = [row for row in answers if row["error"] is None]
    if not good:
        return
    table = [_cells(row) for row in good]
    columns = [column for column in table[0] if column != "measured" or with_measured]
    print_table("", columns, [[cells[column] for column in columns] for cells in table], right=columns[2:])
    names = list(dict.fromkeys(row["arch"] for row in good))
    if len(names) > NOTED_ITEMS:
        _print_summary(good, len(names))
        return
    for name in names:
        _print_notes(name, [row for row in good if row["arch"] == name])


def _cells(row: dict[str, Any]) -> dict[str, str]:
    """The texts of one row by column, in order."""
    return {
        "architecture": row["arch"],
        "task": row["task"],
        "predicted": _value(row["task"], row["mean"]),
        "measured": _value(row["task"], row["measured"]),
        "90 % interval": _value(row["task"], row["q05"], row["q95"]),
        "better than": "-" if row["percentile"] is None else f"{row['percentile']:.0f} % of known",
        "familiar": familiarity(row["in_distribution"]),
    }


def _value(task: str, *values: float | None) -> str:
    """A value, or two as a range, in the unit of the task; a dash for none."""
    unit = get_task(task).unit
    known = [f"{value:.1f}" if unit == "%" else _number(value) for value in values if value is not None]
    return f"{' to '.join(known)} {unit}".rstrip() if known else "-"


def _number(value: float) -> str:
    """Three decimals; four digits where these would be none, or too many to read (seconds of a chip, bytes)."""
    return f"{value:.3f}" if value == 0 or 0.1 <= abs(value) < 1e6 else f"{value:.4g}"


def familiarity(value: float | None) -> str:
    """Whether a network is like the known ones, and how much."""
    if value is None:
        return "-"
    return f"{'yes' if value >= FAMILIAR else 'no'} ({value:.2g})"


def _print_notes(name: str, rows: Sequence[dict[str, Any]]) -> None:
    neighbours = rows[0]["neighbours"]
    warnings = dict.fromkeys(warning for row in rows for warning in row["warnings"])
    if neighbours:
        known = (f"{n['space']} {_cut(clean(n['name']))}{_measured(rows[0]['task'], n)}" for n in neighbours)
        typer.echo(f"{clean(name)} is nearest to {', '.join(known)}")
    for warning in warnings:
        typer.echo(f"{clean(name)}: note: {clean(warning)}")


def _print_summary(rows: Sequence[dict[str, Any]], count: int) -> None:
    """Print each warning once, with the number of networks, `count` in all, that it is about."""
    about: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        for warning in row["warnings"]:
            about[_SHARE.sub("has a share of the answer", warning)].add(row["arch"])
    frequent = sorted(about, key=lambda warning: -len(about[warning]))
    for warning in frequent[:SUMMED_NOTES]:
        typer.echo(f"{len(about[warning])} of {count} networks: note: {clean(warning)}")
    if len(frequent) > SUMMED_NOTES:
        typer.echo(f"and {len(frequent) - SUMMED_NOTES} other notes; --json and --csv have all of them")


def _measured(task: str, neighbour: dict[str, Any]) -> str:
    value = neighbour.get("measured")
    return "" if value is None else f" ({_value(task, value)} measured on {task})"


def _cut(text: str) -> str:
    return text if len(text) <= NAME_WIDTH else f"{text[:NAME_WIDTH]}..."


def print_explanation(row: dict[str, Any]) -> None:
    """Print which features and which layers moved one answer."""
    explanation = row.get("explanation")
    if not explanation:
        return
    title = f"{row['arch']} on {row['task']}: "
    features = ((f["name"], f"{f['value']:.4g}", f"{f['effect']:+.2f}") for f in explanation["features"])
    print_table(title + "features", ("feature", "value", "effect"), features, right=("value", "effect"))
    layers = (
        (str(layer["index"]), layer["op"], "x".join(map(str, layer["shape"] or ("?",))), f"{layer['share']:.1%}",
         f"{layer['effect']:+.2f}")
        for layer in explanation["layers"]
    )  # fmt: skip
    columns = ("layer", "operator", "output", "share", "effect")
    print_table(title + "layers", columns, layers, right=("layer", "share", "effect"))
    unit = get_task(row["task"]).unit
    typer.echo(
        f"share: of the network's MACs. effect{f', in {unit}' if unit else ''}: of a feature, against the average "
        "network; of a layer, how the answer would change if it did nothing and cost nothing (below zero: it helps)."
    )


def csv_text(answers: Sequence[dict[str, Any]]) -> str:
    """One line per answer, below the names of the columns."""
    text = StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_csv_row, answers))
    return text.getvalue()


def write_csv(path: Path, answers: Sequence[dict[str, Any]]) -> None:
    """Write `csv_text` to a file.

    Raises:
        UserInputError: The file cannot be written.
    """
    with writing(path):
        write_whole(path, csv_text(answers).encode())


def _csv_row(row: dict[str, Any]) -> dict[str, Any]:
    error = row["error"] or {"type": None, "message": None}
    cells = {key: row[key] for key in CSV_COLUMNS if key in row}
    cells |= {
        "neighbours": "; ".join(f"{n['space']} {n['name']}" for n in row["neighbours"]),
        "warnings": "; ".join(row["warnings"]),
        "error_type": error["type"], "error_message": error["message"],
    }  # fmt: skip
    return {key: _csv_text(value) if isinstance(value, str) else value for key, value in cells.items()}


def _csv_text(text: str) -> str:
    """One clean line that a spreadsheet does not take for a formula."""
    text = clean(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
