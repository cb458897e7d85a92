"""A file made for a batch gives the graph of a file made for batch 1."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx_bench.graph import ArchGraph
from tests.onnx_bench.importing.models import imported, output


def _ints(name: str, *values: int) -> str:
    return f"int64[{len(values)}] {name} = {{{', '.join(map(str, values))}}}; "


def vision_transformer(batch: int, heads: int, tokens: int) -> ArchGraph:
    """Class token written out for the batch, attention with heads split and merged by constant targets."""
    width = 4 * heads
    body = """c = Concat <axis = 1> (token, x) p = Add (c, pos) q = MatMul (p, wq)
              r = Reshape (q, split) t = Transpose <perm = [2, 0, 3, 1, 4]> (r)
              a, b, v = Split <axis = 0> (t, thirds)
              a1 = Squeeze (a, zero) b1 = Squeeze (b, zero) v1 = Squeeze (v, zero)
              b2 = Transpose <perm = [0, 1, 3, 2]> (b1) l = MatMul (a1, b2) m = Add (l, mask)
              s = Softmax <axis = -1> (m)
              o = MatMul (s, v1) o1 = Transpose <perm = [0, 2, 1, 3]> (o) y = Reshape (o1, merge)"""
    stored = (
        f"float[{batch},1,{width}] token; float[1,{tokens + 1},{width}] pos; float[{width},{3 * width}] wq; "
        f"bool[1,1,1,1] unused; float[{batch},1,{tokens + 1},{tokens + 1}] mask; "
        + _ints("split", batch, tokens + 1, 3, heads, 4) + _ints("thirds", 1, 1, 1) + _ints("zero", 0)
        + _ints("merge", batch, tokens + 1, width)
    )  # fmt: skip
    return imported(body, inputs=f"float[{batch},{tokens},{width}] x", stored=stored, opset=17)


def windows(batch: int, side: int, window: int) -> ArchGraph:
    """Windows folded into the batch axis and back, with a mask per window, as in Swin."""
    n, per = side * window, side * side
    body = """a = Reshape (x, s1) b = Transpose <perm = [0, 1, 3, 2, 4, 5]> (a) c = Reshape (b, s2)
              d = Transpose <perm = [0, 2, 1]> (c) e = MatMul (c, d) f = Reshape (e, s3) g = Add (f, mask)
              h = Reshape (g, s4) i = Softmax <axis = -1> (h) j = MatMul (i, c) k = Reshape (j, s5)
              l = Transpose <perm = [0, 1, 3, 2, 4, 5]> (k) y = Reshape (l, s6)"""
    w2 = window * window
    stored = (
        f"float[{per},{w2},{w2}] mask; " + _ints("s1", batch, side, window, side, window, 8)
        + _ints("s2", batch * per, w2, 8) + _ints("s3", batch, per, w2, w2) + _ints("s4", -1, w2, w2)
        + _ints("s5", batch, side, side, window, window, 8) + _ints("s6", batch, n, n, 8)
    )  # fmt: skip
    return imported(body, inputs=f"float[{batch},{n},{n},8] x", stored=stored, opset=17)


def time_major(batch: int, length: int, width: int) -> ArchGraph:
    """Time and batch folded into one axis with the batch inside, as in nn.MultiheadAttention."""
    body = """t = Transpose <perm = [1, 0, 2]> (x) f = Reshape (t, flat) g = Gemm (f, w, b) h = Relu (g)
              r = Reshape (h, back) y = Transpose <perm = [1, 0, 2]> (r)"""
    stored = (
        f"float[{width},{width}] w; float[{width}] b; " + _ints("flat", length * batch, width)
        + _ints("back", length, batch, width)
    )  # fmt: skip
    return imported(body, inputs=f"float[{batch},{length},{width}] x", stored=stored, opset=17)


def recurrent(batch: int, length: int, hidden: int) -> ArchGraph:
    """Initial states written out for the batch, queries expanded to it, sizes of a resize stated with it."""
    body = """t = Transpose <perm = [1, 0, 2]> (x) s, h, c = LSTM <hidden_size = 6> (t, w, r, b, , h0, c0)
              e = Expand (q, many) m = Transpose <perm = [1, 2, 0]> (h) y = Concat <axis = 1> (e, m)"""
    stored = (
        f"float[1,24,4] w; float[1,24,6] r; float[1,48] b; float[1,{batch},6] h0; float[1,{batch},6] c0; "
        f"float[1,{hidden},1] q; " + _ints("many", batch, 1, 1)
    )  # fmt: skip
    return imported(body, inputs=f"float[{batch},{length},4] x", stored=stored, opset=14)


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 12), st.integers(1, 12), st.integers(1, 12))
@pytest.mark.parametrize("network", [vision_transformer, windows, time_major, recurrent])
def test_the_batch_of_the_file_does_not_matter(network: object, batch: int, a: int, b: int) -> None:
    many, one = network(batch, a, b), network(1, a, b)  # type: ignore[operator]
    assert many.nodes == one.nodes
    assert many.params == one.params
    assert not many.warnings


def test_pairs_within_a_batch() -> None:
    body = "t = Transpose (x) y = MatMul (x, t)"
    assert output(imported(body, inputs="float[8,16] x")).shape == (1, 1)


@pytest.mark.parametrize(
    ("inputs", "body", "stored"),
    [
        ("float[12,8] x", "h = MatMul (x, w) y = MatMul (a, h)", "float[8,8] w; float[12,12] a"),  # graph convolution
        ("float[12,8] x", "h = Gather (x, i) y = Relu (h)", "int64[100] i"),  # message passing
        ("float[12,8] x", "h = Gather (x, i) y = Relu (h)", "int64[1] i = {0}"),  # the first node of a graph
        ("float[35,1,4] x", "y, h = RNN <hidden_size = 5> (x, w, r)", "float[1,5,4] w; float[1,5,5] r"),  # sequence
        ("float[12,8] x", "y = ReduceMean <axes = [0]> (x)", ""),  # a set
        ("float[12,8] x", "t = Transpose (x) s = MatMul (x, t) a = Softmax (s) y = MatMul (a, x)", ""),  # tokens
    ],
)
def test_a_first_axis_that_is_no_batch_is_kept(inputs: str, body: str, stored: str) -> None:
    graph = imported(body, inputs=inputs, stored=stored, opset=13)
    assert graph.nodes[0].shape is not None
    assert graph.nodes[0].shape[0] in (12, 35)
    assert any("no batch axis" in w for w in graph.warnings)


def test_a_matrix_of_relations_beside_the_input_speaks_against_a_batch() -> None:
    graph = imported("y = Relu (x)", inputs="float[12,8] x, float[12,12] adjacency")
    assert [node.shape for node in graph.nodes] == [(12, 8), (12, 12), (12, 8)]
    one_of_two = imported("y = Relu (x)", inputs="float[12,8] x, float[12,9] other")
    assert one_of_two.nodes[0].shape == (1, 8)


def padding_mask(batch: int, form: str) -> ArchGraph:
    """The mask of an encoder as transformers gathers it, its positions made for the batch."""
    tokens, places = 5, range(5 * batch)
    if form == "TorchScript":
        body = "f = Flatten <axis = 0> (x) g = Reshape (f, all) i = Gather (g, at) y = Cast <to = 9> (i)"
        at = f"int64[{batch},1,1,{tokens}] at = {{{', '.join(map(str, places))}}}; " + _ints("all", -1)
    elif form == "dynamo":
        body = "i = GatherND (x, at) y = Cast <to = 9> (i)"
        pairs = [str(k) for p in places for k in divmod(p, tokens)]
        at = f"int64[{batch},1,1,{tokens},2] at = {{{', '.join(pairs)}}}; "
    else:
        body, at = "i = Reshape (x, to) y = Cast <to = 9> (i)", _ints("to", batch, 1, 1, tokens)
    return imported(body, inputs=f"int64[{batch},{tokens}] x", outputs="bool y", stored=at)


@pytest.mark.parametrize("batch", [1, 4])
def test_gathering_everything_is_a_reshape(batch: int) -> None:
    graphs = [padding_mask(batch, form) for form in ("TorchScript", "dynamo", "reshaped")]
    assert [output(graph).shape for graph in graphs] == [(1, 1, 1, 5)] * 3
    assert len({graph.fingerprint() for graph in graphs}) == 1
    assert [graph.warnings for graph in graphs] == [()] * 3


def test_gathering_few_of_very_many_needs_no_memory() -> None:
    graph = imported("y = Gather <axis = 1> (x, at)", inputs=f"float[1,{1 << 50}] x", stored="int64[2] at = {0, 1}")
    assert output(graph.normalise()).shape == (1, 2)


def test_gathering_in_another_order_is_none() -> None:
    graph = imported("y = Gather (x, at)", inputs="float[3,4] x", stored="int64[1,3] at = {0, 2, 1}")
    assert graph.normalise().nodes[-1].op == "Gather"
