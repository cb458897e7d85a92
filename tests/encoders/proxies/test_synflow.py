"""Synflow against the product of absolute weights."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from encoders.proxies import synflow
from encoders.proxies.network import build
from encoders.proxies.subject import Subject
from onnx_bench.builder import GraphBuilder
from onnx_bench.errors import UndefinedProxyError
from tests.encoders.proxies.networks import chain, network, perceptron


def absolute(subject: Subject) -> list[np.ndarray]:
    return [np.abs(p.detach().numpy().astype(float)) for p in build(subject).parameters()]


@pytest.mark.parametrize("widths", [(3, 2), (4, 6, 5, 3)])
def test_a_chain_is_a_product(widths: tuple[int, ...]) -> None:
    """Every layer carries the whole flow, so the sum over the weights is the product times the number of layers."""
    subject = Subject(chain(*widths), batch=2, seed=5)
    product = np.ones(widths[0])
    for weight in absolute(subject):
        product = weight @ product
    assert synflow.score(subject) == pytest.approx(log((len(widths) - 1) * product.sum()))


def test_biases_carry_flow_into_later_layers() -> None:
    subject = Subject(perceptron(), batch=2, seed=1)
    w1, b1, w2, _ = absolute(subject)
    expected = (w2 @ w1).sum() + (w2 @ (w1.sum(1) + b1)).sum()
    assert synflow.score(subject) == pytest.approx(log(expected))


def test_batch_norms_are_the_identity_but_for_epsilon() -> None:
    def draw(pen: GraphBuilder) -> int:
        x = pen.relu(pen.conv(pen.input((1, 2, 5, 5)), 4, 1, batch_norm=True))
        return pen.add("ReduceMean", x, axes=(2, 3), keepdims=False)

    subject = Subject(network(draw), batch=2, seed=0)
    expected = absolute(subject)[0].sum() / np.sqrt(1 + 1e-5)
    assert synflow.score(subject) == pytest.approx(log(expected))


def test_nothing_flows_without_weights() -> None:
    with pytest.raises(UndefinedProxyError, match="no finite logarithm"):
        synflow.score(Subject(network(lambda pen: pen.relu(pen.input((1, 4)))), batch=2, seed=0))
