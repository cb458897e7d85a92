"""Exporting a module leaves it as it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.reader import read_graph
from onnx_bench.torch_export import export_module, read_module


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, x, need_weights=False)[0]


class Inverse(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.linalg.pinv(x)  # ONNX has no such operator


class Folded(nn.Module):
    """Overlapping patches folded back into an image of the size it had, as VOLO does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        patches = nn.functional.unfold(x, 3, padding=1, stride=2)
        return nn.functional.fold(patches, x.shape[2:], 3, padding=1, stride=2)


class WrittenOut(nn.Module):
    """`nn.RMSNorm(4)` in arithmetic."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


def normed(norm: nn.Module) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(2), nn.Linear(9, 4), norm
    )


def test_what_only_the_newer_exporter_knows_is_exported_by_that(capfd: pytest.CaptureFixture[str]) -> None:
    example = [torch.zeros(1, 3, 5, 5)]
    found, same = (
        read_graph(export_module(normed(norm), example), trusted=True)
        for norm in (nn.RMSNorm(4, eps=1e-6), WrittenOut())
    )
    assert found.fingerprint() == same.fingerprint()  # batch norms of an untrained network are not lost
    assert capfd.readouterr() == ("", "")


def test_without_onnxscript_the_error_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnx_bench.torch_export.find_spec", lambda name: None)
    with pytest.raises(UnsupportedGraphError, match=r"rms_norm.*needs onnxscript"):
        export_module(nn.RMSNorm(4), [torch.zeros(1, 4)])


def test_what_the_usual_exporter_fails_on_is_exported_by_the_newer_one() -> None:
    graph = read_module(nn.Sequential(Folded(), nn.Conv2d(3, 4, 1)), [torch.zeros(1, 3, 8, 8)])
    assert graph.params == 3 * 4 + 4 and graph.nodes[-1].shape == (1, 4, 8, 8)


def test_a_network_above_what_one_file_holds_is_the_same_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    network, example = normed(nn.Linear(4, 500)), [torch.zeros(1, 3, 5, 5)]
    small = read_module(network, example)
    monkeypatch.setattr("onnx_bench.torch_export.IN_MEMORY", 0)
    assert read_module(network, example).fingerprint() == small.fingerprint()


@pytest.mark.slow
def test_a_network_of_two_gibibytes() -> None:
    linear = nn.utils.skip_init(nn.Linear, 20_000, 27_000, bias=False)
    nn.init.zeros_(linear.weight)
    graph = read_module(nn.Sequential(linear, nn.ReLU()), [torch.zeros(1, 20_000)])
    assert graph.params == 20_000 * 27_000


def test_training_flags_survive() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout())
    network[1].eval()
    export_module(network, [torch.zeros(1, 3, 8, 8)])
    assert [part.training for part in network] == [True, False, True] and network.training


def test_it_is_the_network_without_dropout() -> None:
    data = export_module(nn.Sequential(nn.Linear(4, 3), nn.Dropout(), nn.ReLU()), [torch.zeros(1, 4)])
    assert [node.op for node in read_graph(data, trusted=True).nodes] == ["Input", "Linear", "Relu"]


def test_a_failure_names_the_input_and_prints_nothing_between_answers(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnsupportedGraphError, match="Linear with input 1x5: RuntimeError"):
        export_module(nn.Linear(4, 3), [torch.zeros(1, 5)])
    with pytest.raises(UnsupportedGraphError, match="UnsupportedOperatorError"):
        export_module(Inverse(), [torch.eye(3)])
    assert capfd.readouterr() == ("", "")


def test_batch_norms_stay() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.Dropout())
    graph = read_module(network, [torch.zeros(1, 3, 8, 8)], normalised=False)
    assert "BatchNormalization" in [node.op for node in graph.nodes]
    assert graph.params == 116


def test_attention_is_exported_although_pytorch_has_a_faster_way_to_run_it() -> None:
    assert torch.backends.mha.get_fastpath_enabled()
    graph = read_graph(export_module(SelfAttention(), [torch.zeros(1, 5, 8)]), trusted=True)
    assert "Attention" in [node.op for node in graph.nodes]
    assert graph.params == 4 * (8 * 8 + 8)
    assert torch.backends.mha.get_fastpath_enabled()


class Windowed(nn.Module):
    """Scores with a table of relative positions, as Swin has them, and a fixed table of absolute ones."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(2 * 8 - 1, 2))
        self.register_buffer("index", torch.arange(8)[:, None] - torch.arange(8)[None] + 7)
        self.register_buffer("fixed", torch.randn(1, 8, 16))
        self.q, self.k = nn.Linear(16, 16), nn.Linear(16, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.fixed
        q, k = (part(x).view(-1, 8, 2, 8).transpose(1, 2) for part in (self.q, self.k))
        bias = self.table[self.index.view(-1)].view(8, 8, 2).permute(2, 0, 1)
        return (q @ k.transpose(2, 3) + bias).softmax(-1)


def test_a_module_says_how_many_parameters_it_has() -> None:
    """A file does not tell it: batch norms are folded, and what nobody learns is stored beside what is learned."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4))
    graph = read_module(network, [torch.zeros(1, 3, 8, 8)])
    assert (graph.params, graph.stored_params) == (112, 116)
    graph = read_module(Windowed(), [torch.zeros(1, 8, 16)])
    assert graph.stored_params == 2 * (16 * 16 + 16) + 30
    assert graph.params == graph.stored_params + 8 * 16  # a file does not tell a fixed table from a learned one
