"""Jacov: how differently the network's outputs depend on the inputs of different examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from encoders.proxies.network import build, calls, run
from encoders.proxies.readout import readouts
from encoders.proxies.subject import Subject
from onnx_bench.errors import UndefinedProxyError
from onnx_bench.writers.structure import Structure

_SMALL = 1e-5
"""Added to every eigenvalue; the authors' value."""


def score(subject: Subject) -> float:
    """- sum over i of (log(v_i + k) + 1 / (v_i + k)), v the eigenvalues of the correlation matrix of the Jacobian.

    Row b of the Jacobian is the gradient of the sum of the logits (of other outputs: of what `readout` makes of them)
    with respect to the inputs of example b; for integer inputs, with respect to the rows of the embeddings that they
    choose. Batch norms use the statistics of the batch, k = 1e-5. The maximum, about -B, is reached where no two
    examples correlate.

    Source: Mellor et al., Neural Architecture Search without Training, arXiv:2006.04647v1, section 3; called jacob_cov
    by Abdelfattah et al., ICLR 2021.

    Raises:
        UndefinedProxyError: No output depends on an input that can be differentiated, or the gradient of an example
            is constant, so that it correlates with nothing.
    """
    module = build(subject)
    return correlation_score(np.concatenate([_jacobian(subject, module, inputs) for inputs in calls(subject)]))


def correlation_score(jacobian: NDArray[np.floating]) -> float:
    """The score of a Jacobian. Shapes: [B, D].

    Raises:
        UndefinedProxyError: A row is constant or not finite.
    """
    rows = jacobian.astype(np.float64)
    if not np.isfinite(rows).all() or (np.ptp(rows, axis=1) == 0).any():
        raise UndefinedProxyError("the gradient of an example with respect to its input is constant or not finite")
    values = np.linalg.eigvalsh(np.corrcoef(rows)) + _SMALL
    return float(-np.sum(np.log(values) + 1 / values))


def _jacobian(subject: Subject, module: nn.Module, inputs: Sequence[torch.Tensor]) -> NDArray[np.float32]:
    """Gradients, one row for each example of the call. Shapes: [B, D]."""
    leaves = _differentiable(subject, inputs)
    with _embedded(subject, module) as embedded:
        outputs = readouts(subject, run(module, inputs))
    leaves += embedded
    gradients = torch.autograd.grad(outputs, leaves, allow_unused=True) if outputs and leaves else ()
    examples = 1 if subject.fixed else subject.batch
    rows = [gradient.reshape(examples, -1) for gradient in gradients if gradient is not None]
    if not rows:
        raise UndefinedProxyError("no output depends on an input that can be differentiated")
    return torch.cat(rows, 1).numpy()


def _differentiable(subject: Subject, inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The float inputs that hold the examples, made to be differentiated. Their batch axis is the first."""
    graph, axes = subject.trainable, subject.view.batch
    positions = [i for i, node in enumerate(graph.nodes) if node.op == "Input"]
    return [
        x.requires_grad_() for i, x in zip(positions, inputs, strict=True)
        if x.is_floating_point() and (subject.fixed or axes[i] is not None)
    ]  # fmt: skip


@contextmanager
def _embedded(subject: Subject, module: nn.Module) -> Iterator[list[torch.Tensor]]:
    """Inside, collect what embeddings give for the examples. Shapes: [B, ..., D]."""
    view, found = subject.view, list[torch.Tensor]()
    hooks = [
        module.get_submodule(name).register_forward_hook(lambda _layer, _inputs, output: found.append(output))
        for position, name in Structure.flat(view).names.items()
        if view.node(position).op == "Embedding" and (subject.fixed or view.batch[position] == 0)
    ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()
