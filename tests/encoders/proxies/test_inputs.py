"""Random inputs: seeded, of the right kind, images with the spectrum of natural ones."""

from __future__ import annotations

import numpy as np
import torch

from encoders.proxies.inputs import random_inputs, unit_inputs
from encoders.proxies.natural_noise import natural_noise
from onnx_bench.builder import GraphBuilder
from onnx_bench.node import Graph
from onnx_bench.writers.view import View


def view() -> View:
    """Embedded tokens, switched off by a mask, added to an image's mean."""
    pen = GraphBuilder()
    image, ids = pen.input((1, 3, 8, 8)), pen.input((1, 5), dtype="int")
    mask = pen.input((1, 5, 3), dtype="bool")
    rows = pen.add("Embedding", ids, entries=7, features=3)
    rows = pen.add("Where", mask, rows, pen.add("Constant", shape=(), value=(0.0,)))
    total = pen.add("Add", pen.add("ReduceMean", rows, axes=(1,), keepdims=False), pen.global_pool(image))
    return View.of(Graph(tuple(pen.nodes), (total,)))


def test_each_input_gets_its_kind() -> None:
    image, ids, mask = random_inputs(view(), 64, np.random.default_rng(0))
    assert (image.shape, image.dtype) == ((64, 3, 8, 8), torch.float32)
    assert ids.shape == (64, 5) and set(ids.flatten().tolist()) == set(range(7))
    assert mask.shape == (64, 5, 3) and bool(mask.all())


def test_the_generator_decides() -> None:
    first, again, other = (random_inputs(view(), 4, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0]) and not torch.equal(first[1], other[1])


def test_unit_inputs_are_ones_in_double_precision() -> None:
    image, ids, mask = unit_inputs(view())
    assert torch.equal(image, torch.ones(1, 3, 8, 8, dtype=torch.float64))
    assert ids.tolist() == [[1] * 5] and bool(mask.all())


def test_natural_noise_falls_with_frequency() -> None:
    """Amplitude as 1/f: of two octaves the higher has the same power, so a mode of it a quarter."""
    images = natural_noise((60, 1, 64, 64), np.random.default_rng(0))
    power = (np.abs(np.fft.fft2(images * np.hanning(64)[:, None] * np.hanning(64))) ** 2).mean((0, 1))
    rows = np.fft.fftfreq(64)
    frequency = np.hypot(rows[:, None], rows[None])
    bands = [power[(frequency >= low) & (frequency < 2 * low)].mean() for low in (1 / 16, 1 / 8)]
    assert 0.2 < bands[1] / bands[0] < 0.3


def test_natural_noise_is_standard_and_its_channels_correlate() -> None:
    images = natural_noise((120, 3, 16, 24), np.random.default_rng(0))
    assert images.shape == (120, 3, 16, 24) and abs(images.std() - 1) < 1e-4
    assert abs(images.mean()) < 0.15
    correlation = np.corrcoef(images.transpose(1, 0, 2, 3).reshape(3, -1))
    assert np.allclose(correlation[np.triu_indices(3, 1)], 0.9, atol=0.03)


def test_white_noise_on_demand() -> None:
    image = random_inputs(view(), 200, np.random.default_rng(0), white=True)[0]
    left, right = image[..., :-1].flatten(), image[..., 1:].flatten()
    assert abs(float(torch.corrcoef(torch.stack([left, right]))[0, 1])) < 0.03
