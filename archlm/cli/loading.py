"""From what a person types to graphs: ONNX files, directories, `module:factory`, strings of a search space."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archlm.cli.terminal import fail
from onnx_bench.errors import MalformedModelError, UnknownNameError, UserInputError
from onnx_bench.tasks import Task, get_task, load_task

if TYPE_CHECKING:
    from onnx_bench.graph import ArchGraph

SpaceOption = Annotated[
    str | None, typer.Option("--space", help="The arguments are architecture strings of this search space.")
]
InputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input", metavar="SHAPE", help="Input of a module:factory, e.g. 1x3x224x224 (the default) or 1x128:int64; "
        "once for each argument of its forward.",
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One network to load.

    Attributes:
        name: What to call it in answers.
        path: The ONNX file to read, or `None` where `graph` says how it went already.
        graph: The network, or why there is none.
    """

    name: str
    path: Path | None = None
    graph: ArchGraph | UserInputError | None = None


def listed(arguments: Sequence[str]) -> list[str]:
    """What is typed, with the lines of a text file in the place of its name behind an @.

    For what a person types alone: names in a table of unknown origin must open nothing of the kind.

    Raises:
        typer.BadParameter: A file cannot be read, or has no lines.
    """
    return [name for argument in arguments for name in _lines_of(argument)]


def _lines_of(argument: str) -> list[str]:
    if not argument.startswith("@") or os.path.exists(argument):
        return [argument]
    try:
        lines = Path(argument[1:]).read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read the list {argument[1:]}: {error}", param_hint="FILE...") from error
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise typer.BadParameter(f"the list {argument[1:]} is empty; name one network a line", param_hint="FILE...")
    return names


def find_sources(
    arguments: Sequence[str], space: str | None = None, inputs: Sequence[str] | None = None, task: str | None = None,
    *, as_trained: bool = False,
) -> list[Source]:  # fmt: skip
    """Networks in the order of `arguments`; a directory stands for its `.onnx` files, sorted, with subfolders.

    `task` and `as_trained` are of members of a space, see `archlm.items.from_space`.
    """
    if space is not None:
        return [_from_space(argument, space, task, as_trained) for argument in arguments]
    return [source for argument in arguments for source in _from_argument(argument, inputs or ())]


def _from_argument(argument: str, inputs: Sequence[str]) -> list[Source]:
    path = Path(argument)
    if os.path.isdir(argument):  # of a Path, a name that is too long for a file would be an OSError
        files = sorted(found for found in path.rglob("*") if found.suffix.lower() == ".onnx" and not found.is_dir())
        if files:
            return [Source(str(file), path=file) for file in files]
        return [Source(argument, graph=MalformedModelError("no .onnx file in this directory or below it"))]
    if path.suffix == ".py" and os.path.isfile(argument):
        told = f"Python code, of which one network is asked: name what makes it, such as {path.stem}:build"
        return [Source(argument, graph=MalformedModelError(told))]
    if os.path.exists(argument):
        return [Source(argument, path=path)]
    if argument == "-":
        return [Source(argument, graph=MalformedModelError("standard input is not read; give the path of a file"))]
    from archlm.factory import names_factory

    return [_from_factory(argument, inputs) if names_factory(argument) else Source(argument, path=path)]


def _from_factory(argument: str, inputs: Sequence[str]) -> Source:
    from archlm.factory import load_factory

    try:
        return Source(argument, graph=load_factory(argument, inputs).renamed(argument))
    except UserInputError as error:
        return Source(argument, graph=error)


def _from_space(arch: str, space: str, task: str | None, as_trained: bool) -> Source:
    from archlm.items import from_space

    try:
        return Source(arch, graph=from_space(space, arch, task=task, as_trained=as_trained).renamed(arch))
    except UserInputError as error:
        return Source(arch, graph=error)


def check_options(space: str | None, inputs: Sequence[str] | None, arguments: Sequence[str] | None = None) -> None:
    """Make sure that `space` is known, that `inputs` are shapes, and of something, before anything is loaded.

    Args:
        space: Of all networks.
        inputs: Of those named `module:factory`.
        arguments: All networks, where they are known yet.

    Raises:
        typer.BadParameter: They are not.
    """
    if space is not None:
        from onnx_bench.spaces import get

        with usage_error("--space"):
            get(space)
    if inputs:
        from archlm.factory import parse_input

        with usage_error("--input"):
            for text in inputs:
                parse_input(text)
        if space is not None or (arguments is not None and all(map(os.path.exists, arguments))):
            raise typer.BadParameter(
                "it is for module:factory; ONNX files and members of a space have shapes of their own",
                param_hint="--input",
            )


def named_task(text: str) -> Task:
    """The task that is called so, or that the YAML file at this path describes.

    Raises:
        UserInputError: There is none.
    """
    try:
        return get_task(text)
    except UnknownNameError:
        if Path(text).suffix.lower() not in (".yaml", ".yml") and not os.path.isfile(text):
            raise
    return load_task(text)


@contextmanager
def usage_error(option: str) -> Iterator[None]:
    """What is wrong with the value of an option is a mistake in the command, which names the option."""
    try:
        yield
    except UserInputError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def read_sources(sources: Sequence[Source]) -> Iterator[ArchGraph | UserInputError]:
    """The network of each source, in order; a source that cannot be read becomes its error."""
    from onnx_bench.reader import read_many, warm_up

    paths = [source.path for source in sources if source.path is not None]
    if paths:
        warm_up(len(paths))  # workers start now, and files are read when the first graph is asked for
    return _in_order(sources, read_many(paths))


def _in_order(
    sources: Sequence[Source], read: Iterator[ArchGraph | UserInputError]
) -> Iterator[ArchGraph | UserInputError]:
    for source in sources:
        graph = source.graph if source.graph is not None else next(read)
        yield graph if isinstance(graph, UserInputError) else graph.renamed(source.name)


def load_one(argument: str, space: str | None, inputs: Sequence[str] | None, *, as_json: bool = False) -> ArchGraph:
    """The one network that `argument` names; an error is reported and ends the command with exit code 1."""
    check_options(space, inputs, [argument])
    sources = find_sources([argument], space, inputs)
    if len(sources) != 1:
        raise typer.BadParameter(f"{argument} holds {len(sources)} files, expected one")
    (graph,) = read_sources(sources)
    if isinstance(graph, UserInputError):
        fail(graph, argument, as_json=as_json)
    return graph
