"""`archlm spaces`: the search spaces whose architecture strings are understood."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archlm.cli.terminal import clean, print_json, print_table
from onnx_bench.errors import MissingExtraError

if TYPE_CHECKING:
    from onnx_bench.spaces import SearchSpace

EXAMPLE_WIDTH = 600
"""Longer architecture strings are cut; the few longest are derivations of grammars."""


def spaces(
    as_json: Annotated[bool, typer.Option("--json", help="Print the spaces as JSON.")] = False,
) -> None:
    """List the search spaces, with a random architecture string of each, or the extra that is missing for it."""
    from onnx_bench.spaces import get, list_spaces

    described = [_describe(get(name)) for name in list_spaces()]
    if as_json:
        print_json(described)
        return
    rows = ((d["name"], d["title"], _count(d), ", ".join(d["tasks"])) for d in described)
    columns = ("space", "what it is", "architectures", "tasks (the first is the default)")
    print_table(f"{len(described)} search spaces", columns, rows, right=("architectures",))
    typer.echo("An architecture of each, drawn at random:\n")
    for d in described:  # outside the table, where they can be copied whole
        typer.echo(f"{d['name']:15} {_shown(d['example']) if d['example'] else clean(d['missing'])}")


def _shown(example: str) -> str:
    """An architecture string, cut where it would fill the screen."""
    if len(example) <= EXAMPLE_WIDTH:
        return example
    return f"{example[:EXAMPLE_WIDTH]}... ({len(example):,} characters, whole with --json)"


def _count(described: dict[str, Any]) -> str:
    """A number of architectures for people: exact up to fifteen digits."""
    size: int | None = described["size"]
    if size is None:
        return f"needs the extra {described['extra']}" if described["extra"] else "no end"
    return f"{size:,}" if size < 10**15 else f"about 10^{len(str(size)) - 1}"


def _describe(space: SearchSpace[Any]) -> dict[str, Any]:
    size, example, extra, missing = None, None, None, None
    try:
        size, example = space.size(), space.sample(random.Random(0))
    except MissingExtraError as error:
        extra, missing = error.extra, str(error)
    return {
        "name": space.name,
        "title": space.title,
        "reference": space.reference,
        "size": size,
        "default_task": space.default_task,
        "tasks": sorted(space.tasks, key=lambda task: task != space.default_task),
        "example": example,
        "extra": extra,
        "missing": missing,
    }
