"""Lowering to ONNX: normalisation layers.

A norm that no operator of the standard expresses (most need a scale, RMSNormalization a recent opset) is spelled out.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from onnx_bench.writers.onnx_site import OnnxSite, Rule


def _batch_norm(site: OnnxSite) -> None:
    weights = site.held("weight", "bias", "running_mean", "running_var")
    site.emit("BatchNormalization", site.ins[0], *weights, epsilon=site.attrs["epsilon"])


def _layer_norm(site: OnnxSite) -> None:
    dims, epsilon = site.attrs["dims"], site.attrs["epsilon"]
    if site.attrs["scale"]:
        site.emit("LayerNormalization", site.ins[0], *site.held("weight", "bias"), axis=-dims, epsilon=epsilon)
    else:
        _spell_out(site, site.ins[0], range(-dims, 0))


def _rms_norm(site: OnnxSite) -> None:
    _spell_out(site, site.ins[0], range(-site.attrs["dims"], 0), centred=False)


def _group_norm(site: OnnxSite) -> None:
    file, groups = site.file, site.attrs["groups"]
    if _has_both(site):
        file.need(21)
        weights = site.held("weight", "bias")
        site.emit("GroupNormalization", site.ins[0], *weights, num_groups=groups, epsilon=site.attrs["epsilon"])
        return
    batch = -1 if site.batch == 0 else site.x[0]
    grouped = file.op("Reshape", [site.ins[0], file.ints((batch, groups, prod(site.x[1:]) // groups))])
    _spell_out(site, grouped, (-1,), back=(batch, *site.x[1:]))


def _instance_norm(site: OnnxSite) -> None:
    if _has_both(site):
        site.emit("InstanceNormalization", site.ins[0], *site.held("weight", "bias"), epsilon=site.attrs["epsilon"])
    else:
        _spell_out(site, site.ins[0], range(2 - len(site.x), 0))


def _has_both(site: OnnxSite) -> bool:
    return bool(site.attrs["scale"] and site.attrs["bias"])


def _spell_out(
    site: OnnxSite, x: str, axes: Sequence[int], *, centred: bool = True, back: tuple[int, ...] = ()
) -> None:  # fmt: skip
    """Write (x - mean(x)) / sqrt(mean(square) + epsilon) * scale + bias; RMSNorm (not `centred`) leaves out the mean.

    Args:
        site: The norm.
        x: Its input, possibly reshaped.
        axes: Over which the mean is taken.
        centred: Whether the mean is subtracted.
        back: Shape of the result before scale and bias where `x` was reshaped.
    """
    file = site.file
    over = file.ints(list(axes))
    if centred:
        x = file.op("Sub", [x, file.op("ReduceMean", [x, over], keepdims=1)])
    square = file.op("Pow", [x, file.constant(2.0, "float", ())])
    mean = file.op("ReduceMean", [square, over], keepdims=1)
    root = file.op("Sqrt", [file.op("Add", [mean, file.constant(site.attrs["epsilon"], "float", ())])])
    steps = [("Div", root)]
    if back:
        steps.append(("Reshape", file.ints(back)))
    steps += [("Mul", weight) for weight in site.held("weight")] + [("Add", weight) for weight in site.held("bias")]
    for op, operand in steps[:-1]:
        x = file.op(op, [x, operand])
    site.emit(steps[-1][0], x, steps[-1][1])


NORMS: dict[str, Rule] = {
    "BatchNorm": _batch_norm,
    "LayerNorm": _layer_norm,
    "RMSNorm": _rms_norm,
    "GroupNorm": _group_norm,
    "InstanceNorm": _instance_norm,
}
