"""NASWOT against Hamming distances counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from encoders.proxies import naswot
from encoders.proxies.network import build, calls
from encoders.proxies.subject import Subject
from onnx_bench.builder import GraphBuilder
from onnx_bench.errors import UndefinedProxyError
from onnx_bench.graph import ArchGraph
from tests.encoders.proxies.networks import chain, network, perceptron, small_cnn


def test_agreements_of_two_codes() -> None:
    codes = torch.tensor([[True, False, True], [True, True, True]])
    assert naswot.agreements(codes).tolist() == [[3, 2], [2, 3]]


def hidden(subject: Subject) -> np.ndarray:
    """Pre-activations of `perceptron`. Shapes: [B, width]."""
    weight, bias = (tensor.detach().numpy() for tensor in list(build(subject).parameters())[:2])
    return calls(subject)[0][0].numpy() @ weight.T + bias


@pytest.mark.parametrize("activation", ["Relu", "Gelu", "Tanh"])
def test_units_less_hamming_distance(activation: str) -> None:
    subject = Subject(perceptron(activation, width=64), batch=6, seed=3)
    codes = [[value > 0 for value in row] for row in hidden(subject)]
    kernel = [[64 - sum(p != q for p, q in zip(a, b, strict=True)) for b in codes] for a in codes]
    assert naswot.score(subject) == pytest.approx(np.linalg.slogdet(np.array(kernel, float))[1])


def test_an_activation_counts_once_for_each_layer_that_reads_it() -> None:
    """Two readers double the kernel, so its log determinant grows by B log 2; a shortcut is no layer."""

    def draw(layers: int) -> ArchGraph:
        def network_of(pen: GraphBuilder) -> int:
            x = pen.relu(pen.linear(pen.input((1, 12)), 64))
            return pen.sum([x, *(pen.linear(x, 64) for _ in range(layers))])

        return network(network_of)

    one, two = (naswot.score(Subject(draw(layers), batch=6, seed=3)) for layers in (1, 2))
    assert two - one == pytest.approx(6 * np.log(2))


def test_order_of_the_batch_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = Subject(small_cnn(), batch=8, seed=0)
    before = naswot.score(subject)
    flipped = [[x.flip(0) for x in inputs] for inputs in calls(subject)]
    monkeypatch.setattr(naswot, "calls", lambda _: flipped)
    assert naswot.score(subject) == pytest.approx(before, rel=1e-6)


def test_without_activation_there_are_no_codes() -> None:
    with pytest.raises(UndefinedProxyError, match="no pointwise activation"):
        naswot.score(Subject(chain(5, 4, 3), batch=4, seed=0))


def test_equal_codes_have_no_determinant() -> None:
    with pytest.raises(UndefinedProxyError, match="same code"):
        naswot.score(Subject(perceptron(width=1), batch=16, seed=0))
