"""Exporting a module leaves it as it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from archlm.torch_export import export_module
from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.reader import read_graph


def test_training_flags_survive() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout())
    network[1].eval()
    export_module(network, [torch.zeros(1, 3, 8, 8)])
    assert [part.training for part in network] == [True, False, True] and network.training


def test_it_is_the_network_without_dropout() -> None:
    data = export_module(nn.Sequential(nn.Linear(4, 3), nn.Dropout(), nn.ReLU()), [torch.zeros(1, 4)])
    assert [node.op for node in read_graph(data, trusted=True).nodes] == ["Input", "Linear", "Relu"]


def test_a_failure_names_the_input() -> None:
    with pytest.raises(UnsupportedGraphError, match="Linear with input 1x5: RuntimeError"):
        export_module(nn.Linear(4, 3), [torch.zeros(1, 5)])
