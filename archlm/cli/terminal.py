"""What the commands share on a terminal: safe text, consoles, errors.

Names and messages can come from a hostile file. `clean` makes every character that would move the cursor, change
colours or reorder text visible, and text reaches rich only as `Text`, which reads no markup.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

import typer

from onnx_bench.errors import ArchLMError

if TYPE_CHECKING:
    from rich.console import Console

Item = TypeVar("Item")

PIPE_WIDTH = 200
"""Columns of a table that is not shown on a terminal."""

WIDE = 160
"""Columns of a terminal from which on long names leave room for the rest of a table."""

INTERRUPTED = 130
"""The exit code after Ctrl-C.

Of all commands: 0 where everything is answered; 1 where what the command names is at fault (networks, tables, models,
data sets, folders), or where nothing was found (`fail`); 2 for a mistake in the command itself, which is told before
anything is answered (`typer.BadParameter`): options that are not known, left out or contradictory, and names and
numbers that cannot be meant, those in a list, a sentence or the file of a task among them.
"""

LONG_STEP = 5.0
"""Seconds after which a step is named where nobody watches a terminal."""


def clean(text: str) -> str:
    """`text` on one line, with every unprintable character (control, ANSI, bidirectional) written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def clean_lines(text: str) -> str:
    """Like `clean`, but line breaks stay."""
    return "\n".join(clean(line) for line in text.split("\n"))


def describe_error(error: ArchLMError) -> dict[str, str]:
    """An error as data: the form that every JSON answer uses."""
    return {"type": type(error).__name__, "message": str(error)}


def report(name: str, kind: str, message: str) -> None:
    """Say on stderr what is wrong with one item."""
    typer.echo(f"archlm: {clean(name)}: {clean(message)} ({kind})" if name else f"archlm: {clean(message)} ({kind})",
               err=True)  # fmt: skip


def fail(error: ArchLMError, name: str = "", *, as_json: bool = False) -> NoReturn:
    """Report `error` and leave with exit code 1; with `as_json` also as an object on stdout."""
    if as_json:
        print_json({"arch": name, "error": describe_error(error)})
    report(name, type(error).__name__, str(error))
    sys.exit(1)


def print_json(value: Any) -> None:
    """Print strict JSON in ASCII; a number that is not finite becomes null."""
    typer.echo(json.dumps(_finite(value), indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:  # fmt: skip
    """Print a table; `right` names the columns to align right, `whole` those of long names, not folded but to fit."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = console()
    fits = shown.width >= WIDE
    table = Table(title=Text(clean(title)), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in right else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=fits and column in whole)
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    shown.print(table)


def console() -> Console:
    """A console on stdout: as wide as the terminal, or wide enough for whole lines in a pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def progress(items: Iterable[Item], total: int, label: str) -> Iterator[Item]:
    """Pass `items` on, with a bar on stderr where there are several and a person is looking."""
    if total < 2 or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, label, total=total, console=Console(stderr=True), transient=True)


@contextmanager
def status(label: str) -> Iterator[Callable[[str], None]]:
    """A line on stderr that says what is being done; what is yielded changes it. Off a terminal, long steps alone."""
    if not sys.stderr.isatty():
        with _long_steps(label) as say:
            yield say
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(Text(clean(label))) as line:
        yield lambda text: line.update(Text(clean(text)))


@contextmanager
def _long_steps(label: str) -> Iterator[Callable[[str], None]]:
    """Like `status`, for a log: a step has a line of its own once it has taken `LONG_STEP`."""
    waiting = _named_later(label)

    def say(step: str) -> None:
        nonlocal waiting
        waiting.cancel()
        waiting = _named_later(step)

    try:
        yield say
    finally:
        waiting.cancel()


def _named_later(step: str) -> Timer:
    timer = Timer(LONG_STEP, lambda: typer.echo(f"archlm: {clean(step)} ...", err=True))
    timer.daemon = True
    timer.start()
    return timer
