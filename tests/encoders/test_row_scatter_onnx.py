"""Sums over rows give the same bits whether they are written by element or by row."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from encoders.row_scatter_onnx import scatter_rows


def model(reduction: str, axis: int = 0) -> onnx.ModelProto:
    """Rows [E, 4] are joined in [3, 4] under the indices [E, 1], as torch exports it."""
    nodes = [
        helper.make_node("Shape", ["rows"], ["size"]),
        helper.make_node("Expand", ["index", "size"], ["indices"]),
        helper.make_node("ScatterElements", ["start", "indices", "rows"], ["sums"], axis=axis, reduction=reduction),
        helper.make_node("Relu", ["sums"], ["out"]),
    ]
    kinds = {"start": (1, [3, 4]), "index": (7, ["E", 1]), "rows": (1, ["E", 4])}
    inputs = [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in kinds.items()]
    output = helper.make_tensor_value_info("out", 1, None)
    graph = helper.make_graph(nodes, "sums", inputs, [output])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def run(file: onnx.ModelProto) -> np.ndarray:
    rng = np.random.default_rng(0)
    inputs = {
        "start": rng.standard_normal((3, 4)).astype(np.float32), "index": rng.integers(0, 3, (500, 1)),
        "rows": rng.standard_normal((500, 4)).astype(np.float32),
    }  # fmt: skip
    session = onnxruntime.InferenceSession(file.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, inputs)[0])


@pytest.mark.parametrize("reduction", ["add", "max"])
def test_the_same_bits(reduction: str) -> None:
    file = model(reduction)
    before = run(file)
    scatter_rows(file)
    assert [node.op_type for node in file.graph.node] == ["ScatterND", "Relu"], "what only the indices needed is gone"
    assert np.array_equal(before, run(file))


def test_other_axes_are_left_alone() -> None:
    file = model("add", axis=1)
    before = file.SerializeToString()
    scatter_rows(file)
    assert file.SerializeToString() == before
