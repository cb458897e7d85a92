"""Zen against the expected size of a random linear map."""

from __future__ import annotations

from math import log, sqrt

import pytest

from encoders.proxies import zen
from encoders.proxies.subject import Subject
from onnx_bench.builder import GraphBuilder
from onnx_bench.errors import UndefinedProxyError
from tests.encoders.proxies.networks import chain, network, small_cnn, tokens


def test_a_gaussian_map_scales_noise_by_the_root_of_its_size() -> None:
    """|alpha W e| for W of 400 x 100 and e of 100 standard normals is alpha * sqrt(400 * 100), give or take 10 %."""
    score = zen.score(Subject(chain(100, 400), batch=16, seed=0))
    assert score == pytest.approx(log(0.01 * sqrt(400 * 100)), abs=0.1)


@pytest.mark.parametrize("normed", [True, False])
def test_the_scale_that_batch_norms_take_is_restored(normed: bool) -> None:
    """A normed convolution scores as the plain one: 8 x 8 positions, each a map of 16 inputs to 256 channels."""

    def draw(pen: GraphBuilder) -> int:
        x = pen.conv(pen.input((1, 16, 8, 8)), 256, 1, bias=False, batch_norm=normed)
        return pen.add("ReduceMean", x, axes=(2, 3), keepdims=False)

    score = zen.score(Subject(network(draw), batch=8, seed=0))
    assert score == pytest.approx(log(0.01 * sqrt(16 * 256 * 64)), abs=0.1)


def test_features_are_what_the_last_pool_reads() -> None:
    features = zen.features_before_pool(small_cnn())
    assert [(features.nodes[o].op, features.nodes[o].shape) for o in features.outputs] == [("Relu", (1, 6, 8, 8))]


def test_a_network_without_pool_is_left_whole() -> None:
    graph = chain(4, 3)
    assert zen.features_before_pool(graph).outputs == graph.outputs


def test_tokens_cannot_be_moved_a_little() -> None:
    with pytest.raises(UndefinedProxyError, match="react"):
        zen.score(Subject(tokens(), batch=3, seed=0))
