"""`archlm inspect`: what is in this network?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from archlm.cli.loading import InputOption, SpaceOption, load_one
from archlm.cli.terminal import clean, print_json, print_table
from archlm.task_fit import lost_norms
from onnx_bench.memory import peak_activation_bytes
from onnx_bench.node import Node, Shape
from onnx_bench.prefixed import count

if TYPE_CHECKING:
    from onnx_bench.graph import ArchGraph


def inspect(
    item: Annotated[str, typer.Argument(metavar="FILE", help="An ONNX file or module:factory.")],
    space: SpaceOption = None,
    inputs: InputOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON.")] = False,
) -> None:
    """Show the layers of a network, its size and cost, its fingerprint, and what could not be read."""
    graph = load_one(item, space, inputs, as_json=as_json)
    summary = _summary(item, graph)
    if as_json:
        print_json(summary | {"layers": [_layer(i, node) for i, node in enumerate(graph.nodes)]})
        return
    rows = (
        (str(i), node.op, ", ".join(map(str, node.inputs)), _attributes(node), _shape(node.shape),
         count(node.params) if node.params else "", count(node.macs) if node.macs else "")
        for i, node in enumerate(graph.nodes)
    )  # fmt: skip
    columns = ("", "operator", "reads", "attributes", "output", "params", "MACs")
    print_table(item, columns, rows, right=("", "params", "MACs"))
    stored, peak = summary["params_stored"], summary["peak_activation_bytes"]
    for line in (
        f"nodes            {graph.num_nodes}",
        f"parameters       {count(graph.params)} effective, "
        + ("number stored unknown" if stored is None else f"{count(stored)} stored")
        + ("; shared ones count for every use" if stored is not None and stored < graph.params else ""),
        f"MACs             {count(graph.macs)} for one example",
        f"peak activations {'unknown' if peak is None else f'{peak / 2**20:.1f} MiB in float32'}",
        f"fingerprint      {graph.fingerprint()}",
        *(f"note             {clean(warning)}" for warning in summary["warnings"]),
    ):
        typer.echo(line)


def _summary(name: str, graph: ArchGraph) -> dict[str, Any]:
    return {
        "arch": name,
        "num_nodes": graph.num_nodes,
        "params_effective": graph.params,
        "params_stored": graph.stored_params,
        "macs": graph.macs,
        "peak_activation_bytes": peak_activation_bytes(graph),
        "fingerprint": graph.fingerprint(),
        "warnings": [*graph.warnings, *filter(None, [lost_norms(graph)])],
        "error": None,
    }


def _layer(index: int, node: Node) -> dict[str, Any]:
    return {
        "index": index, "op": node.op, "inputs": node.inputs, "attributes": dict(node.attrs), "shape": node.shape,
        "params": node.params, "macs": node.macs,
    }  # fmt: skip


def _shape(shape: Shape | None) -> str:
    return "?" if shape is None else "x".join(map(str, shape)) or "scalar"


_USUAL = {"groups": 1, "dilations": 1, "strides": 1, "pads": 0, "dtype": "float"}


def _attributes(node: Node) -> str:
    """Attributes as `name=value`, the usual values left out; equal values of a tuple are written once."""
    shown = []
    for name, value in node.attrs:
        if isinstance(value, tuple) and name != "axes" and len(set(value)) == 1:
            value = value[0]
        if value is True:
            shown.append(name)
        elif value is not False and _USUAL.get(name) != value:
            text = "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
            shown.append(f"{name}={text if len(text) <= 40 else text[:37] + '...'}")
    return " ".join(shown)
