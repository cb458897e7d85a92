"""The audit bounds what a model becomes without expanding it."""

from __future__ import annotations

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx_bench.errors import MalformedModelError, ModelTooLargeError
from onnx_bench.reading.arrange import arrange
from onnx_bench.reading.audit import audit
from onnx_bench.reading.calls import Calls
from onnx_bench.reading.order import topological_order
from tests import hostile


@given(depth=st.integers(1, 6), calls=st.integers(1, 4))
@settings(deadline=None, max_examples=30)
def test_counted_nodes_are_those_of_the_expansion(depth: int, calls: int) -> None:
    made = hostile.functions(depth, calls)
    size = Calls(made.functions).measure(made.graph.node, 0)
    expanded = arrange(made, audit(made).unsorted)
    assert size.nodes == len(expanded.graph.node) == calls ** (depth - 1)
    assert size.depth == depth
    assert not expanded.functions


def test_a_wide_bomb_is_counted_too() -> None:
    """32 levels of 100 calls: a count that is not remembered would never end."""
    with pytest.raises(ModelTooLargeError, match=f"{100**31:,} nodes"):
        audit(hostile.functions(32, 100))


@given(st.permutations(range(12)))
@settings(deadline=None)
def test_any_order_of_nodes_is_put_right(order: list[int]) -> None:
    made = hostile.chain(12)
    nodes = [made.graph.node[i] for i in order]
    copies = [onnx.NodeProto.FromString(n.SerializeToString()) for n in nodes]
    del made.graph.node[:]
    made.graph.node.extend(copies)
    arranged = arrange(made, audit(made).unsorted)
    assert [n.output[0] for n in arranged.graph.node] == [f"v{i}" for i in range(12)]


def test_a_cycle_has_no_order() -> None:
    made = hostile.model([hostile.node("Relu", ["b"], ["a"]), hostile.node("Relu", ["a"], ["b"])])
    with pytest.raises(MalformedModelError, match="cycle"):
        topological_order(made.graph.node)


def test_sorted_models_need_no_sorting() -> None:
    assert audit(hostile.chain(50)).unsorted == []
