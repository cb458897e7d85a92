"""A module without blocks is the same function with other names."""

from __future__ import annotations

import pytest

from onnx_bench.writers.torch_writer import to_module
from tests.onnx_bench.writers.graphs import GRAPHS
from tests.onnx_bench.writers.running import assert_same, random_inputs, run_module


@pytest.mark.parametrize("name", ["blocks", "class_token", "constants", "initial_states", "pools", "windows"])
def test_blocks_change_names_alone(name: str) -> None:
    graph = GRAPHS[name]()
    nested, flat = to_module(graph), to_module(graph, blocks=False)
    held = list(nested.state_dict().values())
    assert [v.shape for v in held] == [v.shape for v in flat.state_dict().values()]
    flat.load_state_dict(dict(zip(flat.state_dict(), held, strict=True)))
    inputs = random_inputs(graph, batch=1)
    assert_same(run_module(flat, inputs), run_module(nested, inputs))


def test_without_blocks_there_are_no_submodules_of_submodules() -> None:
    nested, flat = (to_module(GRAPHS["blocks"](), blocks=blocks) for blocks in (True, False))
    assert any("." in name for name, _ in nested.named_modules())
    assert not any("." in name for name, _ in flat.named_modules())
