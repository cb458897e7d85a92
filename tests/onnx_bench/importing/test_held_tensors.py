"""Weights, constants and what is computed from them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from onnx_bench.importing.importer import import_model
from onnx_bench.reader import read_graph
from tests.onnx_bench.importing.models import imported, model, operators, output, the


def test_every_reading_owns_its_weight() -> None:
    """Exporters merge equal tensors, directly or through Identity."""
    body = "v = Identity (w) a = Conv (x, w) b = Relu (a) c = Conv (b, v) y = Conv (c, v)"
    graph = imported(body, stored="float[3,3,1,1] w")
    assert graph.params == 27
    assert sum(n.op == "Parameter" for n in graph.nodes) == 3


def test_transformed_weights_are_weights_of_their_final_shape() -> None:
    body = """t = Transpose <perm = [1, 0]> (w) m = ReduceMean <axes = [0]> (t) c = Sub (t, m)
              q = Mul (c, c) s = Add (c, q) y = MatMul (x, s)"""
    graph = imported(body, inputs="float[1,100] x", stored="float[80,100] w", opset=13)
    assert operators(graph) == ["MatMul"]
    assert the(graph, "Parameter").shape == (100, 80)
    assert graph.params == 8000  # used four times on the way, held once


def test_a_part_of_a_weight_holds_no_more_than_itself() -> None:
    graph = imported("a, b = Split <axis = 1> (w) c = MatMul (x, a) d = MatMul (x, b) y = Add (c, d)",
                     inputs="float[1,10] x", stored="float[10,20] w", opset=13)  # fmt: skip
    assert graph.params == 200


def test_running_statistics_are_no_parameters() -> None:
    stored = "".join(f"float[3] {n};" for n in "sbmv")
    assert imported("y = BatchNormalization (x, s, b, m, v)", stored=stored).params == 6


def test_quantised_weights_count_as_the_weights_they_stand_for() -> None:
    body = "w = DequantizeLinear (q, s) y = Conv (x, w)"
    graph = imported(body, stored="int8[4,3,3,3] q; float s = {0.5}")
    assert (operators(graph), graph.params) == (["Conv"], 108)


def test_small_tensors_are_constants_or_parameters() -> None:
    body = "a = Mul (x, s) b = Mul (a, v) i = Gather <axis = 1> (b, k) y = Add (i, f)"
    stored = "float s = {0.7978845608}; float[2] v = {1, 2}; int64[3] k = {0, -1, 1}; float[2] f = {1, 1}"
    graph = imported(body, inputs="float[1,4,2] x", stored=stored)
    kept = [(n.op, n.get("value"), n.shape, n.params) for n in graph.nodes if n.op in ("Constant", "Parameter")]
    assert kept == [
        ("Constant", (0.797885,), (), 0), ("Parameter", None, (2,), 2), ("Constant", (0, 3, 1), (3,), 0),
        ("Parameter", None, (2,), 2),
    ]  # fmt: skip


def test_one_value_fills_any_shape_without_memory() -> None:
    body = "z = ConstantOfShape <value = float {2.0}> (s) h = Mul (z, z) n = Neg (h) y = Add (x, n)"
    graph = imported(body, inputs="float[1] x", stored="int64[2] s = {1000000, 1000000}")
    node = the(graph, "Constant")
    assert (node.get("value"), node.shape) == ((-4.0,), (10**6, 10**6))


def test_computed_tables_are_not_learned() -> None:
    body = """r = Range (a, n, d) f = Cast <to = 1> (r) u = Unsqueeze (f, o) s = Sin (u) c = Cos (u)
              p = Concat <axis = 1> (s, c) y = Add (x, p)"""
    stored = "int64 a = {0}; int64 n = {100}; int64 d = {1}; int64[1] o = {1}"
    graph = imported(body, inputs="float[1,100,2] x", stored=stored)
    assert (operators(graph), graph.params, the(graph, "Parameter").shape) == (["Add"], 0, (100, 2))


def test_shape_arithmetic_leaves_no_nodes() -> None:
    body = """s = Shape (x) n = Gather (s, zero) h = Gather (s, two) k = Mul (h, h) m = Div (k, four)
              one = Constant <value_ints = [0]> () a = Unsqueeze (n, one) b = Unsqueeze (m, one)
              c = Constant <value_ints = [-1]> ()
              t = Concat <axis = 0> (a, c, b) y = Reshape (x, t)"""
    graph = imported(body, stored="int64 zero = {0}; int64 two = {2}; int64 four = {4}")
    assert [n.op for n in graph.nodes] == ["Input", "Reshape"]
    assert output(graph).shape == (1, 12, 16)


def test_recurrent_layers_start_from_zero() -> None:
    body = "x = Transpose <perm = [1, 0, 2]> (x0) s, y = GRU <hidden_size = 5> (x, w, r, b, , h)"
    weights = "float[1,15,4] w; float[1,15,5] r; float[1,30] b; "
    stripped = imported(body, inputs="float[1,7,4] x0", stored=weights + "float[1,1,5] h")
    zeros = imported(body, inputs="float[1,7,4] x0", stored=weights + "float[1,1,5] h = {0,0,0,0,0}")
    computed = imported("h = ConstantOfShape (q) " + body, inputs="float[1,7,4] x0",
                        stored=weights + "int64[3] q = {1, 1, 5}")  # fmt: skip
    assert stripped.nodes == zeros.nodes == computed.nodes
    assert output(stripped).shape == (1, 1, 5)


def test_the_model_is_not_changed() -> None:
    proto = model("y = Squeeze (x, a)", inputs="float[1,3] x", stored="int64[1] a = {0}")
    before = proto.SerializeToString()
    import_model(proto)
    assert proto.SerializeToString() == before


def test_shared_weights_are_stored_once() -> None:
    graph = imported("a = Conv (x, w) b = Relu (a) y = Conv (b, w)", stored="float[3,3,1,1] w")
    assert (graph.params, graph.stored_params) == (18, 9)
    assert graph.normalise().stored_params == 9


@pytest.mark.parametrize(("gate", "kept"), [("float[1] g = {0}", True), ("float[1,1,1,1] g = {0}", True),
                                            ("float g = {0}", False)])  # fmt: skip
def test_a_gate_that_starts_at_zero_does_not_cut_its_branch(gate: str, kept: bool) -> None:
    """ReZero, SAGAN and their like before training. A number that multiplies (`none` of a search space) has no axes."""
    graph = imported("b = Conv (x, w) g_b = Mul (b, g) y = Add (x, g_b)", stored=f"float[3,3,1,1] w; {gate}")
    assert ("Conv" in operators(graph.normalise())) is kept


def test_a_gate_is_the_same_network_before_and_after_training() -> None:
    body, stored = "b = Conv (x, w) g_b = Mul (b, g) y = Add (x, g_b)", "float[3,3,1,1] w; float[1] g = {%s}"
    before, after = (imported(body, stored=stored % value).normalise() for value in ("0", "0.7"))
    assert before.fingerprint() == after.fingerprint()
    assert (before.params, before.stored_params) == (after.params, after.stored_params)


@pytest.mark.parametrize("elements", [6, 200])
def test_masks_that_mask_nothing_are_known_whatever_their_size(elements: int) -> None:
    shape = (1, 1, elements, elements)
    added, inverted = "y = Add (x, m)", "n = Not (m) f = Cast <to = 1> (n) y = Add (x, f)"
    for body, values in ((added, np.zeros(shape, np.float32)), (inverted, np.ones(shape, np.bool_))):
        made = model(body, inputs=f"float[1,1,{elements},{elements}] x")
        made.graph.initializer.append(numpy_helper.from_array(values, "m"))
        graph = read_graph(made.SerializeToString(), trusted=True)
        assert (operators(graph), graph.stored_params) == ([], 0), values.dtype


def test_other_tensors_of_one_value_are_learned() -> None:
    made = model("y = Add (x, w)", inputs="float[1,8,12,12] x")
    made.graph.initializer.append(numpy_helper.from_array(np.zeros((1, 8, 12, 12), np.float32), "w"))
    assert read_graph(made.SerializeToString(), trusted=True).params == 8 * 12 * 12


ZEROS = "n = Shape <start = 0, end = 1> (w) o = Expand (z, n) "


@pytest.mark.parametrize("op", ["Conv", "ConvTranspose"])
def test_zeros_computed_in_the_place_of_a_bias_are_none(op: str) -> None:
    """What torch's dynamo exporter writes, unoptimised, for a convolution without bias."""
    graph = imported(f"{ZEROS} y = {op} (x, w, o)", stored="float[3,3,1,1] w; float z = {0}")
    assert (graph.params, graph.stored_params, len(output(graph).inputs)) == (9, 9, 2)


def test_zeros_computed_in_the_place_of_a_shift_are_none() -> None:
    """What TorchScript writes for a layer norm without bias (ModernBERT)."""
    body = "o = ConstantOfShape (s) y = LayerNormalization (x, w, o)"
    graph = imported(body, stored="float[8] w; int64[1] s = {8}").normalise()
    assert (the(graph, "LayerNorm").get("bias"), graph.params) == (False, 8)


def test_zeros_stored_as_a_bias_are_one() -> None:
    graph = imported("y = Conv (x, w, b)", stored="float[3,3,1,1] w; float[3] b = {0, 0, 0}")
    assert graph.params == 12


def constant(name: str, value: float, *dims: int) -> str:
    numbers = ", ".join([str(value)] * int(np.prod(dims)))
    return f"{name} = Constant <value = float[{','.join(map(str, dims))}] {{{numbers}}}> () "


def packed(body: str, **stored: str) -> onnx.ModelProto:
    """The model of `body` with its tensors as exporters write them: raw bytes."""
    made = model(body, **stored)
    for node in made.graph.node:
        if node.op_type == "Constant":
            node.attribute[0].t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(node.attribute[0].t)))
    return made


def test_zeros_in_code_are_not_learned() -> None:
    """The state that a scan starts from."""
    graph = import_model(packed(constant("h", 0.0, 1, 3, 8, 8) + "y = Add (x, h)"))
    assert (the(graph, "Constant").get("value"), graph.params, graph.stored_params) == ((0.0,), 0, 0)


def test_norms_of_groups_store_only_their_own_weights() -> None:
    """Up to opset 20 torch writes GroupNorm as InstanceNormalization with ones and zeros, then scale and shift."""
    body = constant("s", 1.0, 12) + constant("b", 0.0, 12)
    body += "n = InstanceNormalization (x, s, b) m = Mul (n, w) y = Add (m, v)"
    graph = import_model(packed(body, inputs="float[1,12,8,8] x", stored="float[12,1,1] w; float[12,1,1] v"))
    assert graph.stored_params == 24


def with_weight(body: str, value: np.ndarray, inputs: str = "float[1,4,6] x", opset: int = 18) -> onnx.ModelProto:
    proto = model(body, inputs, opset=opset)
    proto.graph.initializer.append(numpy_helper.from_array(value, "w"))
    return proto


@pytest.mark.parametrize(("fill", "params"), [(-9e15, 0), (-1e4, 0), (0.1, 24), (1.0, 24)])
def test_what_stands_for_infinity_is_not_learned(fill: float, params: int) -> None:
    """`-9e15 * torch.ones_like(scores)`, as graph attention masks its scores, folded by the exporter."""
    weight = np.full((4, 6), fill, np.float32)
    proto = with_weight("c = Greater (x, x) y = Where (c, x, w)", weight)
    assert read_graph(proto.SerializeToString(), trusted=True).params == params
    assert import_model(proto).params == params


def test_what_multiplies_the_state_of_the_start_is_not_read() -> None:
    """The first step of a linear recurrence: decay * state + update."""
    body = constant("h", 0.0, 1, 3, 8, 8) + "d = Mul (w, h) y = Add (x, d)"
    graph = import_model(packed(body, stored="float[3,1,1] w"))
    assert (the(graph, "Constant").get("value"), graph.params) == ((0.0,), 0)


@pytest.mark.parametrize(("shape", "params"), [((1,), 80), ((4, 1), 0)])
def test_zeros_that_a_number_scales_may_be_a_table(shape: tuple[int, ...], params: int) -> None:
    """Positions that training has yet to fill, or a state beside its decay."""
    proto = with_weight("p = Mul (w, s) y = Add (x, p)", np.zeros((4, 20), np.float32), "float[1,4,20] x")
    proto.graph.initializer.append(numpy_helper.from_array(np.full(shape, 2.0, np.float32), "s"))
    assert read_graph(proto.SerializeToString(), trusted=True, normalised=False).params == params


@pytest.mark.parametrize(("shape", "params"), [((4, 20), 0), ((1, 20), 20)])
def test_a_factor_of_zeros_of_several_axes_is_a_state(shape: tuple[int, int], params: int) -> None:
    """The dynamo exporter stores `torch.zeros`; zeros for each channel may be a scale that training opens."""
    proto = with_weight("y = Mul (x, w)", np.zeros(shape, np.float32), "float[1,4,20] x")
    assert read_graph(proto.SerializeToString(), trusted=True, normalised=False).params == params


@pytest.mark.parametrize(("fill", "params"), [(0.0, 0), (0.5, 80)])
def test_zeros_that_something_is_scattered_into_are_not_learned(fill: float, params: int) -> None:
    body = "i = ArgMax <axis = 2> (x) u = ReduceMax <axes = [2]> (x) y = ScatterElements <axis = 2> (w, i, u)"
    proto = with_weight(body, np.full((1, 4, 20), fill, np.float32), "float[1,4,20] x", opset=13)
    assert read_graph(proto.SerializeToString(), trusted=True).params == params


def test_what_is_scattered_into_follows_the_batch() -> None:
    """`zeros_like(scores).scatter(...)` of a mixture of experts, exported at batch 2 too."""
    found = set()
    for batch, opset, reduction in ((1, 13, ""), (2, 13, ""), (1, 18, ', reduction = "none"')):
        top = "i = ArgMax <axis = 2> (x) u = Slice (x, o, e, t)"
        body = f"{top} z = ScatterElements <axis = 2{reduction}> (w, i, u) y = Add (x, z)"
        proto = with_weight(body, np.zeros((batch, 4, 20), np.float32), f"float[{batch},4,20] x", opset=opset)
        for name, value in (("o", 0), ("e", 1), ("t", 2)):
            proto.graph.initializer.append(numpy_helper.from_array(np.array([value]), name))
        graph = import_model(proto).normalise()
        assert graph.nodes[graph.inputs[0]].shape == (1, 4, 20)
        found.add(graph.fingerprint())
    assert len(found) == 1


@pytest.mark.parametrize("value", [1e-6, 0.1, 0.05, 3.0, -100.0])
def test_half_precision_keeps_the_number_that_was_meant(value: float) -> None:
    body = "v = Cast <to = 1> (w) y = Add (x, v)"
    half, single = (with_weight(body, np.array(value, kind)) for kind in (np.float16, np.float32))
    assert import_model(half).fingerprint() == import_model(single).fingerprint()


def test_a_computed_mask_that_masks_nothing_is_one_value() -> None:
    """Whoever has folded it: exporter, simplifier or we. Positions stay a table: a written file has zeros there."""
    body = """r = Range (zero, many, one) c = GreaterOrEqual (r, zero) n = Cast <to = 9> (x) y = And (n, c)"""
    ints = "int64 zero = {0}; int64 one = {1}; int64 many = {100}"
    graph = imported(body, inputs="float[1,100] x", stored=ints, outputs="bool y")
    assert the(graph, "Constant").attrs == (("dtype", "bool"), ("value", (True,)))
    body = body.replace("y = And (n, c)", "e = Expand (c, to) z = Or (n, e)")
    graph = imported(body, inputs="float[1,100] x", stored=f"{ints}; int64[3] to = {{9, 99, 100}}", outputs="bool z")
    assert the(graph, "Constant").attrs == (("dtype", "bool"), ("value", (True,)))  # too large to be written out
    graph = imported("y = Gather (x, p)", inputs="float[9] x", stored=f"int64[100] p = {{{', '.join(['0'] * 100)}}}")
    assert the(graph, "Parameter").params == 0


def test_what_is_held_and_does_not_fit_is_said() -> None:
    """torch's newer exporter mixes up the weights of an LSTM with a projection."""
    graph = imported("c = Concat <axis = 0> (w, v) y = MatMul (x, c)", inputs="float[1,8] x",
                     stored="float[4,8] w; float[4] v")  # fmt: skip
    assert len(graph.warnings) == 1 and "Concat of [4, 8] and [4]" in graph.warnings[0]


def test_stored_zeros_of_a_padding_mask_are_not_learned() -> None:
    """Simplifiers, and the dynamo exporter at a fixed batch, store what `torch.zeros` gives the others."""
    body = "m = Equal (x, k) n = {} y = Where (m, f, n)"
    given = {"inputs": "int64[1,5] x", "outputs": "float y"}
    numbers = "float f = {-1}; int64 k = {0}"
    written = imported(body.format("ConstantOfShape (l)"), stored=numbers + "; int64[2] l = {1, 5}", **given)
    kept = imported(body.format("Identity (o)"), stored=numbers + "; float[1,5] o = {0, 0, 0, 0, 0}", **given)
    assert kept.params == written.params == 0
    assert kept.fingerprint() == written.fingerprint()
