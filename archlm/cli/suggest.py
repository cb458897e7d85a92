"""`archlm suggest`: which networks to measure next?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from csv import writer
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archlm.cli.lean_imports import hidden
from archlm.cli.loading import InputOption, check_options, find_sources, listed, read_sources, usage_error
from archlm.cli.terminal import clean, fail, print_json, print_table, progress, report
from archlm.writing import write_whole, writing
from onnx_bench.errors import ArchLMError, InvalidTableError, UserInputError

if TYPE_CHECKING:
    from onnx_bench.graph import ArchGraph


def suggest(
    items: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE...", help="The candidates: ONNX files, directories of them, or module:factory; "
                       "with --space architecture strings; @LIST for a text file that names one a line. None with "
                       "--space: drawn at random."),
    ] = None,
    space: Annotated[
        str | None, typer.Option("--space", help="The search space of the candidates and of --measured.")
    ] = None,
    num: Annotated[int, typer.Option("--n", "--num", min=1, help="How many to suggest.")] = 10,
    measured: Annotated[
        Path | None,
        typer.Option("--measured", metavar="TABLE", help="A CSV or parquet file whose first column names the networks "
                     "that are measured, or about to be: they are not suggested, nor others that tell the same."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="FOLDER", help="What `archlm finetune` wrote: its labels count as measured, "
                     "and networks of which it is less sure count more."),
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", help="With --model: which of its tasks, where it was fitted to several.")
    ] = None,
    pool: Annotated[int, typer.Option("--pool", min=1, help="With --space alone: how many candidates to draw.")] = 500,
    seed: Annotated[int, typer.Option("--seed", help="Of the draw.")] = 0,
    inputs: InputOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the suggestions as JSON.")] = False,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="OUT", help="Write them to this new CSV file as well, with a column to fill in; "
                     "then it is a table for `archlm finetune`."),
    ] = None,
    target: Annotated[str, typer.Option("--target", metavar="NAME", help="With --csv: the column to fill in.")]
    = "value",
) -> None:  # fmt: skip
    """Say which networks to measure next: those whose labels tell most about all the others.

    A candidate that cannot be read is reported, the rest are considered, and the exit code is 1.
    """
    if not items and space is None:
        raise typer.BadParameter("name candidates, or a --space to draw them from", param_hint="FILE...")
    if task is not None and model is None:
        raise typer.BadParameter("it is one of those that a --model was fitted to; name both", param_hint="--task")
    if csv is not None:
        _check_output(csv, target)
    items = listed(items or ())
    check_options(space, inputs)  # before tables are read
    from archlm.finetuning.suggest import read_measured

    try:
        named = [] if measured is None else read_measured(measured)
        check_options(space, inputs, [*items, *(name for name, _ in named)])
        known = _measured_networks(measured, named, space, inputs)
        graphs, complete = _candidates(items, space, inputs, pool, seed)
        rows = _suggestions(graphs, known, num, model, task)
    except ArchLMError as error:
        fail(error, as_json=as_json)
    if as_json:
        print_json(rows)
    else:
        cells = ((str(row["order"]), row["arch"], f"{row['novelty']:.2f}") for row in rows)
        print_table("Measure these, in this order", ("", "architecture", "novelty"), cells, right=("", "novelty"))
    if csv is not None:
        _write(csv, rows, space, target)  # last: where it cannot be written, the suggestions are not lost
        if not as_json:
            more = "" if model is None else f" --model {model}"
            typer.echo(clean(f"Fill in {target!r} in {csv}, then: archlm finetune {csv} --target {target}{more}"))
    if not complete:
        raise typer.Exit(1)


def _check_output(path: Path, target: str) -> None:
    """Before anything is computed. Raises typer.BadParameter."""
    if path.exists():  # it may hold measurements
        raise typer.BadParameter(f"{path} exists already; name a new file", param_hint="--csv")
    if target.strip() in ("", "arch", "space"):
        raise typer.BadParameter(f"a column to fill in cannot be called {target!r}", param_hint="--target")


def _measured_networks(
    path: Path | None, named: Sequence[tuple[str, str | None]], space: str | None, inputs: Sequence[str] | None
) -> list[ArchGraph]:
    sources = [source for name, own in named for source in find_sources([name], own or space, inputs)]
    graphs = []
    for source, graph in zip(sources, progress(read_sources(sources), len(sources), "reading"), strict=True):
        if isinstance(graph, UserInputError):
            raise InvalidTableError(f"{path} names {source.name}: {graph}") from graph
        graphs.append(graph)
    return graphs


def _candidates(
    items: Sequence[str] | None, space: str | None, inputs: Sequence[str] | None, pool: int, seed: int
) -> tuple[list[ArchGraph], bool]:
    """The candidates, and whether all could be read; those that could not are reported."""
    if not items:
        from archlm.finetuning.suggest import draw

        return draw(space or "", pool, seed), True
    sources = find_sources(items, space, inputs)
    graphs = []
    for source, graph in zip(sources, progress(read_sources(sources), len(sources), "reading"), strict=True):
        if isinstance(graph, UserInputError):
            report(source.name, type(graph).__name__, str(graph))
        else:
            graphs.append(graph)
    if not graphs:
        raise UserInputError(f"none of the {len(sources)} candidates can be read")
    return graphs, len(graphs) == len(sources)


def _suggestions(
    graphs: Sequence[ArchGraph], measured: Sequence[ArchGraph], num: int, model: Path | None, task: str | None
) -> list[dict[Hashable, Any]]:
    with hidden():
        from archlm.predictor import Predictor
    from archlm.finetuning.suggest import fitted_part
    from archlm.finetuning.suggest import suggest as suggest_among

    predictor = Predictor.from_pretrained(model)
    if model is not None and task is None:
        if len(predictor.finetuned) != 1:
            known = ", ".join(predictor.finetuned) or "nothing"
            raise typer.BadParameter(f"{model} is fitted to {known}; say which", param_hint="--task")
        (task,) = predictor.finetuned
    if task is not None:
        with usage_error("--task"):
            fitted_part(predictor, task)
    return suggest_among(predictor, graphs, measured, num, task).to_dict("records")


def _write(path: Path, rows: Sequence[dict[Hashable, Any]], space: str | None, target: str) -> None:
    """A table to be filled in; names stay as they are, so that they can be read back. Raises UserInputError."""
    where = {} if space is None else {"space": space}
    text = StringIO()
    table = writer(text)
    table.writerow(["arch", *where, target])
    table.writerows([row["arch"], *where.values(), ""] for row in rows)
    with writing(path):
        write_whole(path, text.getvalue().encode())
