"""Changes to an ONNX file that leave the architecture what it is."""

from __future__ import annotations

import random

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16


def opset_of(model: ModelProto) -> int:
    return next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))


def replace_nodes(model: ModelProto, nodes: list[NodeProto]) -> ModelProto:
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    del model.graph.value_info[:]
    return model


def shuffle(model: ModelProto, seed: int = 0) -> ModelProto:
    """New names for every node and value, a random topological order, initialisers in random order."""
    rng = random.Random(seed)
    graph = model.graph
    fixed = {v.name for v in (*graph.input, *graph.output)}
    names: dict[str, str] = {"": ""}

    def rename(name: str) -> str:
        if name not in names:
            names[name] = name if name in fixed else f"v{rng.getrandbits(48):012x}"
        return names[name]

    waiting = list(graph.node)
    ready = fixed - {v.name for v in graph.output} | {i.name for i in graph.initializer} | {""}
    order: list[NodeProto] = []
    while waiting:
        node = rng.choice([n for n in waiting if ready.issuperset(n.input)])
        waiting.remove(node)
        ready.update(node.output)
        order.append(node)
    copies = []
    for i, node in enumerate(order):
        copy = NodeProto()
        copy.CopyFrom(node)
        copy.name = f"n{i}"
        copy.input[:] = [rename(n) for n in node.input]
        copy.output[:] = [rename(n) for n in node.output]
        copies.append(copy)
    weights = list(graph.initializer)
    rng.shuffle(weights)
    for weight in weights:
        weight.name = rename(weight.name)
    copied = [numpy_copy(w) for w in weights]
    del graph.initializer[:]
    graph.initializer.extend(copied)
    return replace_nodes(model, copies)


def numpy_copy(tensor: TensorProto) -> TensorProto:
    copy = TensorProto()
    copy.CopyFrom(tensor)
    return copy


def strip_weights(model: ModelProto) -> ModelProto:
    """Initialisers above 64 elements keep their shape and point to an external file that is not there."""
    for weight in model.graph.initializer:
        if np.prod(weight.dims) > 64:
            for field in ("raw_data", "float_data", "int32_data", "int64_data"):
                weight.ClearField(field)
            weight.data_location = TensorProto.EXTERNAL
            weight.external_data.add(key="location", value="weights.bin")
    return model


def sprinkle_identities(model: ModelProto) -> ModelProto:
    """An Identity behind every initialiser and before every third node."""
    nodes = [helper.make_node("Identity", [w.name], [f"{w.name}_same"]) for w in model.graph.initializer]
    held = {w.name for w in model.graph.initializer}
    for i, node in enumerate(model.graph.node):
        for j, name in enumerate(node.input):
            if name in held:
                node.input[j] = f"{name}_same"
            elif name and i % 3 == 0:
                nodes.append(helper.make_node("Identity", [name], [f"{name}_{i}_{j}"]))
                node.input[j] = f"{name}_{i}_{j}"
        nodes.append(node)
    return replace_nodes(model, nodes)


def half(model: ModelProto) -> ModelProto:
    """Weights in float16 with a Cast behind them; matrix products and convolutions computed in float16."""
    kept = {n: w for w in model.graph.initializer if w.data_type == FLOAT and w.dims for n in [w.name]}
    nodes = []
    for name, weight in kept.items():
        small = numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float16), f"{name}_half")
        weight.CopyFrom(small)
        nodes.append(helper.make_node("Cast", [f"{name}_half"], [name], to=FLOAT))
    for i, node in enumerate(model.graph.node):
        if node.op_type not in ("Conv", "Gemm", "MatMul", "ConvTranspose"):
            nodes.append(node)
            continue
        for j, name in enumerate(node.input):
            nodes.append(helper.make_node("Cast", [name], [f"{name}_{i}_{j}"], to=HALF))
            node.input[j] = f"{name}_{i}_{j}"
        output = node.output[0]
        node.output[0] = f"{output}_half"
        nodes += [node, helper.make_node("Cast", [f"{output}_half"], [output], to=FLOAT)]
    return replace_nodes(model, nodes)


def half_throughout(model: ModelProto) -> ModelProto:
    """Every float tensor in float16, as a network converted before it was exported."""
    scales = {name for node in model.graph.node if node.op_type == "Resize" for name in node.input[1:]}
    constants = [a.t for node in model.graph.node if node.op_type == "Constant" and node.output[0] not in scales
                 for a in node.attribute if a.name == "value"]  # fmt: skip
    for tensor in [*constants, *(w for w in model.graph.initializer if w.name not in scales)]:
        if tensor.data_type == FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    for node in model.graph.node:
        for a in node.attribute:
            if node.op_type == "Cast" and a.name == "to" and a.i == FLOAT:
                a.i = HALF
    for value in (*model.graph.input, *model.graph.output):
        if value.type.tensor_type.elem_type == FLOAT:
            value.type.tensor_type.elem_type = HALF
    del model.graph.value_info[:]
    return model


def quantise(model: ModelProto) -> ModelProto:
    """Weights as int8 with DequantizeLinear per channel; QuantizeLinear and DequantizeLinear on activations."""
    graph = model.graph
    floats = {w.name: w for w in graph.initializer if w.data_type == FLOAT}
    graph.initializer.extend([
        numpy_helper.from_array(np.float32(0.05), "act_scale"), numpy_helper.from_array(np.uint8(128), "act_zero"),
    ])  # fmt: skip
    nodes: list[NodeProto] = []
    done: set[str] = set()
    for i, node in enumerate(list(graph.node)):
        if node.op_type in ("Conv", "Gemm", "MatMul"):
            for j, name in enumerate(node.input[:2]):
                if name in floats:
                    node.input[j] = f"{name}_dequantised"
                    if name not in done:
                        done.add(name)
                        nodes.append(quantised_weight(model, floats[name]))
                else:
                    quantised, back = f"{name}_{i}_{j}_q", f"{name}_{i}_{j}_dq"
                    nodes.append(helper.make_node("QuantizeLinear", [name, "act_scale", "act_zero"], [quantised]))
                    nodes.append(helper.make_node("DequantizeLinear", [quantised, "act_scale", "act_zero"], [back]))
                    node.input[j] = back
        nodes.append(node)
    return replace_nodes(model, nodes)


def quantised_weight(model: ModelProto, weight: TensorProto) -> NodeProto:
    """Add int8 values, scale and zero point of `weight` to `model` and return the node that restores it."""
    values = numpy_helper.to_array(weight)
    name = weight.name
    scale = np.abs(values).reshape(len(values), -1).max(1).astype(np.float32) / 127 + 1e-8
    rounded = np.round(values / scale.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8)
    model.graph.initializer.extend([
        numpy_helper.from_array(rounded, f"{name}_q"), numpy_helper.from_array(scale, f"{name}_scale"),
        numpy_helper.from_array(np.zeros(len(values), np.int8), f"{name}_zero"),
    ])  # fmt: skip
    return helper.make_node("DequantizeLinear", [f"{name}_q", f"{name}_scale", f"{name}_zero"], [f"{name}_dequantised"],
                            axis=0)  # fmt: skip


def inline_functions(model: ModelProto) -> ModelProto:
    """Operators that ONNX defines as functions (LayerNormalization, Gelu, HardSwish, ...) replaced by their bodies."""
    from onnx import inliner

    names = ("LayerNormalization", "Gelu", "HardSwish", "Mish", "Softplus", "GroupNormalization")
    typed = onnx.shape_inference.infer_shapes(model)
    for weight in model.graph.initializer:
        typed.graph.value_info.append(helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims))
    return inliner.inline_selected_functions(typed, [("", n) for n in names], False, True)


def rewrite(model: ModelProto) -> ModelProto:
    """Every operator that has an equal in other operators is written the other way."""
    graph = model.graph
    graph.initializer.extend([
        numpy_helper.from_array(np.array([0, -1], np.int64), "flat_shape"),
        numpy_helper.from_array(np.float32(3), "three"), numpy_helper.from_array(np.float32(6), "six"),
        numpy_helper.from_array(np.float32(0), "zero"),
    ])  # fmt: skip
    weights = {w.name: w for w in graph.initializer}
    nodes: list[NodeProto] = []
    for node in graph.node:
        make = REWRITES.get(node.op_type)
        nodes += [node] if make is None else make(node, weights, model)
    return replace_nodes(model, nodes)


def attribute(node: NodeProto, name: str, default: object = None) -> object:
    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)


def gemm(node: NodeProto, weights: dict[str, TensorProto], model: ModelProto) -> list[NodeProto]:
    """MatMul by the transposed weight, then Add."""
    x, weight, bias = node.input
    transposed = weight
    if attribute(node, "transB", 0):
        transposed = f"{weight}_transposed"
        if transposed not in weights:
            weights[transposed] = numpy_helper.from_array(numpy_helper.to_array(weights[weight]).T.copy(), transposed)
            model.graph.initializer.append(weights[transposed])
    product = f"{node.output[0]}_product"
    return [helper.make_node("MatMul", [x, transposed], [product]),
            helper.make_node("Add", [bias, product], node.output)]  # fmt: skip


def global_average(node: NodeProto, weights: dict[str, TensorProto], model: ModelProto) -> list[NodeProto]:
    return [helper.make_node("ReduceMean", node.input, node.output, axes=[2, 3], keepdims=1)]


def reduce_mean(node: NodeProto, weights: dict[str, TensorProto], model: ModelProto) -> list[NodeProto]:
    """Over both spatial axes: GlobalAveragePool and, where the axes go, Flatten."""
    if attribute(node, "axes") not in ([2, 3], [-2, -1], [-1, -2]):
        return [node]
    if attribute(node, "keepdims", 1):
        return [helper.make_node("GlobalAveragePool", node.input, node.output)]
    pooled = f"{node.output[0]}_pooled"
    return [helper.make_node("GlobalAveragePool", node.input, [pooled]),
            helper.make_node("Flatten", [pooled], node.output, axis=1)]  # fmt: skip


def flatten(node: NodeProto, weights: dict[str, TensorProto], model: ModelProto) -> list[NodeProto]:
    return [helper.make_node("Reshape", [node.input[0], "flat_shape"], node.output)]


def hard_swish(node: NodeProto, weights: dict[str, TensorProto], model: ModelProto) -> list[NodeProto]:
    """x * clip(x + 3, 0, 6) / 6."""
    (x,), out = node.input, node.output[0]
    return [
        helper.make_node("Add", [x, "three"], [f"{out}_a"]),
        helper.make_node("Clip", [f"{out}_a", "zero", "six"], [f"{out}_b"]),
        helper.make_node("Mul", [x, f"{out}_b"], [f"{out}_c"]), helper.make_node("Div", [f"{out}_c", "six"], [out]),
    ]  # fmt: skip


def hard_sigmoid(node: NodeProto, weights: dict[str, TensorProto], model: ModelProto) -> list[NodeProto]:
    """clip(x + 3, 0, 6) / 6."""
    (x,), out = node.input, node.output[0]
    return [
        helper.make_node("Add", [x, "three"], [f"{out}_a"]),
        helper.make_node("Clip", [f"{out}_a", "zero", "six"], [f"{out}_b"]),
        helper.make_node("Div", [f"{out}_b", "six"], [out]),
    ]  # fmt: skip


REWRITES = {
    "Gemm": gemm, "GlobalAveragePool": global_average, "ReduceMean": reduce_mean, "Flatten": flatten,
    "HardSwish": hard_swish, "HardSigmoid": hard_sigmoid,
}  # fmt: skip
