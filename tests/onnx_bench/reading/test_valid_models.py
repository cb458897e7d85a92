"""Real and synthetic models that are well-formed are read without a failure of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest

from onnx_bench.errors import ReaderFailureError, UnsupportedGraphError, UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph, read_many

# Parameters of the published networks; classic counts, weights of batch norms with running statistics left out.
LIGHT = {
    "bvlc_alexnet": 60_965_224, "densenet121": 8_062_504, "inception_v1": 6_998_552, "inception_v2": 11_214_888,
    "resnet50": 25_557_032, "shufflenet": 1_393_320, "squeezenet": 1_235_496, "vgg19": 143_667_240,
    "zfnet512": 87_250_536,
}  # fmt: skip


PADDED_MASKS = {  # attention masks shorter than the keys, which the operator pads
    "test_attention_4d_diff_heads_mask4d_padded_kv", "test_attention_4d_padded_kv_bf16",
    "test_attention_4d_causal_padded_kv_bf16",
}  # fmt: skip


@pytest.mark.parametrize("name", LIGHT)
def test_light_networks_of_the_onnx_wheel(name: str) -> None:
    path = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / f"light_{name}.onnx"
    raw = read_graph(path, normalised=False)
    assert raw.params == LIGHT[name]
    graph = read_graph(path)
    assert graph.stored_params == LIGHT[name]
    assert graph.name == f"light_{name}"
    assert graph.macs > 1e8
    assert not graph.warnings


def test_onnx_node_cases(node_cases: list[Any]) -> None:
    assert len(node_cases) > 1800
    failed: dict[str, str] = {}
    unsupported: set[str] = set()
    for case in node_cases:
        data = case.model.SerializeToString()
        try:
            graph = read_graph(data, trusted=True)
            assert ArchGraph.from_bytes(graph.to_bytes()) == graph
        except UnsupportedGraphError:
            unsupported.add(case.name)
        except UserInputError as error:
            failed[case.name] = f"{type(error).__name__}: {error}"
    assert failed == {}
    assert unsupported <= PADDED_MASKS


@pytest.mark.data
@pytest.mark.slow
def test_timm_networks(shared_data: Path) -> None:
    import pandas as pd
    import zstandard

    table = pd.read_parquet(shared_data / "timm_onnx.parquet")
    models = (zstandard.ZstdDecompressor().decompress(blob, max_output_size=1 << 30) for blob in table["onnx"])
    results = list(read_many(models, trusted=True))
    assert len(results) == len(table)
    failures = {name: r for name, r in zip(table["timm_base"], results, strict=True) if not isinstance(r, ArchGraph)}
    assert not any(isinstance(r, ReaderFailureError) for r in failures.values())
    assert failures == {}
