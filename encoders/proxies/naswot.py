"""NASWOT: log determinant of the kernel of binary codes that the activations give to the examples of a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from encoders.proxies.network import build, by_example, calls, run
from encoders.proxies.subject import Subject
from onnx_bench.errors import UndefinedProxyError
from onnx_bench.node import Graph
from onnx_bench.ops import make_node, spec
from onnx_bench.writers.view import View

_LAYERS = ("conv", "linear")
_NOT_POINTWISE = ("Softmax", "LogSoftmax")


def score(subject: Subject) -> float:
    """log |det K|, K[i, j] = units whose pre-activation is positive for both of examples i and j, or for neither.

    Units are the elements of the inputs of all pointwise activations, ReLU or not. An activation that several layers
    read counts once for each: the canonical form merges equal activations, and in the cells of the benchmarks each
    layer has its own. Batch norms use the statistics of the batch.

    Source: Mellor et al., Neural Architecture Search without Training, ICML 2021, arXiv:2006.04647, section 3; as in
    the authors' code the kernel is summed over all layers.

    Raises:
        UndefinedProxyError: There is no pointwise activation, or two examples have the same code (det K = 0).
    """
    counts = coded(subject)
    if not counts:
        raise UndefinedProxyError("the network has no pointwise activation, so its examples have no binary codes")
    graph = code_graph(subject.trainable, list(counts))
    module = build(subject, graph)
    with torch.no_grad():
        answers = [run(module, inputs) for inputs in calls(subject)]
    axes = View.of(graph).batch
    kernel = np.zeros((subject.batch, subject.batch))
    for output, times, codes in zip(graph.outputs, counts.values(), zip(*answers, strict=True), strict=True):
        rows = [by_example(code, axes[output], subject.batch) for code in codes]
        kernel += times * agreements(torch.cat(rows))
    sign, value = np.linalg.slogdet(kernel)
    if sign <= 0 or not np.isfinite(value):
        raise UndefinedProxyError("examples have the same code everywhere, so the determinant of the kernel is 0")
    return float(value)


def agreements(codes: torch.Tensor) -> NDArray[np.float64]:
    """For each two examples the units in which their codes agree. Shapes: bool [B, U] -> float64 [B, B]."""
    signs = codes.float() * 2 - 1
    return ((signs @ signs.T).double().numpy() + codes.shape[1]) / 2


def coded(subject: Subject) -> dict[int, int]:
    """Positions of the values that pointwise activations read, and how often each counts; constants left out."""
    nodes, axes = subject.trainable.nodes, subject.view.batch
    layers = Counter(i for node in nodes if spec(node.op).kind in _LAYERS for i in set(node.inputs))
    found: Counter[int] = Counter()
    for i, node in enumerate(nodes):
        pointwise = spec(node.op).kind == "activation" and node.op not in _NOT_POINTWISE
        if pointwise and (subject.fixed or axes[i] is not None):
            found[node.inputs[0]] += max(1, layers[i])
    return found


def code_graph(graph: Graph, sources: Sequence[int]) -> Graph:
    """The network with binary codes as outputs: for each of `sources` whether its elements are positive."""
    nodes = [*graph.nodes, make_node("Constant", (), (), (), value=(0.0,))]
    zero = len(nodes) - 1
    nodes += [make_node("Greater", (source, zero), (graph.nodes[source].shape, ())) for source in sources]
    return Graph(tuple(nodes), tuple(range(zero + 1, len(nodes))))
