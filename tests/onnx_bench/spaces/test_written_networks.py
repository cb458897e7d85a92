"""Networks of every space leave as ONNX and as PyTorch source, and are still themselves."""

from __future__ import annotations

import random

import pytest
import torch

from onnx_bench import spaces
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph
from tests.onnx_bench.spaces.cases import DRAWN, of
from tests.onnx_bench.writers.running import (
    assert_same,
    load_weights,
    random_inputs,
    read_weights,
    run_module,
    run_onnx,
    session,
)


def from_source(graph: ArchGraph) -> torch.nn.Module:
    namespace: dict[str, type[torch.nn.Module]] = {"__name__": "source"}  # type: ignore[dict-item]
    exec(graph.to_source(class_name="Written"), namespace)
    return namespace["Written"]().eval()


def check(name: str, number: int, seed: int) -> None:
    space, rng = spaces.get(name, **getattr(of(name), "SMALL", {})), random.Random(seed)
    for _ in range(number):
        graph = space.build(space.sample(rng))
        file = graph.to_onnx().SerializeToString()
        assert read_graph(file, trusted=True).fingerprint() == graph.fingerprint(), graph.name
        model = graph.to_onnx(weights=True)
        module = load_weights(from_source(graph), read_weights(model))
        inputs = random_inputs(graph, batch=1)
        tolerance = getattr(of(name), "TOLERANCE", 1e-4)
        assert_same(run_module(module, inputs), run_onnx(session(model), inputs), tolerance)


@pytest.mark.parametrize("name", DRAWN)
def test_written_networks_are_the_same(name: str) -> None:
    check(name, number=2, seed=11)


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
def test_two_hundred_written_networks_are_the_same(name: str) -> None:
    check(name, number=200, seed=12)
