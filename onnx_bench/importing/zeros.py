"""What zeros in a file mean: a gate that training has yet to open, what code starts from, or a bias that is none."""

from __future__ import annotations

from math import prod

import numpy as np

from onnx_bench.importing.tensor import Tensor, is_filled


def is_zero(value: np.ndarray) -> bool:
    """Whether all of it is zero."""
    return not (value[(0,) * value.ndim] if is_filled(value) else value.any())


def is_gate(factor: Tensor) -> bool:
    """Whether a factor is a learned scalar that starts at zero; numbers in the code of a network have no axes."""
    value = factor.value
    return value is not None and value.ndim > 0 and value.size == 1 and factor.dtype == "float" and is_zero(value)


def is_start(tensor: Tensor, slot: str) -> bool:
    """Whether stored zeros are what code starts from, as the dynamo exporter writes `torch.zeros`, and not learned.

    A factor of zeros may be a scale for each channel that training has yet to open; one of several axes is a state.
    """
    value = tensor.value
    if value is None or tensor.dtype != "float" or not is_zero(value):
        return False
    return slot == "target" or sum(size != 1 for size in value.shape) > 1


def is_nothing(factor: Tensor, other: Tensor) -> bool:
    """Whether a held factor is what a state starts from: whatever it multiplies is zero.

    Stored zeros are one beside learned factors (the decay of a state); what a number scales may be a position table
    that training has yet to fill.
    """
    value = factor.value
    if value is None or factor.dtype != "float" or value.size < 2 or not is_zero(value):
        return False
    several = other.shape is not None and prod(other.shape) > 1
    return not factor.sources or (several and is_start(factor, "factor"))


def is_idle(bias: Tensor, weights: Tensor | None) -> bool:
    """Whether a file with weights computes zeros in the place of a bias: the network has none."""
    held = weights is not None and weights.node < 0 and not weights.sources
    return not held and not bias.sources and bias.value is not None and is_zero(bias.value)
