"""`slim` cuts weights and texts, and nothing else."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from onnx_bench.errors import ReaderFailureError, UserInputError
from onnx_bench.reading.limits import KEPT_ELEMENTS
from onnx_bench.reading.pipeline import parse
from onnx_bench.reading.wire import slim
from tests import hostile

SIZES = st.sampled_from([0, 1, 3, 64, 65, 1000, 30_000])
TYPES = st.sampled_from([np.float32, np.float64, np.int64, np.int8, np.float16, np.bool_])


@st.composite
def models(draw: st.DrawFn) -> onnx.ModelProto:
    """Constants and initialisers of all sizes, with texts of all sizes around them."""
    tensors = [
        numpy_helper.from_array(np.zeros(size, kind), f"w{i}")
        for i, (size, kind) in enumerate(draw(st.lists(st.tuples(SIZES, TYPES), max_size=4)))
    ]
    nodes = [
        helper.make_node("Constant", [], [f"c{i}"], value=numpy_helper.from_array(np.zeros(size, kind)),
                         doc_string="d" * draw(SIZES))
        for i, (size, kind) in enumerate(draw(st.lists(st.tuples(SIZES, TYPES), max_size=4)))
    ]  # fmt: skip
    body = helper.make_graph(nodes, "b", [], [hostile.value("c0", None)] if nodes else [], doc_string="d" * draw(SIZES))
    holder = helper.make_node("Holder", ["x"], ["y"], domain="local", body=body)
    return hostile.model([holder, *nodes], initialisers=tensors, doc_string="d" * draw(SIZES))


@given(models())
@settings(deadline=None, max_examples=50)
def test_only_values_and_texts_go(made: onnx.ModelProto) -> None:
    data = made.SerializeToString()
    kept = onnx.ModelProto.FromString(slim(memoryview(data)))
    assert len(kept.SerializeToString()) <= len(data) + 2 * 16
    for before, after in zip(_tensors(made), _tensors(kept), strict=True):
        assert after.dims == before.dims
        assert after.data_type == before.data_type
        assert after.name == before.name
        if after.data_location == TensorProto.EXTERNAL:
            assert before.dims[0] > KEPT_ELEMENTS
            assert after.raw_data == before.raw_data[: len(before.raw_data) // before.dims[0]]  # of equal elements one
        else:
            assert after == before
    _clear(made)
    _clear(kept)
    assert kept == made


def _tensors(made: onnx.ModelProto) -> list[TensorProto]:
    graphs = [made.graph, made.graph.node[0].attribute[0].g]
    return [t for g in graphs for t in g.initializer] + [
        n.attribute[0].t for g in graphs for n in g.node if n.op_type == "Constant"
    ]


def _clear(made: onnx.ModelProto) -> None:
    """Take away what may go."""
    for tensor in _tensors(made):
        tensor.ClearField("raw_data")
        tensor.ClearField("data_location")
    made.ClearField("doc_string")
    for graph in (made.graph, made.graph.node[0].attribute[0].g):
        graph.ClearField("doc_string")
        for node in graph.node:
            node.ClearField("doc_string")


def test_small_model_is_copied() -> None:
    data = hostile.chain(100).SerializeToString()
    assert slim(memoryview(data)) == data


@pytest.mark.parametrize("dtype, kept", [(np.int64, True), (np.int8, True), (np.float32, False)])
def test_integers_are_kept_longer(dtype: type, kept: bool) -> None:
    tensor = numpy_helper.from_array(np.arange(4000).astype(dtype), "w")
    made = hostile.model([hostile.node("Add", ["x", "w"], ["y"])], initialisers=[tensor])
    model, _ = parse(memoryview(made.SerializeToString()))
    (found,) = model.graph.initializer
    assert (found.data_location != TensorProto.EXTERNAL) is kept
    assert bool(found.raw_data) is kept


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_damaged_bytes_give_typed_errors(data: st.DataObject) -> None:
    """Any byte of a good file may be another one: the parts before the importer either accept it or say why not."""
    good = bytearray(data.draw(st.sampled_from(_GOOD)))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse(memoryview(good))
    except UserInputError as error:
        assert not isinstance(error, ReaderFailureError)
        assert str(error)


_GOOD = [hostile.CASES[name].make() for name in (
    "functions_1024_nodes", "loop_with_outer_capture", "sparse_initialiser", "quantised", "external_unknown_key",
    "if_30_deep", "unsorted",
)]  # fmt: skip


@pytest.mark.parametrize(("values", "left"), [
    (np.ones(70_000, np.bool_), b"\1"), (np.arange(70_000) != 69_999, b""), (np.zeros(100, np.float16), b"\0\0"),
    (np.arange(100, dtype=np.float32), b""), (np.zeros(2_000_000, np.float32), b""),
])  # fmt: skip
def test_of_equal_elements_one_is_left(values: np.ndarray, left: bytes) -> None:
    made = hostile.model([hostile.node("Add", ["x", "w"], ["y"])], initialisers=[numpy_helper.from_array(values, "w")])
    model, _ = parse(memoryview(made.SerializeToString()))
    (found,) = model.graph.initializer
    assert (found.data_location, found.raw_data) == (TensorProto.EXTERNAL, left)
