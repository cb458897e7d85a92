"""Grad-norm: how large the gradient of the loss is on the first batch."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np
import torch
import torch.nn.functional as F

from encoders.proxies.layers import layer_weights
from encoders.proxies.network import build, calls, run
from encoders.proxies.readout import readouts
from encoders.proxies.subject import Subject
from onnx_bench.errors import UndefinedProxyError

_LABELS = 1
"""Tells the random stream of the labels from that of the inputs."""


def score(subject: Subject) -> float:
    """Sum over layers of the Euclidean norm of the gradient of the loss with respect to the layer's weight.

    The loss is the mean cross entropy with uniform random labels where the network has one output [B, C] of C > 1
    classes, otherwise what `readout` makes of the outputs, divided by the batch. Batch norms use the statistics of the
    batch.

    Source: Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021, arXiv:2101.08134, section 3.1.

    Raises:
        UndefinedProxyError: The loss depends on no layer weight, or the norm is not finite.
    """
    module, batches = build(subject), calls(subject)
    labels = np.random.default_rng((subject.seed, _LABELS))
    for inputs in batches:
        torch.autograd.backward(_loss(subject, run(module, inputs), labels) / len(batches))
    norms = [float(w.grad.norm()) for w in layer_weights(module) if w.grad is not None]
    if not norms or not isfinite(sum(norms)):
        raise UndefinedProxyError(f"{len(norms)} layer weights have a gradient; their norms add up to {sum(norms)}")
    return sum(norms)


def _loss(subject: Subject, outputs: Sequence[torch.Tensor], labels: np.random.Generator) -> torch.Tensor:
    terms = readouts(subject, outputs)
    if not terms:
        raise UndefinedProxyError("no output depends on a weight, so there is no gradient")
    output = outputs[0]
    if len(outputs) == 1 and output.dim() == 2 and output.shape[1] > 1:
        return F.cross_entropy(output, torch.from_numpy(labels.integers(0, output.shape[1], output.shape[0])))
    return torch.stack(terms).sum() / (1 if subject.fixed else subject.batch)
