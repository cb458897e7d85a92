"""The command `archlm`."""

from __future__ import annotations

import re
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

import archlm
from archlm.cli.bench import app as bench
from archlm.cli.convert import convert
from archlm.cli.encode import encode
from archlm.cli.finetune import finetune
from archlm.cli.generate import generate
from archlm.cli.inspect import inspect
from archlm.cli.predict import predict
from archlm.cli.spaces import spaces
from archlm.cli.suggest import suggest
from archlm.cli.tasks import tasks
from archlm.cli.terminal import fail
from onnx_bench.errors import ArchLMError

app = typer.Typer(
    name="archlm",
    help="Ask about any neural architecture: how good will it be, on which task, how sure are we?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_EMPTY = re.compile(r"(--[a-z-]+=)?\s*")
"""What would be the working directory where a path is wanted."""
for command in (predict, generate, finetune, suggest, inspect, encode, convert, tasks, spaces):
    app.command()(command)
app.add_typer(bench)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"archlm {archlm.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Ask about any neural architecture: how good will it be, on which task, how sure are we?"""


def main() -> None:
    """Run the command line. An error raised on purpose becomes one line and exit code 1."""
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may lack letters of a name
    if any(_EMPTY.fullmatch(argument) for argument in sys.argv[1:]):
        typer.echo("archlm: an argument is empty; is a variable of your shell not set?", err=True)
        sys.exit(2)
    try:
        app(prog_name="archlm")
    except ArchLMError as error:
        fail(error)
