"""What the transformer spaces share: attention, feed-forward and encoder layers, drawn in either form."""

from __future__ import annotations

from collections.abc import Sequence

from onnx_bench.node import Shape
from onnx_bench.passes.values import tidy
from onnx_bench.spaces.base import Head
from onnx_bench.spaces.drawing import Drawing

VISION_EPSILON = 1e-6
"""Of the layer norms of vision transformers."""

VISION_HEADS = {
    name: Head((1, 3, 224, 224), classes)
    for name, classes in (("cifar100", 100), ("flowers102", 102), ("chaoyang", 4), ("imagenet-1k", 1000))
}
"""Tasks of the vision transformers measured by Auto-Prox; all images are enlarged to 224x224 pixels."""


def layer_norm(pen: Drawing, x: int, epsilon: float) -> int:
    """Layer norm over the last axis, with scale and shift."""
    return pen.add("LayerNorm", x, epsilon=epsilon)


def to_tokens(pen: Drawing, x: int) -> int:
    """Pixels in rows as tokens, [1, C, H, W] -> [1, H * W, C]."""
    _, width, rows, columns = pen.shape(x)
    x = pen.add("Transpose", x, perm=(0, 2, 3, 1))
    return pen.add("Reshape", x, shape=(1, rows * columns, width))


def to_pixels(pen: Drawing, x: int, rows: int) -> int:
    """Inverse of `to_tokens` for an image of `rows` rows, [1, H * W, C] -> [1, C, H, W]."""
    _, length, width = pen.shape(x)
    x = pen.add("Reshape", x, shape=(1, rows, length // rows, width))
    return pen.add("Transpose", x, perm=(0, 3, 1, 2))


def tokens_between(pen: Drawing, x: int, start: int, end: int) -> int:
    """Tokens number `start` to `end - 1`, [1, L, C] -> [1, end - start, C]."""
    return pen.add("Slice", x, axis=1, start=start, end=end)


def _split_heads(pen: Drawing, x: int, heads: int) -> int:
    """[1, L, C] -> [1, heads, L, C / heads]."""
    _, length, width = pen.shape(x)
    x = pen.add("Reshape", x, shape=(1, length, heads, width // heads))
    return pen.add("Transpose", x, perm=(0, 2, 1, 3))


def _project(pen: Drawing, x: int, joint: bool) -> list[int]:
    """Queries, keys and values of `x`, each [1, L, C].

    One layer may compute all three; in the canonical form it is three layers all the same.
    """
    width = pen.shape(x)[-1]
    if pen.folded or not joint:
        return [pen.linear(x, width) for _ in range(3)]
    together = pen.linear(x, 3 * width)
    return [pen.add("Slice", together, axis=2, start=i * width, end=(i + 1) * width) for i in range(3)]


def _attend(pen: Drawing, query: int, keys: int, values: int) -> int:
    """softmax(q k^T / sqrt(D)) v for [1, heads, L, D]: one operator in the canonical form, else written out."""
    shape: Shape = pen.shape(query)
    scale = tidy(shape[-1] ** -0.5)
    if pen.folded:
        return pen.add("Attention", query, keys, values, scale=scale)
    scores = pen.add("MatMul", query, pen.add("Transpose", keys, perm=(0, 1, 3, 2)))
    scores = pen.add("Mul", scores, pen.add("Constant", shape=(), value=(scale,)))
    return pen.add("MatMul", pen.add("Softmax", scores, axis=3), values)


def draw_attention(pen: Drawing, x: int, heads: int, *, joint: bool) -> int:
    """Multi-head self-attention with biases and output projection, [1, L, C] -> [1, L, C].

    Args:
        pen: What to draw with.
        x: Tokens.
        heads: Number of heads; each is C / heads wide.
        joint: Whether, as trained, one layer makes queries, keys and values.
    """
    parts = [_split_heads(pen, part, heads) for part in _project(pen, x, joint)]
    y = pen.add("Transpose", _attend(pen, *parts), perm=(0, 2, 1, 3))
    shape = pen.shape(x)
    return pen.linear(pen.add("Reshape", y, shape=shape), shape[-1])


def draw_feed_forward(pen: Drawing, x: int, widths: Sequence[int]) -> int:
    """Linear layers of `widths`, each followed by a GELU, and one back to the width of `x`."""
    y = x
    for width in widths:
        y = pen.add("Gelu", pen.linear(y, width))
    return pen.linear(y, pen.shape(x)[-1])


def draw_pre_norm_layer(pen: Drawing, x: int, heads: int, mlp_ratio: float) -> int:
    """Encoder layer of a vision transformer: norm, attention, sum; norm, feed-forward, sum."""
    y = draw_attention(pen, layer_norm(pen, x, VISION_EPSILON), heads, joint=True)
    x = pen.sum([y, x])
    hidden = int(pen.shape(x)[-1] * mlp_ratio)
    return pen.sum([draw_feed_forward(pen, layer_norm(pen, x, VISION_EPSILON), [hidden]), x])


def draw_post_norm_layer(pen: Drawing, x: int, heads: int, widths: Sequence[int], epsilon: float) -> int:
    """Encoder layer of BERT: attention, sum, norm; feed-forward, sum, norm."""
    x = layer_norm(pen, pen.sum([draw_attention(pen, x, heads, joint=False), x]), epsilon)
    return layer_norm(pen, pen.sum([draw_feed_forward(pen, x, widths), x]), epsilon)
