"""Grad-norm against gradients of linear networks written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from encoders.proxies import grad_norm
from encoders.proxies.network import build, calls
from encoders.proxies.subject import Subject
from onnx_bench.errors import UndefinedProxyError
from tests.encoders.proxies.networks import chain, network


def test_cross_entropy_of_random_labels() -> None:
    subject = Subject(chain(6, 5), batch=7, seed=4)
    (x,) = calls(subject)[0]
    (weight,) = build(subject).parameters()
    labels = np.random.default_rng((4, 1)).integers(0, 5, 7)
    shares = torch.softmax(x @ weight.T, dim=1).detach().numpy()
    shares[range(7), labels] -= 1
    assert grad_norm.score(subject) == pytest.approx(np.linalg.norm(shares.T @ x.numpy() / 7), rel=1e-5)


def test_without_classes_the_mean_output_is_the_loss() -> None:
    """W2 W1 x averaged: the gradients are W2' m' and W1 m for the mean input m."""
    subject = Subject(chain(6, 4, 1), batch=7, seed=0)
    mean = calls(subject)[0][0].numpy().mean(0)
    first, second = (p.detach().numpy() for p in build(subject).parameters())
    expected = np.linalg.norm(np.outer(second, mean)) + np.linalg.norm(first @ mean)
    assert grad_norm.score(subject) == pytest.approx(expected, rel=1e-5)


def test_no_weight_no_gradient() -> None:
    with pytest.raises(UndefinedProxyError, match="no gradient"):
        grad_norm.score(Subject(network(lambda pen: pen.relu(pen.input((1, 4)))), batch=2, seed=0))
