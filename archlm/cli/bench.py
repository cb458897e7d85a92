"""`archlm bench`: build a data set of architectures and measurements, look at it, check it, write it out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archlm.cli.terminal import INTERRUPTED, fail, print_json, print_table, progress
from onnx_bench.errors import ArchLMError, MalformedRecordsError, MissingRecordsError, UserInputError

if TYPE_CHECKING:
    from archlm.bench.plan import Part

app = typer.Typer(
    name="bench", help="Architectures of every space and their measurements as one data set.", no_args_is_help=True
)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The data set.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

LINE_EVERY = 50_000
"""Architectures, where no terminal shows a bar."""


class Form(StrEnum):
    """What `--as` can be."""

    ONNX = "onnx"


@app.command()
def build(
    folder: Folder,
    records: Annotated[
        Path | None, typer.Option(help="Folder with records as their authors publish them; see archlm bench sources.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="Use only this source of the folder; may be repeated.")
    ] = None,
    every: Annotated[
        list[str] | None, typer.Option("--all", metavar="SPACE", help="Take a small space whole; may be repeated.")
    ] = None,
    sample: Annotated[
        list[str] | None, typer.Option(metavar="SPACE=NUMBER", help="Draw architectures at random; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the samples.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    ray: Annotated[
        bool, typer.Option("--ray", help="Use the Ray cluster of RAY_ADDRESS, or a local one of --workers processes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build a data set. Interrupted, the same command goes on where it was."""
    from archlm.bench.build import build as build_in

    samples = [_sample(text) for text in sample or ()]
    try:
        parts = _plan(records, source or (), every or (), samples, seed)
        with _reporting() as report:
            manifest = build_in(folder, parts, processes=workers, ray=ray, report=report)
    except ArchLMError as error:
        fail(error, str(folder), as_json=as_json)
    except KeyboardInterrupt:
        typer.echo("archlm: interrupted; the same command goes on from here", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(manifest)
        return
    names = ("entries", "architectures", "measurements", "skipped")
    rows = [(_label(part), *(f"{part[name]:,}" for name in names)) for part in manifest["parts"]]
    rows.append(("in all", *(f"{manifest[name]:,}" for name in names)))
    print_table(f"{folder}", ("part", "entries", "new architectures", "measurements", "not built"), rows, right=names)


def _plan(records: Path | None, *asked: Any) -> list[Part]:
    """Raises typer.BadParameter where the command is wrong, and not the records."""
    from archlm.bench.plan import make_plan

    try:
        return make_plan(records, *asked)
    except (MissingRecordsError, MalformedRecordsError):
        raise
    except UserInputError as error:
        raise typer.BadParameter(str(error)) from error


def _label(part: dict[str, str]) -> str:
    return next(f"{key} {part[key]}" for key in ("source", "all", "sample") if key in part)


def _sample(text: str) -> tuple[str, int]:
    space, _, number = text.partition("=")
    if not number.isascii() or not number.isdigit():
        raise typer.BadParameter(f"{text!r}: expected SPACE=NUMBER, such as darts=5000", param_hint="--sample")
    return space, int(number)


@contextmanager
def _reporting() -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar for every part on a terminal; a line now and then elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    if not sys.stderr.isatty():
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        known: dict[str, int] = {}

        def report(what: str, done: int, total: int | None) -> None:
            if what not in known:
                known[what] = int(bars.add_task(what, total=total))
            bars.update(known[what], completed=done)  # type: ignore[arg-type]  # an int by another name

        yield report


def _lines() -> Callable[[str, int, int | None], None]:
    last: dict[str, int] = {}

    def report(what: str, done: int, total: int | None) -> None:
        if (step := done // LINE_EVERY) != last.get(what):
            last[what] = step
            typer.echo(f"{what}: {done:,}{f' of {total:,}' if total else ''}", err=True)

    return report


@app.command()
def sources(as_json: Json = False) -> None:
    """List the records that can be read, and where they are published."""
    from onnx_bench.records import list_sources

    known = list_sources()
    if as_json:
        names = ("name", "title", "space", "files", "size_bytes", "url", "licence", "reference")
        print_json([{name: getattr(source, name) for name in names} for source in known])
        return
    rows = (
        (s.name, s.space, " or ".join(s.files), f"{s.size_bytes / 1e6:,.1f}" if s.size_bytes else "", s.licence, s.url)
        for s in known
    )
    print_table(f"{len(known)} sources", ("source", "space", "file", "MB", "licence", "where"), rows, right=("MB",))


@app.command()
def stats(
    folder: Folder,
    output: Annotated[
        Path | None, typer.Option("-o", "--out", "--output", help="Folder of the page; FOLDER/stats if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Counts, distributions and divergence between spaces, as a page with pictures."""
    from archlm.bench.stats import summarise

    try:
        found = summarise(folder)
    except ArchLMError as error:
        fail(error, str(folder), as_json=as_json)
    if as_json:
        print_json({
            "spaces": found.spaces().reset_index().to_dict("records"),
            "tasks": found.tasks().reset_index().to_dict("records"),
            "divergence": found.divergence.to_dict(),
        })  # fmt: skip
        return
    from archlm.bench.stats_page import write_page

    try:
        page = write_page(found, output or folder / "stats")
    except ArchLMError as error:
        fail(error, str(folder))
    typer.echo(page)


@app.command()
def verify(folder: Folder, as_json: Json = False) -> None:
    """Check counts, known optima, duplicates and splits; exit code 1 if something is wrong."""
    from archlm.bench.verify import Check
    from archlm.bench.verify import verify as checks_of

    found: list[Check] = []
    try:
        for check in checks_of(folder):
            found.append(check)
            if not as_json:
                typer.echo(f"{'ok   ' if check.ok else 'WRONG'} {check.name}: {check.found}")
    except ArchLMError as error:
        fail(error, str(folder), as_json=as_json)
    if as_json:
        print_json([check._asdict() for check in found])
    if not all(check.ok for check in found):
        raise typer.Exit(1)


@app.command()
def export(
    folder: Folder,
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="Folder to write to.")],
    form: Annotated[
        Form, typer.Option("--as", help="onnx: one weightless model file for each architecture.")
    ] = Form.ONNX,
    space: Annotated[str | None, typer.Option(help="Only architectures of this space.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    as_json: Json = False,
) -> None:
    """Write the architectures as files; those that exist are kept."""
    from archlm.bench.dataset import read_manifest
    from archlm.bench.export import export_onnx

    try:
        total = min(read_manifest(folder)["architectures"], limit or sys.maxsize)
        written = sum(1 for _ in progress(export_onnx(folder, target, space, limit), total, "writing"))
    except ArchLMError as error:
        fail(error, str(folder), as_json=as_json)
    if as_json:
        print_json({"folder": str(target), "as": form.value, "files": written})
        return
    typer.echo(f"{written:,} files in {target}")
