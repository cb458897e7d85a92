"""Layer norm over [C, 1, 1], and over what was reshaped, in every opset."""

from __future__ import annotations

import io

import onnx
import pytest
import torch
from torch import Tensor, nn

from onnx_bench.graph import ArchGraph
from onnx_bench.importing.importer import import_model
from tests.exports.exporters import quiet
from tests.onnx_bench.importing.models import imported


def exported(module: nn.Module, *inputs: Tensor, opset: int) -> ArchGraph:
    buffer = io.BytesIO()
    with quiet():
        torch.onnx.export(module.eval(), inputs, buffer, dynamo=False, opset_version=opset)
    return import_model(onnx.load_model_from_string(buffer.getvalue())).normalise()


class GlobalContext(nn.Module):
    """The transform of GCNet: a norm over the channels of an image of one pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm([6, 1, 1])
        self.inner, self.outer = nn.Conv2d(8, 6, 1), nn.Conv2d(6, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.outer(torch.relu(self.norm(self.inner(x.mean((2, 3), keepdim=True)))))


class Flattened(nn.Module):
    """A norm over the pixels of each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(8, 4, 3), nn.LayerNorm(9), nn.Linear(36, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.conv(x).flatten(2)).flatten(1))


class Compared(nn.Module):
    """Comparisons that opsets before 12 write by their opposites."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x >= 0.5, x, torch.where(x <= -0.5, x * x, 0.1 * x))


@pytest.mark.parametrize("module", [GlobalContext(), Flattened(), Compared()], ids=lambda m: type(m).__name__)
def test_opsets_agree(module: nn.Module) -> None:
    graphs = [exported(module, torch.randn(1, 8, 5, 5), opset=opset) for opset in (9, 13, 17)]
    assert len({graph.fingerprint() for graph in graphs}) == 1
    assert {graph.params for graph in graphs} == {sum(p.numel() for p in module.parameters())}
    written = {node.op for graph in graphs for node in graph.nodes}
    assert not written & {"Sub", "Not", "RMSNorm"}


def test_gather_of_all_positions_is_no_operator() -> None:
    """What the dynamo exporter writes behind the pooling of permuted images."""
    pooled = "m = ReduceMean <axes = [2, 3]> (x)"
    gathered = imported(
        f"{pooled} flat = Constant <value_ints = [-1]> () f = Reshape (m, flat) g = Gather (f, i) y = Relu (g)",
        inputs="float[1,4,5,5] x", stored="int64[1,4,1,1] i = {0, 1, 2, 3}", opset=13,
    )  # fmt: skip
    plain = imported(f"{pooled} y = Relu (m)", inputs="float[1,4,5,5] x", opset=13)
    assert gathered.fingerprint() == plain.fingerprint()
