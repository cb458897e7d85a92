"""How the canonical operators shape their outputs, and what they cost: one small function for each rule.

A shape rule gets the attributes and the input shapes (all known, batch 1) and returns the output shape; it raises
`UnsupportedGraphError` where the operator cannot be applied. A count rule gets the output shape as well. All arithmetic
is on Python integers, so hostile sizes neither overflow nor allocate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.node import Shape

Attributes = Mapping[str, Any]
ShapeFn = Callable[[Attributes, Sequence[Shape]], Shape]
CountFn = Callable[[Attributes, Sequence[Shape], Shape], int]


def zero(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    """Nothing learned, nothing multiplied."""
    return 0


def broadcast(ins: Sequence[Shape]) -> Shape:
    """Numpy broadcasting of several shapes."""
    rank = max((len(s) for s in ins), default=0)
    out = [1] * rank
    for shape in ins:
        for i, dim in enumerate(shape, start=rank - len(shape)):
            if dim != 1:
                if out[i] not in (1, dim):
                    raise UnsupportedGraphError(f"shapes {[list(s) for s in ins]} do not broadcast")
                out[i] = dim
    return tuple(out)


def same(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return ins[0]


def broadcast_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return broadcast(ins)


def check_window(attrs: Attributes) -> None:
    """Make sure that a window can slide, also where its output shape is given and no rule looks at it.

    Raises:
        UnsupportedGraphError: Kernel, strides and dilations are not one positive number for each axis.
    """
    kernel, strides, dilations = attrs["kernel"], attrs["strides"], attrs["dilations"]
    if min(*kernel, *strides, *dilations) < 1 or {len(strides), len(dilations)} != {len(kernel)}:
        raise UnsupportedGraphError(
            f"a window of kernel {kernel}, strides {strides}, dilations {dilations} cannot slide; give one positive "
            "number of each for every axis"
        )


def window_size(size: int, kernel: int, stride: int, dilation: int, pad: int, ceil_mode: bool = False) -> int:
    """Output length of a sliding window over `size` positions with `pad` padding in total."""
    span = size + pad - dilation * (kernel - 1) - 1
    if stride < 1 or span < 0:
        raise UnsupportedGraphError(
            f"a window of kernel {kernel}, stride {stride}, dilation {dilation} does not fit a padded size of "
            f"{size + pad}"
        )
    return (-(-span // stride) if ceil_mode else span // stride) + 1


def windows(attrs: Attributes, x: Shape) -> tuple[int, ...]:
    kernel, pads = attrs["kernel"], attrs["pads"]
    rank = len(kernel)
    if len(x) != rank + 2:
        raise UnsupportedGraphError(f"a {rank}-d window needs an input of rank {rank + 2}, found shape {list(x)}")
    ceil_mode, sizes = attrs.get("ceil_mode", False), []
    for i, stride in enumerate(attrs["strides"]):
        length = window_size(x[2 + i], kernel[i], stride, attrs["dilations"][i], pads[i] + pads[rank + i], ceil_mode)
        # ONNX and PyTorch leave out a window that would start in the padding at the end.
        sizes.append(length - (ceil_mode and (length - 1) * stride >= x[2 + i] + pads[i]))
    return tuple(sizes)


def conv_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    x, groups = ins[0], attrs["groups"]
    if groups < 1 or len(x) < 2 or x[1] % groups or attrs["channels"] % groups:
        raise UnsupportedGraphError(f"Conv of {list(x)} to {attrs['channels']} channels cannot have {groups} groups")
    return (x[0], attrs["channels"], *windows(attrs, x))


def conv_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    weights = attrs["channels"] * (ins[0][1] // attrs["groups"]) * prod(attrs["kernel"])
    return (0 if len(ins) > 1 else weights) + attrs["bias"] * attrs["channels"]  # the second input: computed weights


def conv_macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return prod(out) * (ins[0][1] // attrs["groups"]) * prod(attrs["kernel"])


def conv_transpose_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    x, kernel, pads = ins[0], attrs["kernel"], attrs["pads"]
    rank = len(kernel)
    if attrs["groups"] < 1 or len(x) != rank + 2 or x[1] % attrs["groups"]:
        raise UnsupportedGraphError(f"ConvTranspose of {list(x)} cannot have {attrs['groups']} groups")
    sizes = (
        (x[2 + i] - 1) * attrs["strides"][i] + attrs["dilations"][i] * (kernel[i] - 1) + 1
        + attrs["output_padding"][i] - pads[i] - pads[rank + i]
        for i in range(rank)
    )  # fmt: skip
    return (x[0], attrs["channels"], *sizes)


def conv_transpose_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    weights = ins[0][1] * (attrs["channels"] // attrs["groups"]) * prod(attrs["kernel"])
    return (0 if len(ins) > 1 else weights) + attrs["bias"] * attrs["channels"]  # the second input: computed weights


def conv_transpose_macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return prod(ins[0]) * (attrs["channels"] // attrs["groups"]) * prod(attrs["kernel"])


def linear_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return (*ins[0][:-1], attrs["features"])


def linear_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return attrs["features"] * (ins[0][-1] + attrs["bias"])


def linear_macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return prod(out) * ins[0][-1]


def matmul_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    a, b = ins
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
        raise UnsupportedGraphError(f"MatMul of {list(a)} and {list(b)}")
    return (*broadcast((a[:-2], b[:-2])), a[-2], b[-1])


def matmul_macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return prod(out) * ins[0][-1]


def attention_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    q, k, v = ins[:3]
    if min(len(q), len(k), len(v)) < 2 or q[-1] != k[-1] or k[-2] != v[-2]:
        raise UnsupportedGraphError(f"Attention of {list(q)}, {list(k)} and {list(v)}")
    return (*broadcast((q[:-2], k[:-2], v[:-2])), q[-2], v[-1])


def attention_macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    q, k, v = ins[:3]
    return prod(out[:-1]) * k[-2] * (q[-1] + v[-1])


def channels2(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return 2 * ins[0][1]


def norm_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return prod(ins[0][len(ins[0]) - attrs["dims"]:]) * (attrs["scale"] + attrs["bias"])  # fmt: skip


def channel_norm_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return ins[0][1] * (attrs["scale"] + attrs["bias"])


def pool_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return (*ins[0][:2], *windows(attrs, ins[0]))


def reduce_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    axes = attrs["axes"]
    kept = ((i, d) for i, d in enumerate(ins[0]))
    return tuple(1 if i in axes else d for i, d in kept if attrs["keepdims"] or i not in axes)


def concat_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    axis = attrs["axis"]
    return (*ins[0][:axis], sum(s[axis] for s in ins), *ins[0][axis + 1 :])


def slice_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    axis, x = attrs["axis"], ins[0]
    return (*x[:axis], len(range(attrs["start"], attrs["end"], attrs["step"])), *x[axis + 1 :])


def transpose_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return tuple(ins[0][i] for i in attrs["perm"])


def pad_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    pads, x = attrs["pads"], ins[0]
    return tuple(d + pads[i] + pads[len(x) + i] for i, d in enumerate(x))


def tile_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return tuple(d * r for d, r in zip(ins[0], attrs["repeats"], strict=True))


def gather_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    x, axis = ins[0], attrs["axis"]
    return (*x[:axis], *ins[1], *x[axis + 1 :])


def embedding_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    return (*ins[0], attrs["features"])


def embedding_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return attrs["entries"] * attrs["features"]


def depth_to_space_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    n, c, h, w = ins[0]
    b = attrs["blocksize"]
    return (n, c // (b * b), h * b, w * b)


def space_to_depth_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    n, c, h, w = ins[0]
    b = attrs["blocksize"]
    return (n, c * b * b, h // b, w // b)


def directions(attrs: Attributes) -> int:
    return 2 if attrs["direction"] == "bidirectional" else 1


def recurrent_shape(attrs: Attributes, ins: Sequence[Shape]) -> Shape:
    length, batch, _ = ins[0]
    return (length, directions(attrs), batch, attrs["hidden"])


def recurrent_counts(gates: int) -> tuple[CountFn, CountFn]:
    def params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
        hidden = attrs["hidden"]
        return directions(attrs) * gates * hidden * (ins[0][-1] + hidden + 2 * attrs["bias"])

    def macs(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
        length, batch, width = ins[0]
        return length * batch * directions(attrs) * gates * attrs["hidden"] * (width + attrs["hidden"])

    return params, macs


def prelu_params(attrs: Attributes, ins: Sequence[Shape], out: Shape) -> int:
    return attrs["slopes"]
