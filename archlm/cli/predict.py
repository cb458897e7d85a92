"""`archlm predict`: how good will these networks be?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archlm.cli.lean_imports import hidden
from archlm.cli.loading import (
    InputOption,
    SpaceOption,
    check_options,
    find_sources,
    listed,
    named_task,
    read_sources,
    usage_error,
)
from archlm.cli.predict_output import csv_text, print_answers, print_explanation, write_csv
from archlm.cli.terminal import fail, print_json, progress, report
from onnx_bench.errors import ArchLMError, UserInputError
from onnx_bench.tasks import Task, register_task

if TYPE_CHECKING:
    from archlm.predictor import Predictor
    from archlm.record_store import RecordStore
    from onnx_bench.graph import ArchGraph

DEFAULT_TASKS = ("imagenet-1k", "cifar10")
"""A large and a small image task, for those who name none."""
STDOUT = Path("-")


def predict(
    items: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="ONNX files, directories of them, or module:factory; "
                                  "@LIST for a text file that names one a line.")
    ],
    task: Annotated[
        list[str] | None,
        typer.Option(
            "--task", "--described", help="A name from `archlm tasks`, or of a fine-tuned task, or a YAML file that "
            "describes one that nobody has measured: then networks are only ranked. Repeat for several. Without it: "
            f"{', '.join(DEFAULT_TASKS)}, or what --model was fine-tuned to."
        ),
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="A folder that `archlm finetune` wrote, for the shipped weights.")
    ] = None,
    records: Annotated[
        Path | None,
        typer.Option("--records", metavar="DATA", envvar="ARCHLM_RECORDS", help="A data set that `archlm bench build` "
                     "made: show what was measured of these networks and of their neighbours."),
    ] = None,
    space: SpaceOption = None,
    inputs: InputOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say which features and layers move each answer.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON, in the order asked.")] = False,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", help="Write the answers to this CSV file as well; - prints them as CSV, and no table."),
    ] = None,
) -> None:
    """Predict how good networks will be, with an interval and a measure of how familiar they are.

    A network that cannot be read is reported, the rest are answered, and the exit code is 1.
    """
    if csv == STDOUT and as_json:
        raise typer.BadParameter("--json prints to standard output as well; name a file", param_hint="--csv")
    try:
        # Its tasks have no names before it is read; and it says how members of a space are to be built.
        own = None if model is None and space is None else _open(model)
        asked = _asked(task, own)
        tasks = [one for one in asked if isinstance(one, str)]
        items = listed(items)
        check_options(space, inputs, items)
        as_trained = own is not None and any(map(own.reads_as_trained, tasks))
        sources = find_sources(items, space, inputs, as_trained=as_trained)
        read = read_sources(sources)  # the reader's worker starts here, and imports while the weights load
        predictor = _checked(own or _open(None), tasks)
        if explain:
            with usage_error("--explain"):
                for name in tasks:
                    predictor.check_explained(name)
        store = None if records is None else _records(records)

        graphs: Iterable[ArchGraph | UserInputError] = progress(read, len(sources), "reading")
        if explain:
            graphs = list(graphs)  # each is asked again
        answers = list(predictor.answers(graphs, asked, store))
    except ArchLMError as error:
        fail(error, as_json=as_json)
    for i, row in enumerate(answers):
        row["arch"] = sources[i // len(asked)].name  # a network that was not read does not know its name
    if explain:
        for graph, row in zip((graph for graph in graphs for _ in asked), answers, strict=True):
            good = row["error"] is None and row["task"] in tasks
            row["explanation"] = predictor.explain(graph, row["task"]) if good else None
    if as_json:
        print_json(answers)
    elif csv == STDOUT:
        typer.echo(csv_text(answers), nl=False)
    else:
        print_answers(answers, with_measured=store is not None)
        for row in answers:
            print_explanation(row)
    if csv is not None and csv != STDOUT:
        write_csv(csv, answers)  # last: where it cannot be written, the answers are not lost
    if failed := {row["arch"]: row["error"] for row in answers if row["error"] is not None}:
        for name, told in failed.items():
            report(name, told["type"], told["message"])
        raise typer.Exit(1)


def _open(model: Path | None) -> Predictor:
    with hidden():
        from archlm.predictor import Predictor

    return Predictor.from_pretrained(model)


def _checked(predictor: Predictor, tasks: list[str]) -> Predictor:
    if unknown := set(tasks) - set(predictor.tasks):
        raise typer.BadParameter(
            f"these weights do not answer {', '.join(sorted(unknown))}; they answer {', '.join(predictor.tasks)}",
            param_hint="--task",
        )
    return predictor


def _records(folder: Path) -> RecordStore:
    from archlm.predictor import open_records

    return open_records(folder)


def _asked(named: list[str] | None, own: Predictor | None) -> list[str | Task]:
    """Tasks by name, as far as they are known, or fitted by `own`; others as they are described."""
    fitted = {} if own is None else own.own_tasks
    asked: dict[str, str | Task] = {}
    with usage_error("--task"):
        for text in named or list(fitted) or DEFAULT_TASKS:
            task = named_task(text)
            if task.name in fitted:
                register_task(fitted[task.name])  # as it was fitted, whatever a file says of it now
            asked[task.name] = task.name if text == task.name or task.name in fitted else task
    return list(asked.values())
