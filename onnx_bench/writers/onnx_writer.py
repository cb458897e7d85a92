"""Write a graph as ONNX, with or without weights."""

from __future__ import annotations

import onnx
from onnx import helper

from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.node import Graph
from onnx_bench.writers.canonical import is_canonical
from onnx_bench.writers.onnx_file import OnnxFile, value_info
from onnx_bench.writers.onnx_ops import RULES
from onnx_bench.writers.onnx_recurrent import recurrent
from onnx_bench.writers.onnx_site import OnnxSite, hold_weights
from onnx_bench.writers.onnx_verbatim import write_verbatim
from onnx_bench.writers.repeated import Repeat
from onnx_bench.writers.structure import Structure
from onnx_bench.writers.view import View
from onnx_bench.writers.weights import initial_weights

IR_VERSIONS = {20: 9, 21: 10, 22: 10, 23: 11, 24: 12}
"""The format version that belongs to an opset."""
PRODUCER = "archlm"
_RECURRENT = ("LSTM", "GRU", "RNN")


def to_onnx(graph: Graph, *, weights: bool = False, seed: int = 0) -> onnx.ModelProto:
    """Write a network as an ONNX model that the checker accepts and onnxruntime runs.

    The batch axis is dynamic where every operator treats examples independently (`writers.batch`), else it is 1.
    Opset 20, or the first one that has every operator used. Initialisers are called as in the `state_dict` of
    `to_module`; those that are no weights begin with `constant/`.

    Args:
        graph: A graph in canonical form, batch norms and dead branches allowed, or one as read from a file.
        weights: Store initialised weights. Without, weights are nodes that fill a shape with one value (as in the
            `light_*` models of the onnx package): any tool opens the file, and it stays small.
        seed: Of the initialisation.

    Raises:
        UnsupportedGraphError: An operator that neither we nor the ONNX standard know, or an unknown shape.
        ModelTooLargeError: With weights: more than `weights.MAX_ELEMENTS` of them.
    """
    view = View.of(graph)
    graph = view.graph
    structure = Structure.of(view)
    file = OnnxFile(initial_weights(view, structure, seed) if weights else None)
    values = _name_values(view, file)
    for position in range(len(graph.nodes)):
        _write_node(file, view, position, values, structure.names)
    inputs = [value_info(view, i, values[i], view.dtypes[i]) for i, n in enumerate(graph.nodes) if n.op == "Input"]
    outputs = []
    for number, position in enumerate(graph.outputs):
        name = _output_name(graph, number)
        if values[position] != name:
            file.op("Identity", [values[position]], name)
        outputs.append(value_info(view, position, name, view.dtypes[position]))
    body = helper.make_graph(file.nodes, "network", inputs, outputs, file.initializers)
    opset = helper.make_opsetid("", file.opset)
    return helper.make_model(body, opset_imports=[opset], ir_version=IR_VERSIONS[file.opset], producer_name=PRODUCER)


def _output_name(graph: Graph, number: int) -> str:
    return "output" if len(graph.outputs) == 1 else f"output_{number}"


def _name_values(view: View, file: OnnxFile) -> list[str]:
    """A name for the value of every node; what computes a graph output is called after it."""
    graph = view.graph
    several = sum(node.op == "Input" for node in graph.nodes) > 1
    wanted: dict[int, str] = {}
    for number, position in enumerate(graph.outputs):
        if graph.nodes[position].op != "Input":
            wanted.setdefault(position, _output_name(graph, number))
    for name in wanted.values():
        file.fresh(name)
    names = []
    for position, node in enumerate(graph.nodes):
        if node.op == "Input":
            names.append(file.fresh("input_1" if several else "input"))
        else:
            word = node.op.rpartition("::")[2].lower()
            names.append(wanted.get(position) or file.fresh(f"{word}_{position}"))
    return names


def _write_node(file: OnnxFile, view: View, position: int, values: list[str], names: dict[int, str]) -> None:
    node = view.node(position)
    if node.op in ("Input", "Output"):
        return
    ins = [values[i] if i >= 0 else "" for i in node.inputs]
    for repeat in view.repeats(position):
        rank = len(view.shape(node.inputs[repeat.slot]))
        ins[repeat.slot] = _repeated(file, ins[repeat.slot], rank, repeat, ins[repeat.like])
    further = _further_outputs(view, position, values, file)
    if not is_canonical(node):
        write_verbatim(file, view, position, ins, [values[position], *further])
        return
    held = hold_weights(file, view, position, names[position]) if position in names else {}
    site = OnnxSite(view, position, file, tuple(ins), held, values[position])
    if node.op in _RECURRENT:
        recurrent(site, further)
    elif further:
        raise UnsupportedGraphError(f"node {position}: {node.op} has one output, but another one is read")
    else:
        RULES[node.op](site)


def _repeated(file: OnnxFile, value: str, rank: int, repeat: Repeat, like: str) -> str:
    """`value` repeated along an axis for every example that `like` holds."""
    times = file.op("Shape", [like], start=repeat.like_axis, end=repeat.like_axis + 1)
    if repeat.length > 1:
        times = file.op("Div", [times, file.ints((repeat.length,))])
    parts = [times]
    if repeat.axis:
        parts.insert(0, file.ints((1,) * repeat.axis))
    if repeat.axis < rank - 1:
        parts.append(file.ints((1,) * (rank - 1 - repeat.axis)))
    return file.op("Tile", [value, file.op("Concat", parts, axis=0) if len(parts) > 1 else times])


def _further_outputs(view: View, position: int, values: list[str], file: OnnxFile) -> list[str]:
    """Names of outputs 1, 2, ... up to the last one that is read."""
    count = view.extra_outputs.get(position, 0)
    names = [""] * count
    if count:
        for i, node in enumerate(view.graph.nodes):
            if node.op == "Output" and node.inputs[0] == position:
                index = node.get("index")
                assert isinstance(index, int)
                names[index - 1] = values[i]
    return names
