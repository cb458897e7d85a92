"""One number from whatever a network puts out, for proxies that differentiate it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from encoders.proxies.subject import Subject
from onnx_bench.ops import spec


def readouts(subject: Subject, outputs: Sequence[torch.Tensor], *, positive: bool = False) -> list[torch.Tensor]:
    """A scalar for each output that depends on a weight or an input to differentiate.

    Logits [B, C] are summed, as in the reference implementations. Anything else is a backbone without classifier, or
    normalised, so that its sum may be constant: its elements are summed with weights from N(0, 1) under the seed, the
    same for every example, as a random linear head would.

    Args:
        subject: What is measured.
        outputs: What its module gave for any number of examples.
        positive: Whether to take the weights' absolute values.
    """
    noise = torch.Generator().manual_seed(subject.seed)
    found = []
    for position, output in zip(subject.view.graph.outputs, outputs, strict=True):
        if not output.requires_grad:
            continue
        if _holds_logits(subject, position):
            found.append(output.sum())
            continue
        weights = torch.randn(subject.view.shape(position), generator=noise)
        found.append((output * _for_batch(subject, position, output, weights.abs() if positive else weights)).sum())
    return found


def _holds_logits(subject: Subject, position: int) -> bool:
    node = subject.view.node(position)
    return len(subject.view.shape(position)) == 2 and node.op != "Softmax" and spec(node.op).kind != "norm"


def _for_batch(subject: Subject, position: int, output: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The weights of one example, repeated for every example of `output`."""
    axis = subject.view.batch[position]
    if axis is None:
        return weights
    return torch.cat([weights] * (output.shape[axis] // weights.shape[axis]), dim=axis)
