"""Whole networks: the nine of the onnx wheel and the exported timm models."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from onnx_bench.importing.importer import import_model

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
PARAMS = {
    "bvlc_alexnet": 60_965_224, "densenet121": 8_062_504, "inception_v1": 6_998_552, "inception_v2": 11_214_888,
    "resnet50": 25_557_032, "shufflenet": 1_393_320, "squeezenet": 1_235_496, "vgg19": 143_667_240,
    "zfnet512": 87_250_536,
}  # fmt: skip


@pytest.mark.parametrize("name", PARAMS)
def test_light_networks(name: str) -> None:
    """Their weights are ConstantOfShape nodes."""
    graph = import_model(onnx.ModelProto.FromString((LIGHT / f"light_{name}.onnx").read_bytes()), name)
    out = graph.nodes[graph.outputs[0]].shape
    assert out is not None
    assert out[:2] == (1, 1000)
    assert graph.params == PARAMS[name]
    assert graph.warnings == ()
    assert all(n.shape is not None for n in graph.nodes)


@pytest.mark.data
@pytest.mark.parametrize("step", [29, pytest.param(1, marks=pytest.mark.slow)])
def test_timm_networks(shared_data: Path, step: int) -> None:
    """All shapes are known; four files hold an Expand that cannot be run."""
    parquet = pytest.importorskip("pyarrow.parquet")
    zstandard = pytest.importorskip("zstandard")
    table = parquet.read_table(shared_data / "timm_onnx.parquet", columns=["timm_base", "onnx"])
    for name, data in list(zip(*(table[c].to_pylist() for c in table.column_names), strict=True))[::step]:
        graph = import_model(onnx.ModelProto.FromString(zstandard.ZstdDecompressor().decompress(data)), name)
        assert graph.nodes[graph.outputs[0]].shape in ((1, 1000), (1, 11221), (1, 21841)), name
        assert all(n.shape is not None for n in graph.nodes), name
        assert not graph.warnings or "rope_mixed" in name, (name, graph.warnings)
