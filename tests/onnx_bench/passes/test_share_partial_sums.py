"""Sums written with and without common subexpressions are one graph."""

from __future__ import annotations

from onnx_bench.builder import GraphBuilder
from onnx_bench.draft import Draft
from onnx_bench.fingerprint import fingerprint
from onnx_bench.node import Graph
from onnx_bench.normalise import normalise
from onnx_bench.passes.share_partial_sums import SharePartialSums


def branches(b: GraphBuilder, number: int) -> list[int]:
    x = b.input((1, 4, 8, 8))
    return [b.conv(b.relu(x), 4, kernel) for kernel in range(1, 2 * number, 2)]


def network(b: GraphBuilder, short: int, long: int) -> Graph:
    """Both sums are read by a layer of their own, so that neither is written into another sum."""
    return b.build(b.concat([b.conv(short, 4, 1), b.conv(long, 4, 1)]))


def test_a_sum_within_a_sum_is_shared_whatever_the_file_did() -> None:
    written_out, shared = GraphBuilder(), GraphBuilder()
    p, q, r = branches(written_out, 3)
    graph = network(written_out, written_out.sum([p, q]), written_out.sum([p, r, q]))
    p, q, r = branches(shared, 3)
    short = shared.sum([p, q])
    expected = network(shared, short, shared.sum([short, r]))
    assert fingerprint(normalise(graph)[0]) == fingerprint(normalise(expected)[0])
    assert normalise(graph)[0].nodes == normalise(expected)[0].nodes


def test_the_longest_part_is_taken() -> None:
    b = GraphBuilder()
    p, q, r, s = branches(b, 4)
    sums = [b.sum([p, q]), b.sum([p, q, r]), b.sum([p, q, r, s])]
    graph = b.build(b.concat([b.conv(x, 4, 1) for x in sums]))
    adds = [node for node in normalise(graph)[0].nodes if node.op == "Add"]
    assert [len(node.inputs) for node in adds] == [2, 2, 2]


def test_sums_that_only_overlap_stay() -> None:
    b = GraphBuilder()
    p, q, r, s = branches(b, 4)
    draft = Draft.from_graph(network(b, b.sum([p, q]), b.sum([p, r, s])))
    assert not SharePartialSums()(draft)


def test_a_repeated_operand_counts_twice() -> None:
    b = GraphBuilder()
    p, q = branches(b, 2)
    draft = Draft.from_graph(network(b, b.sum([p, p]), b.sum([p, q, q])))
    assert not SharePartialSums()(draft)


def test_a_sum_added_to_itself_is_one_sum() -> None:
    written_out, shared = GraphBuilder(), GraphBuilder()
    p, q = branches(written_out, 2)
    graph = written_out.build(written_out.relu(written_out.sum([p, q, q, p])))
    p, q = branches(shared, 2)
    half = shared.sum([p, q])
    expected = shared.build(shared.relu(shared.sum([half, half])))
    assert normalise(graph)[0].nodes == normalise(expected)[0].nodes


def test_the_pass_is_idempotent() -> None:
    b = GraphBuilder()
    p, q, r = branches(b, 3)
    draft = Draft.from_graph(network(b, b.sum([p, q, p, q]), b.sum([p, q, r])))
    assert SharePartialSums()(draft)
    assert not SharePartialSums()(draft)
