"""No-ops, duplicates, operators that nothing is known of."""

from __future__ import annotations

from onnx_bench.passes.deduplicate_nodes import DeduplicateNodes
from onnx_bench.passes.qualify_foreign import QualifyForeign
from onnx_bench.passes.remove_no_ops import RemoveNoOps
from tests.onnx_bench.passes.drafts import IMAGE, Sketch, applied, only, ops


def test_identity_and_dropout_vanish() -> None:
    s = Sketch()
    x = s.op("Dropout", s.op("Identity", s.input()), s.number(0.5))
    assert ops(applied(RemoveNoOps(), s.done(s.op("Relu", x)))) == ["Relu"]


def test_a_mask_that_is_read_keeps_its_dropout() -> None:
    s = Sketch()
    x = s.op("Dropout", s.input())
    assert ops(applied(RemoveNoOps(), s.done(x, s.op("Output", x, index=1)))) == ["Dropout", "Output"]


def test_repetition_that_broadcasting_does_vanishes() -> None:
    s = Sketch()
    x = s.input()
    gate = s.op("Expand", s.input((1, 4, 1, 1)))
    tiled = s.op("Tile", s.input(), repeats=(1, 1, 1, 1))
    assert ops(applied(RemoveNoOps(), s.done(s.op("Mul", x, gate), tiled))) == ["Mul"]


def test_repetition_that_is_needed_stays() -> None:
    s = Sketch()
    wide = s.op("Tile", s.input((1, 4, 1, 8)), repeats=(1, 1, 8, 1))
    assert ops(applied(RemoveNoOps(), s.done(s.op("Mul", wide, s.number(2.0))))) == ["Expand", "Constant", "Mul"]


def test_equal_work_is_done_once() -> None:
    s = Sketch()
    x = s.input()
    a, b = s.op("Relu", x), s.op("Relu", x)
    y = s.op("Add", s.op("Mul", a, s.number(2.0)), s.op("Mul", b, s.number(2.0)))
    graph = applied(DeduplicateNodes(), s.done(y))
    assert ops(graph).count("Relu") == ops(graph).count("Mul") == 1
    assert len(set(only(graph, "Add").inputs)) == 1


def test_layers_with_weights_are_never_merged() -> None:
    s = Sketch()
    x, p, q = s.input(), s.held(4, 1, 1), s.held(4, 1, 1)
    pairs = [s.conv(x), s.conv(x), s.op("Mul", x, p), s.op("Mul", x, q), s.op("BatchNorm", x), s.op("BatchNorm", x)]
    draft = s.done(s.op("Add", *pairs))
    assert not DeduplicateNodes()(draft)


def test_unresolved_operators_are_set_apart() -> None:
    s = Sketch()
    y = s.op("Slice", s.input(), s.input((1,), "int"))
    y.shape = None  # which part is taken is only known when it runs
    graph = applied(QualifyForeign(), s.done(s.op("Relu", y, shape=None)))
    assert ops(graph) == ["ai.onnx::Slice", "Relu"]
    assert graph.nodes[0].shape == IMAGE
