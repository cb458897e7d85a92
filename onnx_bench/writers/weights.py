"""The tensors that each operator holds: names, shapes and He initialisation, the same for ONNX and PyTorch."""

from __future__ import annotations

from math import prod, sqrt
from typing import Any, NamedTuple

import numpy as np

from onnx_bench.errors import ModelTooLargeError, UnsupportedGraphError
from onnx_bench.node import Graph, Node, Shape
from onnx_bench.writers.structure import Structure
from onnx_bench.writers.view import View

MAX_ELEMENTS = 2**29 - 2**20
"""Most weights that are made: the protobuf format ends at 2 GiB."""

# Whether PyTorch's module for a norm can hold these of (scale, bias); it holds nothing otherwise.
_NATIVE_AFFINE = {
    "LayerNorm": {(True, True), (True, False)},
    "RMSNorm": {(True, False)},
    "GroupNorm": {(True, True)},
    "InstanceNorm": {(True, True)},
}
_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


class Weight(NamedTuple):
    """One tensor of an operator.

    Attributes:
        suffix: What follows the operator's name in the `state_dict`: `.weight`, or nothing for a bare tensor.
        shape: Its shape, in PyTorch's layout.
        init: How it is initialised: kaiming, uniform, normal, scale, ones or zeros.
        fan: Inputs that one output sums over; for kaiming and uniform.
        dtype: float, int or bool.
    """

    suffix: str
    shape: Shape
    init: str
    fan: int = 1
    dtype: str = "float"


def native_affine(node: Node) -> bool:
    """Whether the scale and bias of a norm are those of PyTorch's module; if not they are tensors beside it."""
    return (bool(node.get("scale")), bool(node.get("bias"))) in _NATIVE_AFFINE[node.op]


def node_weights(view: View, position: int) -> tuple[Weight, ...]:
    """The tensors held by the node at `position`."""
    node = view.node(position)
    attrs: dict[str, Any] = dict(node.attrs)
    x = view.in_shapes(node)[0] if node.inputs else ()
    match node.op:
        case "Conv" | "ConvTranspose" if len(node.inputs) > 1:  # computed weights are no tensor of its own
            return (Weight("_bias", (attrs["channels"],), "zeros"),) if attrs["bias"] else ()
        case "Conv":
            return _affine((attrs["channels"], x[1] // attrs["groups"], *attrs["kernel"]), attrs["bias"])
        case "ConvTranspose":
            shape = (x[1], attrs["channels"] // attrs["groups"], *attrs["kernel"])
            fan = max(1, x[1] // attrs["groups"] * prod(attrs["kernel"]) // prod(attrs["strides"]))
            bias = (Weight(".bias", (attrs["channels"],), "uniform", fan),) if attrs["bias"] else ()
            return (Weight(".weight", shape, "kaiming", fan), *bias)
        case "Linear":
            return _affine((attrs["features"], x[-1]), attrs["bias"])
        case "BatchNorm":
            inits = {"weight": "ones", "bias": "zeros", "running_mean": "zeros", "running_var": "ones"}
            return tuple(Weight(f".{name}", (x[1],), init) for name, init in inits.items())
        case "LayerNorm" | "RMSNorm" | "GroupNorm" | "InstanceNorm":
            return _norm(node, x)
        case "PRelu":
            slopes = _slopes(attrs["slopes"], x)
            return (Weight(".weight" if len(slopes) == 1 else "", slopes, "slope"),)
        case "Embedding":
            return (Weight(".weight", (attrs["entries"], attrs["features"]), "normal"),)
        case "LSTM" | "GRU" | "RNN":
            return _recurrent(_GATES[node.op], attrs, x[2])
        case "Parameter":
            return (Weight("", view.shape(position), _bare_init(view, position), 1, view.dtypes[position]),)
        case _:
            return ()


def _affine(shape: Shape, bias: bool) -> tuple[Weight, ...]:
    fan = max(1, prod(shape[1:]))
    return (Weight(".weight", shape, "kaiming", fan), *((Weight(".bias", shape[:1], "uniform", fan),) if bias else ()))


def _norm(node: Node, x: Shape) -> tuple[Weight, ...]:
    """A native norm holds `.weight` and `.bias`; otherwise they stand beside it, in a shape that broadcasts."""
    per_channel = node.op in ("GroupNorm", "InstanceNorm")
    dims = node.get("dims", 1)
    assert isinstance(dims, int)
    shape = (x[1],) if per_channel else x[len(x) - dims :]
    separator = "."
    if not native_affine(node):
        separator = "_"
        shape = (*shape, *(1,) * (len(x) - 2)) if per_channel else shape
    wanted = (("weight", "ones", node.get("scale")), ("bias", "zeros", node.get("bias")))
    return tuple(Weight(separator + name, shape, init) for name, init, present in wanted if present)


def _slopes(count: int, x: Shape) -> Shape:
    """PRelu slopes: one, one per channel, or one per element."""
    if count == 1 or (len(x) > 1 and count == x[1]):
        return (count,)
    if count == prod(x[1:]):
        return x[1:]
    raise UnsupportedGraphError(f"PRelu with {count} slopes on an input of shape {list(x)}; one per channel is known")


def _recurrent(gates: int, attrs: dict[str, Any], width: int) -> tuple[Weight, ...]:
    hidden = attrs["hidden"]
    found = []
    for reverse in ("", "_reverse") if attrs["direction"] == "bidirectional" else ("",):
        found += [
            Weight(f".weight_ih_l0{reverse}", (gates * hidden, width), "uniform", hidden),
            Weight(f".weight_hh_l0{reverse}", (gates * hidden, hidden), "uniform", hidden),
        ]
        if attrs["bias"]:
            found += [
                Weight(f".bias_{name}_l0{reverse}", (gates * hidden,), "uniform", hidden) for name in ("ih", "hh")
            ]  # fmt: skip
    return tuple(found)


def _bare_init(view: View, position: int) -> str:
    """A bare tensor that is only added starts near 0; others start positive, so that roots and quotients exist."""
    if view.dtypes[position] != "float":
        return "zeros"
    readers = {n.op for n in view.graph.nodes if position in n.inputs}
    return "normal" if readers <= {"Add", "Concat", "MatMul", "Attention", "Einsum"} else "scale"


def named_weights(view: View, structure: Structure) -> dict[str, Weight]:
    """Every tensor of a network by its name in the `state_dict`.

    Raises:
        ModelTooLargeError: Together they have more than `MAX_ELEMENTS` elements.
    """
    found = {
        name + weight.suffix: weight
        for position, name in sorted(structure.names.items())
        for weight in node_weights(view, position)
    }
    total = sum(prod(weight.shape) for weight in found.values())
    if total > MAX_ELEMENTS:
        raise ModelTooLargeError(
            f"the network holds {total} weights, more than the {MAX_ELEMENTS} that fit a file; write it without weights"
        )
    return found


def make_weights(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """He-initialised weights of a network, by `state_dict` name. The same seed gives the same weights.

    Raises:
        ModelTooLargeError: There are more than `MAX_ELEMENTS` of them.
        UnsupportedGraphError: An operator or shape that cannot be written.
    """
    view = View.of(graph)
    return initial_weights(view, Structure.of(view), seed)


def initial_weights(view: View, structure: Structure, seed: int) -> dict[str, np.ndarray]:
    """`make_weights` for a graph whose structure is known."""
    rng = np.random.default_rng(seed)
    return {name: _initial(weight, rng) for name, weight in named_weights(view, structure).items()}


def _initial(weight: Weight, rng: np.random.Generator) -> np.ndarray:
    shape = weight.shape
    if weight.dtype != "float":
        return np.zeros(shape, np.int64 if weight.dtype == "int" else np.bool_)
    match weight.init:
        case "kaiming":
            return (rng.standard_normal(shape, np.float32) * np.float32(sqrt(2 / weight.fan))).astype(np.float32)
        case "uniform":
            bound = 1 / sqrt(weight.fan)
            return rng.uniform(-bound, bound, shape).astype(np.float32)
        case "normal":
            return rng.standard_normal(shape, np.float32) * np.float32(0.02)
        case "scale":
            return rng.uniform(0.5, 1.5, shape).astype(np.float32)
        case "slope":
            return np.full(shape, 0.25, np.float32)
        case "ones":
            return np.ones(shape, np.float32)
        case _:
            return np.zeros(shape, np.float32)
