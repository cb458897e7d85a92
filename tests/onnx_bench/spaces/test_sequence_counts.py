"""Counts of transformers and recurrent networks against the recorded ones, on every row."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from onnx_bench import spaces
from onnx_bench.spaces import autoformer, pit
from onnx_bench.spaces.bert import Bert, Encoder, arch_string

pytestmark = pytest.mark.data


@pytest.mark.parametrize(("task", "column", "rows"), [
    ("wikitext-2", "wikitext2_params", 340), ("ptb", "ptb_params", 308),
])  # fmt: skip
def test_recurrent_networks(shared_data: Path, task: str, column: str, rows: int) -> None:
    table = pd.read_parquet(shared_data / "rnn.parquet").dropna(subset=[column])
    space = spaces.get("rnn")
    wrong = [a for a, p in zip(table.arch, table[column], strict=True)
             if space.build(a, task=task, normalised=False).params != p]  # fmt: skip
    assert (len(table), wrong) == (rows, [])


def linear(width_in: int, width: int) -> int:
    return width_in * width + width


def port_surplus(layer: dict[str, Any], hidden: int) -> int:
    """Parameters of a published layer in the PyTorch port, less those of scaled dot-product attention."""
    operation, parameter, heads = layer["operation_type"], layer["operation_parameter"], layer["num_operation_heads"]
    if operation == "SA":
        return hidden * hidden if parameter == "WMA" else 0
    if operation == "LT":  # one projection; neither an output projection nor a norm
        return linear(hidden, hidden) - 4 * linear(hidden, hidden) - 2 * hidden
    half, kept = hidden // 2, heads // 2  # half of the heads attend, the others convolve
    separable = hidden * parameter + hidden * half + half
    return 4 * linear(hidden, half) + separable + linear(half, kept * parameter) - 3 * linear(hidden, hidden)


def test_bert(shared_data: Path) -> None:
    """`params_pytorch_port` counts the encoder of another network than the one that was trained and measured.

    The port builds the published operations, feed-forward layers that are all 1,024 wide, and a hidden size of 256
    whatever the architecture says. With these three undone its counts are those of the space, on every row.
    """
    table = pd.read_parquet(shared_data / "bert.parquet")
    space = Bert()
    for published, effective, recorded in zip(table.arch, table.arch_effective, table.params_pytorch_port, strict=True):
        assert arch_string(space.parse(published)) == effective
        assert arch_string(space.parse(effective)) == effective
        layers = [layer._replace(ffn_dims=(1024,) * len(layer.ffn_dims)) for layer in space.parse(effective).layers]
        port = space.build(arch_string(Encoder(256, tuple(layers))), normalised=False).params
        surplus = sum(port_surplus(layer, 256) for layer in json.loads(published)["encoder_layers"])
        assert port + surplus == recorded, published
    assert len(table) == 500


@pytest.mark.parametrize(("name", "rows", "write"), [
    ("autoformer", 200, autoformer.arch_string), ("pit", 100, pit.arch_string),
])  # fmt: skip
def test_recorded_vision_transformers_are_of_the_space(
    shared_data: Path, name: str, rows: int, write: Callable[[Any], str]
) -> None:
    """The records have no counts for them; see `test_sequence_exports` for independent ones."""
    table = pd.read_parquet(shared_data / f"{name}.parquet", columns=["arch"])
    space = spaces.get(name)
    assert [write(space.parse(arch)) for arch in table.arch] == list(table.arch)
    assert len(table) == rows
