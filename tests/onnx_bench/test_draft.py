from __future__ import annotations

import gc

import pytest

from onnx_bench.builder import GraphBuilder
from onnx_bench.draft import Draft, DraftNode
from onnx_bench.errors import MalformedModelError
from onnx_bench.node import Graph


def diamond() -> Graph:
    b = GraphBuilder()
    x = b.conv(b.input((1, 3, 8, 8)), 4, 3)
    return b.build(b.sum([b.relu(x), x, x]))


def test_graphs_survive_a_draft() -> None:
    assert Draft.from_graph(diamond()).freeze() == diamond()


def test_users_are_counted() -> None:
    draft = Draft.from_graph(diamond())
    _, conv, relu, add = draft.nodes
    assert conv.users == {relu: 1, add: 2} and relu.only_user is add and conv.only_user is None
    assert add.only_user is draft.sink


def test_replacing_moves_every_reading_and_buries_what_is_unread() -> None:
    draft = Draft.from_graph(diamond())
    x, conv, relu, add = draft.nodes
    draft.replace(conv, x)
    assert add.inputs == [relu, x, x] and relu.inputs == [x] and x.users == {relu: 1, add: 2}
    assert conv.dead and not conv.inputs and not conv.users
    draft.replace(add, x)
    assert relu.dead and draft.outputs == [x] and x.users == {draft.sink: 1}
    draft.sort()
    assert draft.nodes == [x]


def test_a_reader_can_be_kept() -> None:
    draft = Draft.from_graph(diamond())
    _, conv, relu, add = draft.nodes
    draft.replace(conv, relu, keep=[relu])
    assert relu.inputs == [conv] and add.inputs == [relu, relu, relu] and not conv.dead


def test_a_node_may_become_another_in_place() -> None:
    draft = Draft.from_graph(diamond())
    conv, relu = draft.nodes[1:3]
    draft.become(relu, "LeakyRelu", alpha=0.2)
    assert relu.inputs == [conv] and dict(draft.freeze().nodes[2].attrs) == {"alpha": 0.2}


def test_sorting_drops_what_nothing_reads_but_inputs() -> None:
    b = GraphBuilder()
    x, unused = b.input((1, 4)), b.input((1, 4))
    b.add("Tanh", b.add("Sin", unused))
    draft = Draft.from_graph(b.build(b.add("Cos", x)))
    draft.sort()
    assert [n.op for n in draft.nodes] == ["Input", "Input", "Cos"]
    assert not draft.nodes[1].users


def test_appended_nodes_are_put_in_order() -> None:
    draft = Draft.from_graph(diamond())
    conv, relu = draft.nodes[1:3]
    tanh = draft.add("Tanh", [conv])
    draft.set_inputs(relu, [tanh])
    assert tanh.shape == conv.shape
    assert [n.op for n in draft.freeze().nodes] == ["Input", "Conv", "Tanh", "Relu", "Add"]


def test_a_cycle_is_an_error() -> None:
    draft = Draft.from_graph(diamond())
    _, conv, relu, _ = draft.nodes
    draft.set_inputs(conv, [draft.add("Tanh", [relu])])
    with pytest.raises(MalformedModelError, match="cycle"):
        draft.freeze()


def test_wide_fan_in_is_replaced_without_copying_the_counts_each_time() -> None:
    b = GraphBuilder()
    x = b.input((1, 1))
    parts = [b.add("Reshape", b.add("Tanh", x), shape=(1, 1)) for _ in range(4000)]
    draft = Draft.from_graph(b.build(b.add("Concat", *parts, axis=1)))
    for node in list(draft.nodes):
        if node.op == "Reshape":
            source = node.inputs[0]
            assert source is not None
            draft.replace(node, source)
    assert [n.op for n in draft.freeze().nodes].count("Tanh") == 4000


def test_a_dissolved_draft_leaves_nothing_to_the_garbage_collector() -> None:
    def alive() -> int:
        return sum(type(found) is DraftNode for found in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = alive()
        draft = Draft.from_graph(diamond())
        assert alive() == before + 5, "four nodes and the sink"
        draft.dissolve()
        del draft
        assert alive() == before
    finally:
        gc.enable()
