"""Networks of the export table, read from an export: written in all three forms, which compute the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from onnx_bench.reader import read_graph
from onnx_bench.writers.onnx_writer import to_onnx
from onnx_bench.writers.torch_writer import to_module
from onnx_bench.writers.view import View
from tests.exports.exporters import Exports
from tests.exports.networks import NETWORKS
from tests.exports.table import export
from tests.onnx_bench.writers.running import (
    assert_same,
    load_weights,
    random_inputs,
    read_weights,
    run_module,
    run_onnx,
    session,
)


@pytest.mark.parametrize("name", NETWORKS)
def test_exported_network(name: str, export_cache: Path) -> None:
    cell = export(name, "ts17", Exports(name, export_cache))
    if cell.graph is None:
        pytest.skip(f"the exporter failed: {cell.failure}")
    graph = cell.graph
    assert read_graph(to_onnx(graph).SerializeToString(), trusted=True).fingerprint() == graph.fingerprint()
    model = to_onnx(graph, weights=True)
    module = load_weights(to_module(graph), read_weights(model))
    running = session(model)
    for batch in (1,) if View.of(graph).fixed_because else (1, 3):
        inputs = random_inputs(graph, batch)
        assert_same(run_module(module, inputs), run_onnx(running, inputs))
