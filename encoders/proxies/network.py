"""A `Subject` as a torch module on its random batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from encoders.proxies.inputs import random_inputs
from encoders.proxies.subject import Subject
from onnx_bench.errors import UndefinedProxyError, UnsupportedGraphError
from onnx_bench.node import Graph
from onnx_bench.writers.structure import Structure
from onnx_bench.writers.torch_writer import to_module
from onnx_bench.writers.view import View
from onnx_bench.writers.weights import initial_weights


def build(subject: Subject, graph: Graph | None = None) -> nn.Module:
    """A fresh module in training mode, weights as PyTorch initialises them under the seed.

    Tensors that no layer holds (class tokens, position embeddings) have no default in PyTorch and are drawn as
    `onnx_bench.writers.weights` does.

    Args:
        subject: What is measured.
        graph: What to write instead of `subject.trainable`: the same nodes with other outputs.

    Raises:
        UnsupportedGraphError: The network has no PyTorch form.
        ModelTooLargeError: It has too many weights.
    """
    graph = subject.trainable if graph is None else graph
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(subject.seed)
        module = to_module(graph, blocks=False)
    if any(node.op == "Parameter" for node in graph.nodes):
        _draw_bare_tensors(module, graph, subject.seed)
    return module.train()


def _draw_bare_tensors(module: nn.Module, graph: Graph, seed: int) -> None:
    view = View.of(graph)
    structure = Structure.flat(view)
    drawn, held = initial_weights(view, structure, seed), module.state_dict()
    for position, name in structure.names.items():
        if view.node(position).op == "Parameter":
            held[name].copy_(torch.from_numpy(drawn[name]))


def calls(subject: Subject, *, white: bool = False) -> list[list[torch.Tensor]]:
    """The arguments of the calls that together make the batch: one call; or one per example of a fixed network.

    Args:
        subject: What is measured.
        white: Whether images are white noise (see `random_inputs`).
    """
    rng = np.random.default_rng(subject.seed)
    if subject.fixed:
        return [random_inputs(subject.view, 1, rng, white=white) for _ in range(subject.batch)]
    return [random_inputs(subject.view, subject.batch, rng, white=white)]


def run(module: nn.Module, inputs: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """The outputs of one call.

    Raises:
        UndefinedProxyError: A batch norm gets a single value per channel, so that there is no variance to divide by.
        UnsupportedGraphError: The network does not run on these inputs.
    """
    try:
        outputs = module(*inputs)
    except ValueError as error:
        raise UndefinedProxyError(f"a batch norm has nothing to average over ({error}); take a larger batch") from error
    except (IndexError, RuntimeError) as error:
        raise UnsupportedGraphError(f"the network does not run on random inputs: {error}") from error
    return outputs if isinstance(outputs, tuple) else (outputs,)


def by_example(value: torch.Tensor, axis: int | None, batch: int) -> torch.Tensor:
    """One row for each example; along the batch axis the batch is the slower index.

    Args:
        value: An output.
        axis: Its batch axis; `None` where the whole value belongs to one example.
        batch: Examples.

    Shapes: [...] -> [batch, D], [1, D] without an axis.
    """
    return value.reshape(1, -1) if axis is None else value.movedim(axis, 0).reshape(batch, -1)
