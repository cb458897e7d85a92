"""Jacov against Jacobians written out."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from encoders.proxies import jacov
from encoders.proxies.network import build, calls
from encoders.proxies.subject import Subject
from onnx_bench.builder import GraphBuilder
from onnx_bench.errors import UndefinedProxyError
from tests.encoders.proxies.networks import chain, network, perceptron, tokens

K = 1e-5


def test_equal_rows_have_one_eigenvalue() -> None:
    """A linear network has the same gradient everywhere: eigenvalues B, 0, ..., 0."""
    expected = -(log(4 + K) + 1 / (4 + K)) - 3 * (log(K) + 1 / K)
    assert jacov.score(Subject(chain(6, 5, 3), batch=4, seed=0)) == pytest.approx(expected, rel=1e-6)


def test_rows_that_do_not_correlate_give_the_maximum() -> None:
    rows = np.array([[1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1.0]])
    assert jacov.correlation_score(rows) == pytest.approx(-3 * (log(1 + K) + 1 / (1 + K)))


def test_perceptron() -> None:
    """The gradient of the sum of the outputs is the sum of the output weights through the open units."""
    subject = Subject(perceptron(), batch=5, seed=2)
    w1, b1, w2, _ = (p.detach().double().numpy() for p in build(subject).parameters())
    x = calls(subject)[0][0].double().numpy()
    rows = ((x @ w1.T + b1 > 0) * w2.sum(0)) @ w1
    centred = rows - rows.mean(1, keepdims=True)
    correlation = centred @ centred.T / np.outer(*[np.linalg.norm(centred, axis=1)] * 2)
    values = np.linalg.eigvals(correlation).real
    assert jacov.score(subject) == pytest.approx(-sum(log(v + K) + 1 / (v + K) for v in values), rel=1e-4)


def test_tokens_are_differentiated_where_they_are_embedded() -> None:
    subject = Subject(tokens(), batch=4, seed=0)
    (ids,) = calls(subject)[0]
    module = build(subject)
    table = module.embedding1.weight.detach()
    leaf = table[ids].requires_grad_()
    module.embedding1.register_forward_hook(lambda *_: leaf)
    module(ids).sum().backward()
    assert leaf.grad is not None
    expected = jacov.correlation_score(leaf.grad.reshape(4, -1).numpy())
    assert jacov.score(subject) == pytest.approx(expected, rel=1e-6)


def test_a_constant_gradient_correlates_with_nothing() -> None:
    with pytest.raises(UndefinedProxyError, match="constant"):
        jacov.correlation_score(np.ones((3, 4)))


def test_integers_that_nothing_embeds_cannot_be_differentiated() -> None:
    def draw(pen: GraphBuilder) -> int:
        return pen.add("Cast", pen.input((1, 4), dtype="int"), to="float")

    with pytest.raises(UndefinedProxyError, match="can be differentiated"):
        jacov.score(Subject(network(draw), batch=3, seed=0))
