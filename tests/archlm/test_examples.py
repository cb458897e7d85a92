"""The bundled network is what it claims to be."""

from __future__ import annotations

from pathlib import Path

import torch

from archlm.examples import resnet18
from onnx_bench.reader import read_graph
from onnx_bench.torch_export import export_module


def test_resnet18_has_the_parameters_of_the_paper() -> None:
    assert sum(p.numel() for p in resnet18.resnet18().parameters()) == 11_689_512


def test_the_file_is_the_network(example: Path = resnet18.FILE) -> None:
    data = export_module(resnet18.resnet18(), [torch.zeros(1, 3, 224, 224)])
    assert read_graph(example).fingerprint() == read_graph(data, trusted=True).fingerprint()


def test_the_file_holds_no_weights() -> None:
    assert resnet18.FILE.stat().st_size < 20_000
