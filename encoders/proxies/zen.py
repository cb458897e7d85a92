"""Zen: how strongly the features before the last pooling react to a small change of a Gaussian input."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, log, prod

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from encoders.proxies.layers import layer_weights
from encoders.proxies.network import build, by_example, calls, run
from encoders.proxies.subject import Subject
from onnx_bench.errors import UndefinedProxyError
from onnx_bench.node import Graph
from onnx_bench.ops import spec
from onnx_bench.writers.view import View

ALPHA = 0.01
"""Size of the change; the authors' value."""

_AFTER_POOL = ("linear", "layout", "activation", "norm")


def score(subject: Subject) -> float:
    """log E ||f(x) - f(x + alpha e)|| + sum over batch norms of log sqrt(mean over channels of the batch variance).

    f is the network up to its last global pooling (see `features_before_pool`), weights of layers drawn from N(0, 1),
    biases 0; x and e are white Gaussian noise, alpha = 0.01, the norm is Frobenius', the mean is over the batch.
    Batch norms use the statistics of the batch; the second term restores the scale that they take away. Other norms,
    for which the paper has no such term, stay as they are, and so do shortcuts, as in the authors' code.

    Source: Lin et al., Zen-NAS: A Zero-Shot NAS for High-Performance Image Recognition, ICCV 2021, arXiv:2102.01063,
    algorithm 1.

    Raises:
        UndefinedProxyError: There is no float input to change, the features do not react, or they are not finite.
    """
    graph = features_before_pool(subject.trainable)
    module, batches = build(subject, graph), calls(subject, white=True)
    noise = torch.Generator().manual_seed(subject.seed)
    norms = _prepare(module, noise)
    axis = View.of(graph).batch[graph.outputs[0]]
    reactions, scale = [], 0.0
    with torch.no_grad():
        for inputs in batches:
            before = run(module, inputs)[0]
            scale += _log_scale(norms) / len(batches)
            after = run(module, [_moved(x, noise) for x in inputs])[0]
            reactions.append(by_example(before - after, axis, subject.batch).norm(dim=1))
    reaction = float(torch.cat(reactions).mean())
    if not 0 < reaction < float("inf") or not isfinite(scale):
        raise UndefinedProxyError(f"the features react by {reaction} and batch norms scale by exp({scale})")
    return log(reaction) + scale


def features_before_pool(graph: Graph) -> Graph:
    """The network up to what its last global pooling reads.

    Found by walking back from the first output along first operands, past linear maps, activations, norms and changes
    of layout, to the reduction or the pool that leaves one position. A network without one is left whole.
    """
    i = graph.outputs[0]
    while graph.nodes[i].inputs and spec(graph.nodes[i].op).kind in _AFTER_POOL:
        i = graph.nodes[i].inputs[0]
    node, kind = graph.nodes[i], spec(graph.nodes[i].op).kind
    pools = kind == "reduce" or (kind == "pool" and node.shape is not None and prod(node.shape[2:]) == 1)
    return Graph(graph.nodes, (node.inputs[0],) if pools else graph.outputs[:1])


def _prepare(module: nn.Module, noise: torch.Generator) -> list[_BatchNorm]:
    """Draw the weights, and let the running variance of each batch norm be that of the last batch."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.rpartition(".")[2].startswith("bias"):
                parameter.zero_()
        for weight in layer_weights(module):
            weight.normal_(generator=noise)
    norms = [layer for layer in module.modules() if isinstance(layer, _BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
    return norms


def _log_scale(norms: Sequence[_BatchNorm]) -> float:
    variances = [float(norm.running_var.mean()) for norm in norms if norm.running_var is not None]
    return sum(log(variance) / 2 if variance > 0 else float("-inf") for variance in variances)


def _moved(x: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
    return x + ALPHA * torch.randn(x.shape, generator=noise) if x.is_floating_point() else x
