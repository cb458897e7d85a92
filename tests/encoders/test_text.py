"""The text form: round trip, folding, safety, errors."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.text import decode, encode, tokens, write
from onnx_bench.builder import GraphBuilder
from onnx_bench.errors import MalformedModelError, ModelTooLargeError, UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Graph, Node
from onnx_bench.ops import OPS
from onnx_bench.vocabulary import closed_attrs, closed_operator
from tests.encoders.random_graphs import image_graphs, odd_graphs


def closed(node: Node) -> tuple[object, ...]:
    """A node as it must come back; NaN compares equal to itself."""
    op = closed_operator(node.op)
    return (op, node.inputs, repr(closed_attrs(op, node.attrs)), node.shape, node.params, node.macs)


def assert_round_trip(graph: Graph) -> None:
    back = decode(write(graph))
    assert [closed(n) for n in back.nodes] == [closed(n) for n in graph.nodes]
    assert back.outputs == graph.outputs


@settings(max_examples=60, deadline=None)
@given(image_graphs())
def test_round_trip_of_networks(graph: Graph) -> None:
    assert_round_trip(graph)


@settings(max_examples=150, deadline=None)
@given(odd_graphs())
def test_round_trip_of_odd_graphs(graph: Graph) -> None:
    assert_round_trip(graph)


@settings(max_examples=100, deadline=None)
@given(odd_graphs())
def test_text_holds_nothing_but_known_words(graph: Graph) -> None:
    text = write(graph)
    assert "".join(tokens(text)) == re.sub(r"\s", "", text)
    assert not re.search(r"evil|Unheard|script|instructions|rm|\x1b|é", text)
