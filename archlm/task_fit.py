"""What a network itself says about a question: whether a task can be asked of it at all, and what to look at again."""

from __future__ import annotations

from onnx_bench.graph import ArchGraph
from onnx_bench.node import Node
from onnx_bench.ops import OPS
from onnx_bench.tasks.task import Task

_NAMED = 3
"""Inputs that a note names."""
_SEVERAL = 3
"""Convolutions from which on it is no accident that none has a bias."""


def misfits(graph: ArchGraph, task: Task) -> list[str]:
    """Why no network that was measured on a task can be like this one; empty where one can.

    What a network is fed tells the kinds of networks apart more surely than any distance: images are of rank 4 (or a
    stack of tiles), token ids are looked up in an embedding, the features of the nodes of a graph are a matrix. Tasks
    of other modalities ask for nothing.

    Args:
        graph: Normalised.
        task: Asked of it.
    """
    found = []
    if not graph.params and not graph.macs:
        found.append("it has no layers with weights, so there is nothing to judge")
    inputs = [graph.nodes[place] for place in graph.inputs]
    if inputs and (missed := _missed(graph, inputs, task)):
        shown = ", ".join(map(_described, inputs[:_NAMED])) + (", ..." if len(inputs) > _NAMED else "")
        found.append(f"its input is {shown}: no {missed}, as a network for {task.name} reads")
    return found


def remarks(graph: ArchGraph, task: Task) -> list[str]:
    """What to look at again before an answer is believed, of a network that fits the task.

    Args:
        graph: Normalised.
        task: Asked of it.
    """
    found = []
    outputs = [graph.nodes[place].shape for place in graph.outputs]
    if task.modality == "image" and task.classes is not None and outputs and all(map(_is_map, outputs)):
        shown = ", ".join(_sizes(shape) for shape in outputs[:_NAMED]) + (", ..." if len(outputs) > _NAMED else "")
        found.append(f"its output is {shown}: no class scores, which {task.name} is about")
    if lost := lost_norms(graph):
        found.append(lost)
    return found


def lost_norms(graph: ArchGraph) -> str:
    """A note where batch norms may have gone with the export: those of an untrained network leave no trace."""
    if any(op in OPS and OPS[op].kind == "norm" for op in {node.op for node in graph.nodes}):
        return ""
    convs = [node for node in graph.nodes if node.op == "Conv"]
    if len(convs) < _SEVERAL or any(node.get("bias") for node in convs):
        return ""
    return (
        "no convolution has a norm or a bias: if there were batch norms, torch's dynamo exporter has left out those of "
        "an untrained network; export with dynamo=False or optimize=False, or after training"
    )


def _missed(graph: ArchGraph, inputs: list[Node], task: Task) -> str:
    """What a network for the task reads and this one does not; empty where nothing is missed."""
    if task.modality == "image" and (_reads_tokens(graph) or not any(map(_is_image, inputs))):
        return "image"
    if task.modality == "text" and not _reads_tokens(graph):
        return "token ids"
    if task.modality == "graph" and not any(len(node.shape or ()) == 2 for node in inputs):
        return "features of nodes"
    return ""


def _is_image(node: Node) -> bool:
    """Whether an input may be an image, or a stack of images as jigsaw tiles are; bytes are as good as floats."""
    shape = node.shape or ()
    return len(shape) == 4 or (len(shape) == 5 and shape[2] in (1, 3))


def _reads_tokens(graph: ArchGraph) -> bool:
    """Whether an embedding looks up what the network is fed."""
    return any(node.op == "Embedding" and graph.nodes[node.inputs[0]].op == "Input" for node in graph.nodes)


def _is_map(shape: tuple[int, ...] | None) -> bool:
    """Whether an output has values for several positions: [1, channels, height, width] or [1, length, channels]."""
    return shape is not None and len(shape) > 2 and sum(size > 1 for size in shape[1:]) > 1


def _described(node: Node) -> str:
    return f"{node.get('dtype')} {_sizes(node.shape)}"


def _sizes(shape: tuple[int, ...] | None) -> str:
    return "of unknown shape" if shape is None else "x".join(map(str, shape)) or "a scalar"
