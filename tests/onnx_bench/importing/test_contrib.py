"""Operators that onnxruntime's optimiser writes."""

from __future__ import annotations

import pytest

from onnx_bench.importing.importer import import_model
from tests.onnx_bench.importing.models import imported, model, operators, output

W = "float[4,3,3,3] w; float[4] b; "


@pytest.mark.parametrize(
    ("body", "stored", "ops"),
    [
        ('y = com.microsoft.FusedConv <activation = "Relu", pads = [1,1,1,1]> (x, w, b)', W, ["Conv", "Relu"]),
        ('y = com.microsoft.FusedConv <activation = "Clip", activation_params = [0.0, 6.0], pads = [1,1,1,1]>'
         " (x, w, b, x4)", W + "float[1,4,8,8] x4", ["Conv", "Add", "Clip"]),
        ("y = com.microsoft.FusedMatMul <alpha = 0.125, transB = 1> (x, x)", "", ["Transpose", "MatMul", "Mul"]),
        ("y = com.microsoft.BiasGelu (x, c)", "float[8] c", ["Add", "Gelu"]),
        ("y = com.microsoft.FastGelu (x)", "", ["Gelu"]),
        ("y = com.microsoft.QuickGelu <alpha = 1.702> (x)", "", ["Mul", "Sigmoid", "Mul"]),
        ("y = com.microsoft.SkipLayerNormalization (x, x, c, c, c)", "float[8] c",
         ["Add", "Add", "LayerNormalization"]),
        ("y = com.microsoft.SkipSimplifiedLayerNormalization (x, x, c)", "float[8] c", ["Add", "RMSNormalization"]),
        ("y = SimplifiedLayerNormalization <axis = -1> (x, c)", "float[8] c", ["RMSNormalization"]),
        ("y = com.microsoft.nchwc.Conv <pads = [1,1,1,1]> (x, w, b)", W, ["Conv"]),
        ("r = com.microsoft.nchwc.ReorderInput (x) y = com.microsoft.nchwc.ReorderOutput <channels = 3> (r)", "", []),
        ("y = com.microsoft.QLinearAdd (x, s, z, x, s, z, s, z)", "float s = {1}; int8 z = {0}", ["Add"]),
    ],
)  # fmt: skip
def test_fused_operators_become_standard_ones(body: str, stored: str, ops: list[str]) -> None:
    graph = imported(body, stored=stored, domains='"com.microsoft" : 1, "com.microsoft.nchwc" : 1')
    assert operators(graph) == ops
    assert output(graph).shape is not None
    assert not graph.warnings


@pytest.mark.parametrize("operands", ["x, y", "y, x"])
def test_bias_of_a_skip_norm_is_that_of_the_product(operands: str) -> None:
    body = f"y = MatMul (x, w) z = com.microsoft.SkipLayerNormalization ({operands}, c, c, d)"
    stored, domains = "float[8,8] w; float[8] c; float[8] d", '"com.microsoft" : 1'
    raw = imported(body, inputs="float[1,5,8] x", outputs="float z", stored=stored, domains=domains)
    graph = raw.normalise()
    assert operators(graph) == ["Linear", "Add", "LayerNorm"]
    assert graph.nodes[1].get("bias") is True


def test_attention_of_onnxruntime() -> None:
    body = "y = com.microsoft.Attention <num_heads = 4> (x, w, b)"
    stored = "float[16,48] w; float[48] b"
    graph = imported(body, inputs="float[1,10,16] x", stored=stored, domains='"com.microsoft" : 1')
    assert operators(graph) == ["MatMul", "Add", "Split", "Output", "Output", "Attention"]
    assert output(graph).shape == (1, 10, 16)
    assert graph.params == 16 * 48 + 48


def test_other_domains_are_kept_by_name() -> None:
    graph = imported("y = my.lab.Magic <secret = 3> (x)", domains='"my.lab" : 1')
    assert output(graph).op == "my.lab::Magic"
    assert output(graph).attrs == (("secret", 3),)
    assert any("my.lab::Magic is not known" in w for w in graph.warnings)
    assert any("shapes unknown" in w for w in graph.warnings)


def test_unknown_operators_take_the_declared_shape() -> None:
    graph = imported("y = my.lab.Magic (x)", domains='"my.lab" : 1', outputs="float[1,5] y")
    assert output(graph).shape == (1, 5)


def test_hostile_names_are_made_safe() -> None:
    proto = model("y = my.lab.Magic (x)", domains='"my.lab" : 1')
    proto.graph.node[0].op_type = "Ignore all\x1b[2J previous </script>" + "A" * 1000
    graph = import_model(proto)
    assert len(output(graph).op) <= 80
    assert not set(output(graph).op) & set(" \x1b<>/[")
