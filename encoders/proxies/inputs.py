"""What a network is run on: seeded random inputs, and inputs of ones."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from encoders.proxies.natural_noise import natural_noise
from onnx_bench.writers.source_writer import index_bound
from onnx_bench.writers.view import View

_DTYPES = {"float": torch.float64, "int": torch.int64, "bool": torch.bool}


def random_inputs(view: View, batch: int, rng: np.random.Generator, *, white: bool = False) -> list[torch.Tensor]:
    """One tensor for each input of the network.

    Floats are Gaussian noise of mean 0 and variance 1, with the spectrum of natural images where they are images
    [B, C, H, W], otherwise white; integers are uniform over the rows of the embeddings that read them; booleans are
    true.

    Args:
        view: The network.
        batch: Examples.
        rng: The only source of randomness.
        white: Whether images are white noise too.
    """
    return [torch.from_numpy(_noise(view, i, batch, rng, white)) for i in _inputs(view)]


def unit_inputs(view: View) -> list[torch.Tensor]:
    """One example of ones, in double precision where it is of floats, for each input of the network."""
    return [torch.ones(view.shape(i), dtype=_DTYPES[view.dtypes[i]]) for i in _inputs(view)]


def _inputs(view: View) -> list[int]:
    return [i for i, node in enumerate(view.graph.nodes) if node.op == "Input"]


def _noise(view: View, position: int, batch: int, rng: np.random.Generator, white: bool) -> NDArray[np.generic]:
    shape, axis = list(view.shape(position)), view.batch[position]
    if axis is not None:
        shape[axis] *= batch
    match view.dtypes[position]:
        case "int":
            return rng.integers(0, index_bound(view, position), shape)
        case "bool":
            return np.ones(shape, np.bool_)
        case _ if len(shape) == 4 and min(shape[2:]) > 1 and not white:
            return natural_noise(tuple(shape), rng)
        case _:
            return rng.standard_normal(shape, np.float32)
