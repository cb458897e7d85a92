"""`archlm convert`: a network as an ONNX file or as PyTorch source."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archlm.cli.loading import InputOption, SpaceOption, check_options, load_one, usage_error
from archlm.cli.terminal import fail
from archlm.writing import write_whole, writing
from onnx_bench.errors import UserInputError

if TYPE_CHECKING:
    from onnx_bench.graph import ArchGraph


class Target(StrEnum):
    """What `--to` can be."""

    ONNX = "onnx"
    PYTORCH = "pytorch"


def convert(
    arch: Annotated[str, typer.Argument(metavar="ARCH", help="An architecture string of --space, or an ONNX file.")],
    to: Annotated[Target, typer.Option("--to", help="onnx: a model file; pytorch: readable source.")],
    space: SpaceOption = None,
    task: Annotated[
        str | None, typer.Option("--task", help="With --space: the task that decides input and head.")
    ] = None,
    normalised: Annotated[
        bool,
        typer.Option("--normalised", help="With --space: batch norms folded and dead branches pruned, "
                     "instead of the network as it is trained. Files are always normalised."),
    ] = False,
    weights: Annotated[
        bool, typer.Option("--weights", help="With --to onnx: random initial weights, so that the model runs.")
    ] = False,
    inputs: InputOption = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--out", "--output", help="File to write; needed for onnx, stdout for pytorch.")
    ] = None,
) -> None:  # fmt: skip
    """Write a network as an ONNX file or as PyTorch source."""
    if to is Target.ONNX and output is None:
        raise typer.BadParameter("an ONNX model is binary: name a file to write", param_hint="-o")
    check_options(space, inputs)
    if space is None and (task is not None or normalised):
        hint = "--normalised" if normalised else "--task"
        raise typer.BadParameter("it is about a network of --space; name one", param_hint=hint)
    if weights and to is not Target.ONNX:
        raise typer.BadParameter("it is about --to onnx; source holds none", param_hint="--weights")
    with usage_error("--task"):
        _check_task(space, task)
    try:
        graph = _build(arch, space, task, normalised) if space else load_one(arch, None, inputs)
        if to is Target.ONNX:
            written = graph.to_onnx(weights=weights).SerializeToString()
        else:
            written = graph.to_source().encode()
        if output is None:
            typer.echo(written.decode(), nl=False)
        else:
            with writing(output):
                write_whole(output, written)
    except UserInputError as error:
        fail(error, arch)


def _check_task(space: str | None, task: str | None) -> None:
    """Raises UnknownNameError where the space has no such task."""
    if space is not None and task is not None:
        from onnx_bench.spaces import get

        get(space).head(task)


def _build(arch: str, space: str, task: str | None, normalised: bool) -> ArchGraph:
    from onnx_bench.spaces import get

    return get(space).build(arch, task=task, normalised=normalised)
