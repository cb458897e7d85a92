"""If, Loop, Scan, sequences and optional tensors."""

from __future__ import annotations

import pytest

from tests.onnx_bench.importing.models import imported, operators, output, the

BRANCHES = """y = If (c) <
    then_branch = t () => (float[1,3,8,8] p) { p = Relu (x) },
    else_branch = e () => (float[1,3,8,8] q) { r = Conv (x, w) q = Sigmoid (r) }
>"""


def test_a_certain_branch_is_inlined() -> None:
    for value, ops in ((1, ["Relu"]), (0, ["Conv", "Sigmoid"])):
        graph = imported(BRANCHES, stored=f"bool c = {{{value}}}; float[3,3,1,1] w")
        assert operators(graph) == ops
        assert not graph.warnings


def test_a_condition_that_shapes_decide_is_certain() -> None:
    body = "s = Shape (x) n = Gather (s, i) c = Equal (n, i) " + BRANCHES
    assert operators(imported(body, stored="int64 i = {1}; float[3,3,1,1] w")) == ["Conv", "Sigmoid"]


def test_an_open_condition_stays_one_operator() -> None:
    graph = imported(BRANCHES, inputs="float[1,3,8,8] x, bool c", stored="float[3,3,1,1] w")
    node = the(graph, "If")
    assert (node.inputs, node.shape, node.params) == ((1, 0), (1, 3, 8, 8), 9)
    assert graph.warnings == ("If: kept as one operator, its inside is not described",)


def test_loop_keeps_the_shapes_that_a_turn_keeps() -> None:
    body = """y, z = Loop (n, , x) <body = b (int64 i, bool c, float[1,4] s) => (bool d, float[1,4] t, float[1,4] u) {
        d = Identity (k) t = MatMul (s, w) u = Relu (t) }>"""
    graph = imported(body, inputs="float[1,4] x", outputs="float y, float z",
                     stored="int64 n = {5}; bool k = {1}; float[4,4] w")  # fmt: skip
    assert (the(graph, "Loop").shape, the(graph, "Output").shape) == ((1, 4), (5, 1, 4))
    assert the(graph, "Loop").params == 16


GATHERING = """q = SequenceEmpty ()
    r = Loop (n, k, q) <body = b (int64 i, bool c, seq(float[1,N,4]) s) => (bool d, seq(float[1,N,4]) t) {
        one = Constant <value_int = 1> () j = Add (i, one) axes = Constant <value_ints = [1]> ()
        from = Gather (cuts, i) to = Gather (cuts, j) a1 = Constant <value_ints = [0]> ()
        start = Unsqueeze (from, a1) end = Unsqueeze (to, a1)
        part = Slice (x, start, end, axes) t = SequenceInsert (s, part) d = Identity (k) }>
    l = Constant <value_int = -1> () z = SequenceAt (r, l) y = Relu (z)"""


def test_a_loop_that_gathers_parts_is_written_out() -> None:
    """torch.tensor_split by the TorchScript exporter; all layers behind it were left out."""
    graph = imported(GATHERING, inputs="float[1,9,4] x",
                     stored="int64 n = {2}; bool k = {1}; int64[3] cuts = {0, 2, 5}")  # fmt: skip
    assert operators(graph.normalise()) == ["Slice", "Relu"] and output(graph).shape == (1, 3, 4)
    assert graph.warnings == ()


def test_turns_of_other_shapes_are_read_at_batch_1() -> None:
    """Each turn has tensors of its own, of the same names in the file."""
    body = GATHERING.replace("t = SequenceInsert (s, part)", "h = Relu (part) t = SequenceInsert (s, h)")
    for batch in (1, 2):
        graph = imported(body.replace("[1,N,4]", f"[{batch},N,4]"), inputs=f"float[{batch},9,4] x",
                         stored="int64 n = {2}; bool k = {1}; int64[3] cuts = {0, 2, 9}")  # fmt: skip
        assert output(graph).shape == (1, 7, 4) and graph.warnings == ()


@pytest.mark.parametrize(("condition", "count"), [("k = {0}", 0), ("k = {1}", 1)])
def test_a_loop_that_ends_early(condition: str, count: int) -> None:
    body = """q = SequenceConstruct (x)
        r = Loop (n, k, q) <body = b (int64 i, bool c, seq(float[1,9,4]) s) => (bool d, seq(float[1,9,4]) t) {
            h = Relu (x) t = SequenceInsert (s, h) d = Less (i, zero) }> y = ConcatFromSequence <axis = 1> (r)"""
    graph = imported(body, inputs="float[1,9,4] x", stored=f"int64 n = {{5}}; bool {condition}; int64 zero = {{0}}")
    assert output(graph).shape == (1, 9 * (1 + count), 4) and graph.warnings == ()


@pytest.mark.parametrize("body", [
    "t = SplitToSequence <axis = 1, keepdims = 0> (x)",
    "b = If (k) <then_branch = e () => (float[1,900,4] v) {" + " ".join(
        f"{f'v{i + 1}' if i < 199 else 'v'} = Relu ({f'v{i}' if i else 'x'})" for i in range(200)
    ) + "}, else_branch = f () => (float[1,900,4] u) { u = Identity (x) }> t = SequenceInsert (s, b)",
])  # fmt: skip
def test_what_a_turn_makes_counts_towards_the_limit(body: str) -> None:
    """A file of 400 bytes came to 600,000 nodes: branches and members of sequences were not counted."""
    loop = f"""q = SequenceEmpty ()
        r = Loop (n, k, q) <body = b (int64 i, bool c, seq(float[1,A,4]) s) => (bool d, seq(float[1,A,4]) t) {{
            {body} d = Identity (k) }}> y = SequenceLength (r)"""
    graph = imported(loop, inputs="float[1,900,4] x", outputs="int64 y", stored="int64 n = {100}; bool k = {1}")
    assert "Loop: kept as one operator, its inside is not described" in graph.warnings
    assert len(graph.nodes) < 10


def test_a_loop_of_too_many_turns_stays_one_operator() -> None:
    graph = imported(GATHERING, inputs="float[1,9,4] x",
                     stored="int64 n = {1000000000}; bool k = {1}; int64[3] cuts = {0, 2, 5}")  # fmt: skip
    assert "Loop: kept as one operator, its inside is not described" in graph.warnings


def test_scan_stacks_its_outputs() -> None:
    body = """x = Squeeze (x1)
        h, y = Scan <body = b (float[3] s, float[3] e) => (float[3] t, float[3] o) { t = Add (s, e) o = Relu (t) },
                     num_scan_inputs = 1> (z, x)"""
    graph = imported(body, inputs="float[1,7,3] x1", outputs="float h, float y", stored="float[3] z")
    assert (the(graph, "Scan").shape, output(graph).shape, the(graph, "Output").shape) == ((3,), (3,), (7, 3))


def test_members_of_sequences_are_followed() -> None:
    body = """q = SplitToSequence <axis = 1, keepdims = 0> (x) a = SequenceAt (q, i) b = SequenceAt (q, j)
              r = SequenceConstruct (a, b) s = SequenceInsert (r, a)
              y = ConcatFromSequence <axis = 0, new_axis = 1> (s)"""
    graph = imported(body, inputs="float[1,3,4] x", stored="int64 i = {0}; int64 j = {-1}")
    assert output(graph).op == "Concat"
    assert output(graph).shape == (3, 1, 4)


def test_optional_tensors_are_the_tensors() -> None:
    graph = imported("o = Optional (x) e = OptionalGetElement (o) y = Relu (e)")
    assert operators(graph) == ["Relu"]
