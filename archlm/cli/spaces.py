"""`archlm spaces`: the search spaces whose architecture strings are understood."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archlm.cli.terminal import print_json, print_table

if TYPE_CHECKING:
    from onnx_bench.spaces import SearchSpace


def spaces(
    as_json: Annotated[bool, typer.Option("--json", help="Print the spaces as JSON.")] = False,
) -> None:
    """List the search spaces, with a random architecture string of each."""
    from onnx_bench.spaces import get, list_spaces

    described = [_describe(get(name)) for name in list_spaces()]
    if as_json:
        print_json(described)
        return
    rows = ((d["name"], d["title"], _count(d["size"]), ", ".join(d["tasks"])) for d in described)
    columns = ("space", "what it is", "architectures", "tasks (the first is the default)")
    print_table(f"{len(described)} search spaces", columns, rows, right=("architectures",))
    typer.echo("An architecture of each, drawn at random:\n")
    for d in described:  # outside the table, where they can be copied whole
        typer.echo(f"{d['name']:15} {d['example']}")


def _count(size: int | None) -> str:
    """A number of architectures for people: exact up to fifteen digits."""
    if size is None:
        return "no end"
    return f"{size:,}" if size < 10**15 else f"about 10^{len(str(size)) - 1}"


def _describe(space: SearchSpace[Any]) -> dict[str, Any]:
    return {
        "name": space.name,
        "title": space.title,
        "reference": space.reference,
        "size": space.size(),
        "default_task": space.default_task,
        "tasks": sorted(space.tasks, key=lambda task: task != space.default_task),
        "example": space.sample(random.Random(0)),
    }
