"""What may be asked about: every form of a network that people hold, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from archlm.items import as_graph, as_graphs, as_list, from_space
from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.graph import ArchGraph
from onnx_bench.torch_export import export_module

MODULE = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU())
IMAGE = torch.zeros(1, 3, 8, 8)
FINGERPRINT = as_graph((MODULE, IMAGE)).fingerprint()


class Two(nn.Module):
    def forward(self, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        return x * scale


def onnx_model(form: type | None = None) -> Any:
    import onnx

    data = export_module(MODULE, [IMAGE])
    return onnx.ModelProto.FromString(data) if form is None else form(data)


@pytest.mark.parametrize("item", [
    onnx_model(bytes), onnx_model(bytearray), onnx_model(memoryview), onnx_model(), (MODULE, [IMAGE]),
    (MODULE, {"input": IMAGE}), (torch.compile(MODULE), IMAGE), (nn.DataParallel(MODULE), IMAGE),
    (torch.jit.trace(MODULE.eval(), IMAGE), IMAGE),
], ids=["bytes", "bytearray", "memoryview", "model", "list", "keywords", "compiled", "parallel", "traced"])  # fmt: skip
def test_one_network_in_every_form(item: Any) -> None:
    assert as_graph(item).fingerprint() == FINGERPRINT


@pytest.mark.parametrize("inputs", [(IMAGE, torch.ones(1)), [IMAGE, torch.ones(1)], (IMAGE, {"scale": torch.ones(1)})])
def test_several_inputs(inputs: Any) -> None:
    assert len(as_graph((Two(), inputs)).inputs) == 2


@pytest.mark.parametrize(("item", "found"), [
    (MODULE, "Sequential"), (None, "NoneType"), (3, "int"), ((nn.Linear, IMAGE), "the class Linear"),
    ((MODULE, (1, 3, 8, 8)), "input int, int, int, int"), ((MODULE, IMAGE[:, :2]), "input 1x2x8x8"),
    ((MODULE, {"x": IMAGE}), "input x=1x3x8x8"), ((MODULE, ()), "no arguments"),
    (("nats_size", None), "found NoneType: is its cell empty"),
])  # fmt: skip
def test_what_is_no_network_is_an_error_of_that_item_alone(item: Any, found: str) -> None:
    wrong, right = as_graphs([item, ("nats_size", "8:8:8:8:8")])
    assert isinstance(wrong, UnsupportedGraphError) and found in str(wrong)
    assert isinstance(right, ArchGraph)


@pytest.mark.parametrize("item", [
    "net.onnx", b"net", bytearray(b"net"), MODULE, (MODULE, IMAGE), None, onnx_model(), ("nats_size", "8:8:8:8:8"),
])  # fmt: skip
def test_what_stands_alone_is_a_list_of_one(item: Any) -> None:
    assert as_list(item) == [item]


def test_two_names_are_two_files() -> None:
    assert as_list(("a.onnx", "b.onnx")) == ["a.onnx", "b.onnx"]


def test_a_drawn_network_as_it_was_trained_knows_its_canonical_form() -> None:
    arch = "|none~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|none~2|"
    graph = from_space("nasbench201", arch, as_trained=True)
    passed = replace(graph, canonical=None).normalise()
    assert not graph.normalised and graph.renamed("other").normalise().name == "other"
    assert graph.normalise().fingerprint() == passed.fingerprint()
    assert (graph.normalise().stored_params, graph.normalise().warnings) == (passed.stored_params, passed.warnings)
