"""`archlm finetune`: fit the predictor to measurements of one's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from archlm.cli.loading import InputOption, check_options, named_task, usage_error
from archlm.cli.terminal import INTERRUPTED, clean, fail, print_json, status
from onnx_bench.errors import ArchLMError, UserInputError


def finetune(
    table: Annotated[
        Path, typer.Argument(help="A CSV or parquet file; its first column names the networks (ONNX files, "
                                  "module:factory, or architecture strings with --space or a column `space`).")
    ],
    target: Annotated[str, typer.Option("--target", help="The column of measured values.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the fitted predictor and its report.")] = Path(
        "finetuned"
    ),
    task: Annotated[
        str | None,
        typer.Option("--task", help="What was measured: a YAML file that describes it, or a name from `archlm tasks`."),
    ] = None,
    minimise: Annotated[
        bool | None,
        typer.Option("--minimise/--maximise", help="Whether less is better; guessed from the column's name otherwise."),
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="A folder fitted before: its labels count beside the new ones.")
    ] = None,
    space: Annotated[
        str | None, typer.Option("--space", help="The first column holds architecture strings of this search space.")
    ] = None,
    inputs: InputOption = None,
    average_duplicates: Annotated[
        bool, typer.Option("--average-duplicates", help="Take the mean where a name is there several times.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Do not train graph networks, which takes minutes from 100 labels on.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Of everything random.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was fitted as JSON.")] = False,
) -> None:
    """Fit the predictor to networks that you have measured, five or more, and write it to a folder.

    `archlm predict --model FOLDER` asks it. What answers (Gaussian processes, trees, graph networks) is decided by
    cross-validation on your labels, and said in FOLDER/report.md. A wrong table ends with an error and writes nothing.
    """
    check_options(space, inputs)
    _check_folder(out)
    with usage_error("--task"):
        described = None if task is None else named_task(task)
    direction: Literal["max", "min"] | None = None if minimise is None else "min" if minimise else "max"
    try:
        with status("loading") as say:
            from archlm.finetuning.report import write_report
            from archlm.finetuning.table import read_table
            from archlm.predictor import Predictor

            predictor = Predictor.from_pretrained(model)
            say("reading the networks")
            labelled = read_table(
                table, target, task=described, direction=direction, space=space, inputs=inputs or (),
                average_duplicates=average_duplicates, own=predictor.own_tasks,
            )  # fmt: skip
            fitted = predictor.finetune_on(labelled, quick=quick, seed=seed, progress=say)
            part = fitted.finetuned[labelled.task.name]
            say("writing")
            notes = [*part.notes, *_replaced(out, model)]
            fitted.save_pretrained(out)
            write_report(out, list(fitted.finetuned.values()))
    except KeyboardInterrupt:
        typer.echo("archlm: interrupted; a model that was fitted before stays whole", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except ArchLMError as error:
        if as_json:
            fail(error, str(table), as_json=True)
        raise
    if as_json:
        print_json({
            "task": part.task.name, "networks": len(part.values), "shares": part.choice.shares,
            "errors": part.choice.errors, "notes": notes, "folder": str(out),
        })  # fmt: skip
        return
    for note in (*notes, part.explanation):
        typer.echo(clean(note))
    typer.echo(f"Ask it: archlm predict --model {clean(str(out))} FILE...   Report: {clean(str(out / 'report.md'))}")


def _replaced(folder: Path, model: Path | None) -> list[str]:
    """What to say where another model than the one that was fitted again lies in `folder`."""
    from archlm.checkpoint import MANIFEST  # late: other commands answer at once

    if not (folder / MANIFEST).exists() or (model is not None and model.resolve() == folder.resolve()):
        return []
    return [f"the model that was in {folder} is replaced; to keep its labels and tasks, say --model {folder} as well"]


def _check_folder(folder: Path) -> None:
    """Raises UserInputError where nothing can be written: to be told after the fit would be late. Creates nothing."""
    there = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    if not there.is_dir():
        raise UserInputError(f"cannot write to {folder}: {there} is no folder; name another one with --out")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserInputError(f"cannot write to {folder}: {there} may not be changed; name another folder with --out")
