"""Cells from independent torch models, exported, equal the graphs that the spaces build."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch
from torch import nn

from onnx_bench import spaces
from onnx_bench.importing.importer import import_model
from tests.exports.exporters import quiet
from tests.exports.nasbench_torch import NasBench101, NasBench201

MODELS: dict[str, Callable[[str], nn.Module]] = {"nasbench101": NasBench101, "nasbench201": NasBench201}


def exported_fingerprint(space: str, arch: str) -> str:
    buffer = io.BytesIO()
    with quiet():
        module = MODELS[space](arch).eval()
        torch.onnx.export(module, (torch.zeros(1, 3, 32, 32),), buffer, dynamo=False, opset_version=17)
    return import_model(onnx.load_model_from_string(buffer.getvalue())).fingerprint()


def mismatches(space: str, archs: list[str]) -> list[str]:
    built = spaces.get(space)
    return [a for a in archs if built.build(a).fingerprint() != exported_fingerprint(space, a)]


def draw(space: str, count: int) -> list[str]:
    rng = random.Random(0)
    return [spaces.get(space).sample(rng) for _ in range(count)]


@pytest.mark.parametrize("space", MODELS)
def test_sampled_cells_equal_their_exports(space: str) -> None:
    assert mismatches(space, draw(space, 8)) == []


@pytest.mark.slow
@pytest.mark.parametrize("space", MODELS)
def test_two_hundred_cells_equal_their_exports(space: str) -> None:
    assert mismatches(space, draw(space, 200)) == []


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("space", MODELS)
def test_recorded_cells_equal_their_exports(space: str, shared_data: Path) -> None:
    import pandas

    records = pandas.read_parquet(shared_data / f"{space}.parquet", columns=["arch"])
    assert mismatches(space, list(records.arch.sample(200, random_state=0))) == []


@pytest.mark.parametrize("arch", [
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_1x1~2|",
    "|none~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|",
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|",
])  # fmt: skip
def test_cells_with_dead_edges_equal_their_exports(arch: str) -> None:
    assert mismatches("nasbench201", [arch]) == []
