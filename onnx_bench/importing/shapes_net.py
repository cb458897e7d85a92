"""Shapes of normalisations, recurrent layers, attention and losses."""

from __future__ import annotations

from collections.abc import Callable

from onnx_bench.importing.call import Call, KeepBatchError, MisfitError, axis_of
from onnx_bench.importing.shapes_math import same
from onnx_bench.node import Shape

Shapes = Shape | list[Shape | None]


def batch_norm(c: Call) -> Shapes:
    """Inputs x, scale, bias, mean, var; of the attributes only `epsilon` stays. Training outputs are ignored."""
    for name in ("momentum", "training_mode", "is_test", "spatial", "consumed_inputs"):
        c.attrs.pop(name, None)
    x, channels = c.shape(), c.shape(1)
    if len(x) < 2 and channels != x[:1]:
        raise MisfitError(f"BatchNormalization of shape {list(x)}")
    if len(x) > 1 and channels not in ((x[1],), x[1:]):
        raise MisfitError(f"BatchNormalization of {x[1]} channels by a scale of {list(channels)}")
    shapes: list[Shape | None] = [x, *(channels,) * (c.count - 1)]
    return shapes


def layer_norm(c: Call) -> Shapes:
    """Inputs x, scale, bias; the axis is counted from the front. Also RMSNormalization."""
    x = c.shape()
    axis = c.attrs["axis"] = axis_of(c.attrs.get("axis", -1), len(x))
    c.attrs.pop("stash_type", None)
    stats = x[:axis] + (1,) * (len(x) - axis)
    return list((x, stats, stats)[: c.count])


def group_norm(c: Call) -> Shapes:
    """Inputs x, scale, bias; `num_groups`."""
    c.attrs.pop("stash_type", None)
    return c.shape()


def recurrent(c: Call) -> Shapes:
    """LSTM, GRU, RNN: inputs x, w, r, bias, lengths, initial states, peepholes.

    Only with layout=1 is the first axis of x the batch.
    """
    x, r = c.shape(), c.shape(2)
    hidden = c.attrs["hidden_size"] = r[-1]
    directions = r[0]
    batch_first = c.attrs.setdefault("layout", 0)
    if len(x) != 3:
        raise MisfitError(f"{c.op} of shape {list(x)}")
    length, batch = (x[1], x[0]) if batch_first else (x[0], x[1])
    full = c.tensor(0).full
    if full is not None and full[1 if batch_first else 0] != length:
        raise KeepBatchError
    state = (batch, directions, hidden) if batch_first else (directions, batch, hidden)
    out = (batch, length, directions, hidden) if batch_first else (length, directions, batch, hidden)
    return list((out, state, state)[: c.count])


def attention(c: Call) -> Shapes:
    """Attention of opset 23: q, k, v as [B, heads, L, D], or [B, L, heads * D] with the two head counts."""
    q, k, v = c.shape(0), c.shape(1), c.shape(2)
    past, past_v = (c.shape(4) if c.has(4) else None), (c.shape(5) if c.has(5) else None)
    heads, kv_heads = c.attrs.get("q_num_heads", 0), c.attrs.get("kv_num_heads", 0)
    if len(q) == 3:
        if heads < 1 or kv_heads < 1:
            raise MisfitError("Attention of rank 3 without head counts")
        q4 = (q[0], heads, q[1], q[2] // heads)
        k4 = (k[0], kv_heads, k[1], k[2] // kv_heads)
        v4 = (v[0], kv_heads, v[1], v[2] // kv_heads)
    else:
        q4, k4, v4 = (q[0], q[1], q[2], q[3]), (k[0], k[1], k[2], k[3]), (v[0], v[1], v[2], v[3])
    total = k4[2] + (past[2] if past else 0)
    total_v = v4[2] + (past_v[2] if past_v else 0)
    out = (q4[0], q4[2], q4[1] * v4[3]) if len(q) == 3 else (*q4[:3], v4[3])
    shapes: list[Shape | None] = [out, (*k4[:2], total, k4[3]), (*v4[:2], total_v, v4[3]), (*q4[:3], total)]
    return shapes[: c.count]


def loss(c: Call) -> Shapes:
    """NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss."""
    c.dtypes = ("float", "float")
    out = c.shape(1) if c.attrs.get("reduction", "mean") == "none" else ()
    return [out, c.shape()]


RULES: dict[str, Callable[[Call], Shapes]] = {
    "BatchNormalization": batch_norm, "LayerNormalization": layer_norm, "RMSNormalization": layer_norm,
    "GroupNormalization": group_norm, "InstanceNormalization": same, "LRN": same,
    "MeanVarianceNormalization": same, "RotaryEmbedding": same,
    "LSTM": recurrent, "GRU": recurrent, "RNN": recurrent, "Attention": attention,
    "NegativeLogLikelihoodLoss": loss, "SoftmaxCrossEntropyLoss": loss,
}  # fmt: skip
