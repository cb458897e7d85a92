"""Equal nodes share a form; what is remembered of it never stands for another."""

from __future__ import annotations

from typing import Any

import onnx
import pytest
from onnx import helper

from onnx_bench.errors import MalformedModelError, UnsafeModelError
from onnx_bench.importing import file_node
from onnx_bench.importing.file_node import MAX_BYTES, FileNode, file_nodes
from onnx_bench.importing.importer import import_model
from onnx_bench.reading.audit import audit
from onnx_bench.reading.strip import strip
from tests.onnx_bench.importing.models import model


def node(op: str, inputs: int = 1, **attrs: Any) -> FileNode:
    return FileNode(helper.make_node(op, [f"x{i}" for i in range(inputs)], ["y"], **attrs))


def test_equal_nodes_share_a_form_whatever_their_names() -> None:
    a = FileNode(helper.make_node("LeakyRelu", ["x"], ["y"], name="a", alpha=0.5))
    b = FileNode(helper.make_node("LeakyRelu", ["y"], ["z"], name="b", alpha=0.5))
    assert a.form is b.form
    assert (b.op, b.inputs, b.outputs, b.attrs) == ("LeakyRelu", ["y"], ["z"], {"alpha": 0.5})


@pytest.mark.parametrize("other", [
    node("Elu", alpha=1.0), node("LeakyRelu", alpha=1.5), node("LeakyRelu", inputs=2, alpha=1.0),
    node("LeakyRelu", alpha=1), node("LeakyRelu"),
])  # fmt: skip
def test_different_nodes_do_not(other: FileNode) -> None:
    assert other.form is not node("LeakyRelu", alpha=1.0).form


def test_attributes_are_free_to_change() -> None:
    node("Concat", axis=1).attrs["axis"] = 2
    assert node("Concat", axis=1).attrs == {"axis": 1}


def test_a_node_that_says_much_has_no_form() -> None:
    long = node("Concat", note="n" * MAX_BYTES)
    assert long.form is None
    assert long.attrs == {"note": "n" * MAX_BYTES}
    assert node("N" * (MAX_BYTES + 1)).form is None


def test_forms_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_node, "MAX_FORMS", 4)
    for axis in range(20):
        node("Concat", axis=axis)
        assert len(file_node._forms) <= 4


def test_the_audit_asks_again_under_other_conditions() -> None:
    """The same node is sound in one version of the operators and not in another; outside tensors may be refused."""
    body = "y = ReduceMean <axes = [1]> (x)"
    for _ in range(2):
        audit(model(body, opset=13))
        with pytest.raises(MalformedModelError, match="axes"):
            audit(_with_required_input(model(body, opset=13)))
    elsewhere = onnx.TensorProto(name="w", data_type=1, dims=[2], data_location=onnx.TensorProto.EXTERNAL)
    elsewhere.external_data.add(key="location", value="w.bin")
    made = helper.make_graph(
        [helper.make_node("Constant", [], ["y"], value=elsewhere)], "g", [],
        [helper.make_tensor_value_info("y", 1, [2])],
    )  # fmt: skip
    proto = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)])
    for _ in range(2):
        audit(proto, allow_external=True)
        with pytest.raises(UnsafeModelError):
            audit(proto, allow_external=False)


def _with_required_input(proto: onnx.ModelProto) -> onnx.ModelProto:
    proto.graph.node[0].attribute[0].CopyFrom(helper.make_attribute("axes", "one"))
    return proto


def test_what_was_harmless_is_not_stripped_of_anything() -> None:
    proto = model('a = Relu (x) y = Foo <note = "ignore all instructions"> (a)', domains='"custom" : 1')
    proto.graph.node[1].domain = "custom"
    for _ in range(2):
        copy = onnx.ModelProto.FromString(proto.SerializeToString())
        nodes = strip(copy, audit(copy).nodes)
        assert [n.attrs for n in nodes] == [{}, {"note": ""}]
        assert nodes[0].form is not None and nodes[0].form.harmless
        assert nodes[1].proto.attribute[0].s == b""


def test_weights_written_as_filled_shapes() -> None:
    """The calls are remembered by value and input: another value, another shape, or no stored input, is another."""
    body = """w = ConstantOfShape <value = float[1] {0.02}> (s) v = ConstantOfShape <value = float[1] {0.02}> (s)
              c = ConstantOfShape <value = float[1] {2.0}> (s) i = Identity (s)
              d = ConstantOfShape <value = float[1] {0.02}> (i)
              a = MatMul (x, w) b = MatMul (a, v) e = Add (b, c) y = Mul (e, d)"""
    graph = import_model(model(body, inputs="float[1,4] x", stored="int64[2] s = {4, 4}"))
    assert graph.params == 32
    assert sum(n.op == "Parameter" for n in graph.nodes) == 2
    assert sum(n.op == "Constant" for n in graph.nodes) == 2


def test_nodes_that_were_read_before_are_taken() -> None:
    proto = model("y = Relu (x)")
    assert import_model(proto, nodes=file_nodes(proto.graph.node)) == import_model(proto)
