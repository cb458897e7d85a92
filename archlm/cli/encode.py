"""`archlm encode`: a network as text, as features, as its graph or as training-free scores."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from archlm.cli.loading import InputOption, SpaceOption, load_one
from archlm.cli.terminal import clean_lines, fail, print_json, report, status
from onnx_bench.errors import UserInputError


class Form(StrEnum):
    """What `--as` can be."""

    TEXT = "text"
    FEATURES = "features"
    GRAPH = "graph"
    PROXIES = "proxies"


def encode(
    item: Annotated[str, typer.Argument(metavar="FILE", help="An ONNX file or module:factory.")],
    form: Annotated[
        Form, typer.Option("--as", help="text: canonical, lossless up to weights; features: numbers by name, as JSON; "
                           "graph: nodes and edges, as JSON; proxies: training-free scores, as JSON (needs torch).")
    ] = Form.TEXT,
    space: SpaceOption = None,
    inputs: InputOption = None,
    batch: Annotated[
        int | None, typer.Option(min=2, help="Examples in the random batch of --as proxies; fewer are quicker.")
    ] = None,
) -> None:  # fmt: skip
    """Print a network in one of the forms that models read."""
    graph = load_one(item, space, inputs)
    try:
        if form is Form.TEXT:
            from encoders import text

            typer.echo(clean_lines(text.encode(graph)))
        elif form is Form.FEATURES:
            from encoders import features

            print_json({name: float(value) for name, value in features.compute(graph).items()})
        elif form is Form.PROXIES:
            from encoders import proxies

            with status("computing training-free scores"):
                found = proxies.measure(graph, batch=batch or proxies.BATCH)
            for name, measured in found.items():
                if measured.reason:
                    report(item, name, f"not defined: {measured.reason}")
            print_json({name: measured.value for name, measured in found.items()})
        else:
            print_json(json.loads(graph.to_bytes()))
    except UserInputError as error:
        fail(error, item)
