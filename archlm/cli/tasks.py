"""`archlm tasks`: what can be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archlm.cli.lean_imports import hidden
from archlm.cli.loading import usage_error
from archlm.cli.terminal import print_json, print_table
from onnx_bench.tasks import list_tasks, load_task


def tasks(
    file: Annotated[
        list[Path] | None,
        typer.Option(
            "--task", "--file", help="Check the YAML file of a task of your own, and list it too; repeat for several."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything known about each task as JSON.")] = False,
) -> None:
    """List the tasks that are known, and which of them the shipped weights predict."""
    with usage_error("--task"):
        for path in file or ():
            load_task(path)
    known, predicted = list_tasks(), _predicted()
    if as_json:
        print_json([task.to_dict() | {"predicted": task.name in predicted} for task in known])
        return
    rows = (
        (task.name, f"{task.metric}{f' ({task.unit})' if task.unit else ''}", task.split,
         ", ".join(protocol.space for protocol in task.protocols), "yes" if task.name in predicted else "",
         task.title)
        for task in known
    )  # fmt: skip
    title = f"{len(known)} tasks; --json describes them in whole sentences"
    columns = ("task", "metric", "split", "measured in", "predicted", "title")
    print_table(title, columns, rows, whole=columns[:1])


def _predicted() -> tuple[str, ...]:
    with hidden():
        from archlm.predictor import Predictor

    return Predictor.from_pretrained().tasks
