"""`Drawing`: a `GraphBuilder` that draws one description of a network in either of its two forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from onnx_bench.builder import GraphBuilder
from onnx_bench.node import Attrs, Node, Shape
from onnx_bench.ops import make_node


@lru_cache(maxsize=8192)
def _prototype(
    op: str, in_shapes: tuple[Shape, ...], shape: Shape | None, params: int | None, attrs: tuple[tuple[str, Any], ...]
) -> Node:
    """A node without its wiring. Spaces use few distinct operators, so shapes and counts are worked out once."""
    return make_node(op, (), in_shapes, shape, params, **dict(attrs))


@lru_cache(maxsize=8192)
def _conv_prototype(x: Shape, channels: int, kernel: int, stride: int, groups: int, bias: bool, pad: int) -> Node:
    return make_node("Conv", (), (x,), channels=channels, kernel=(kernel,) * 2, strides=(stride,) * 2,
                     pads=(pad,) * 4, dilations=(1, 1), groups=groups, bias=bias)  # fmt: skip


def _is_part(a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether all terms of the shorter sum are among those of the longer one."""
    if len(a) > len(b):
        a, b = b, a
    return a[0] in b and len(a) < len(b) and all(a.count(term) <= b.count(term) for term in a)


def _is_double(terms: Sequence[int]) -> bool:
    """Whether the sum is another sum added to itself."""
    return len(terms) > 3 and all(terms.count(term) % 2 == 0 for term in terms)


class Drawing(GraphBuilder):
    """Draws a network as trained, or folded into the canonical form.

    Folded means: a batch norm after a convolution becomes the convolution's bias, and equal operators without
    parameters on the same input are one node.

    Attributes:
        folded: Which form is drawn.
        lost_params: Parameters of the network as trained that the folded form does not hold.
        connected: Whether a path leads from the input to the output.
        settled: Whether the folded form is canonical. It is not, and is left to the normalisation passes, where a sum
            is part of another (see `SharePartialSums`), which is rare, or where a space says so.
    """

    def __init__(self, folded: bool) -> None:
        super().__init__()
        self.folded = folded
        self.lost_params = 0
        self.connected = True
        self.settled = True
        self._sums: list[list[int]] = []
        self._known: dict[tuple[str, Attrs, tuple[int, ...], Shape | None], int] = {}

    @property
    def total_params(self) -> int:
        """Parameters drawn so far."""
        return sum([node[4] for node in self.nodes])

    def _place(self, prototype: Node, inputs: tuple[int, ...]) -> int:
        op, _, attrs, shape, params, macs = prototype
        position = len(self.nodes)
        if self.folded and not params and inputs:
            known = self._known.setdefault((op, attrs, inputs, shape), position)
            if known != position:
                return known
        self.nodes.append(Node(op, inputs, attrs, shape, params, macs))
        return position

    def add(self, op: str, *inputs: int, shape: Shape | None = None, params: int | None = None, **attrs: Any) -> int:
        """Append any canonical operator; in the folded form an equal parameter-free one is reused."""
        shapes = tuple([self.nodes[i][3] for i in inputs])
        return self._place(_prototype(op, shapes, shape, params, tuple(attrs.items())), inputs)

    def conv(
        self, x: int, channels: int, kernel: int, stride: int = 1, *, groups: int = 1, bias: bool = False,
        padding: int | None = None, batch_norm: bool = False,
    ) -> int:  # fmt: skip
        """2-d convolution, "same" for odd kernels unless `padding` is given, optionally followed by batch norm."""
        pad = kernel // 2 if padding is None else padding
        fold = batch_norm and self.folded
        shape = self.shape(x)
        x = self._place(_conv_prototype(shape, channels, kernel, stride, groups, bias or fold, pad), (x,))
        if fold:
            self.lost_params += channels if not bias else 2 * channels
        return self.add("BatchNorm", x) if batch_norm and not fold else x

    def relu_conv(self, x: int, channels: int, kernel: int, stride: int = 1) -> int:
        """ReLU, convolution without bias, batch norm: the pre-activation unit of the cell benchmarks."""
        return self.conv(self.relu(x), channels, kernel, stride, batch_norm=True)

    def batch_norm(self, x: int) -> int:
        """Batch norm; in the folded form it vanishes into a convolution `x`, which must have no other reader."""
        node = self.nodes[x]
        if not (self.folded and node.op == "Conv"):
            return self.add("BatchNorm", x)
        before = node.params
        shape = self.shape(node.inputs[0])
        attrs: dict[str, Any] = {**dict(node.attrs), "bias": True}
        self.nodes[x] = make_node("Conv", node.inputs, (shape,), **attrs)
        self.lost_params += 2 * self.shape(x)[1] + before - self.nodes[x].params
        return x

    def sum(self, terms: Sequence[int]) -> int:
        """Sum of one or more nodes; a single term is returned as it is."""
        if len(terms) == 1:
            return terms[0]
        if self.folded:
            if _is_double(terms) or any([_is_part(other, terms) for other in self._sums]):
                self.settled = False
            self._sums.append(list(terms))
        return self.add("Add", *terms)

    def repeat(self, block: Callable[[int], int], x: int, times: int) -> int:
        """Draw `block` once from `x` and stamp it until it stands `times` times in a row; returns the last output.

        `block` gets its input and returns its output of the same shape. It may read nothing else drawn before.
        """
        if times < 1:
            return x
        first, lost = len(self.nodes), self.lost_params
        y = block(x)
        self.lost_params += (times - 1) * (self.lost_params - lost)
        if y == x:
            return x
        template, offset = self.nodes[first:], y - first
        for _ in range(times - 1):
            start = len(self.nodes)
            self.stamp(template, first, {x: y})
            y = start + offset
        return y
