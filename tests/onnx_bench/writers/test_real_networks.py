"""Real networks from the timm file: written and read back, and the smallest of them run."""

from __future__ import annotations

from pathlib import Path

import onnx
import pyarrow.parquet as pq
import pytest
import zstandard

from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph
from onnx_bench.writers.source_writer import to_source
from onnx_bench.writers.torch_writer import to_module
from tests.onnx_bench.writers.running import (
    assert_same,
    load_weights,
    random_inputs,
    read_weights,
    run_module,
    run_onnx,
    session,
)

RUN = ("resnet10t", "test_vit", "test_convnext3", "efficientvit_b0", "edgenext_xx_small")
WRITTEN = (*RUN, "densenet121", "crossvit_15_240", "swinv2_cr_tiny_ns_224", "mvitv2_tiny", "sequencer2d_s")


def network(folder: Path, name: str) -> ArchGraph:
    rows = pq.read_table(folder / "timm_onnx.parquet", filters=[("timm_base", "=", name)]).to_pylist()
    if not rows:
        pytest.skip(f"{name} is not among the recorded networks")
    return read_graph(zstandard.decompress(rows[0]["onnx"], max_output_size=1 << 26), trusted=True)


@pytest.mark.data
@pytest.mark.parametrize("name", WRITTEN)
def test_written_and_read_again(shared_data: Path, name: str) -> None:
    graph = network(shared_data, name)
    model = graph.to_onnx()
    onnx.checker.check_model(model, full_check=True)
    assert model.ByteSize() < 2**20
    assert read_graph(model.SerializeToString(), trusted=True).fingerprint() == graph.fingerprint()
    compile(to_source(graph), "network", "exec")


@pytest.mark.data
@pytest.mark.parametrize("name", RUN)
def test_file_and_module_compute_the_same(shared_data: Path, name: str) -> None:
    graph = network(shared_data, name)
    model = graph.to_onnx(weights=True)
    inputs = random_inputs(graph, 2)
    module = load_weights(to_module(graph), read_weights(model))
    assert_same(run_module(module, inputs), run_onnx(session(model), inputs))
