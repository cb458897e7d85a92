"""`archlm tasks`: what can be asked."""

from __future__ import annotations

from typing import Annotated

import typer

from archlm.cli.terminal import print_json, print_table
from onnx_bench.tasks import list_tasks


def tasks(
    as_json: Annotated[bool, typer.Option("--json", help="Print everything known about each task as JSON.")] = False,
) -> None:
    """List the tasks that a prediction can be asked for."""
    known = list_tasks()
    if as_json:
        print_json([task.to_dict() for task in known])
        return
    rows = (
        (task.name, f"{task.metric}{f' ({task.unit})' if task.unit else ''}", task.split,
         ", ".join(protocol.space for protocol in task.protocols), task.description)
        for task in known
    )  # fmt: skip
    print_table(f"{len(known)} tasks", ("task", "metric", "split", "measured in", "description"), rows)
