"""`GraphBuilder`: write a canonical graph by hand, as the search spaces do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onnx_bench.node import Graph, Node, Shape
from onnx_bench.ops import make_node


class GraphBuilder:
    """Appends canonical nodes in topological order; every method returns the position of the new node.

    Example:
        >>> b = GraphBuilder()
        >>> x = b.input((1, 3, 32, 32))
        >>> x = b.conv(x, 16, 3, batch_norm=True)
        >>> b.shape(b.relu(x))
        (1, 16, 32, 32)
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def shape(self, node: int) -> Shape:
        """The known output shape of `node`."""
        shape = self.nodes[node].shape
        assert shape is not None, "a built graph has known shapes throughout"
        return shape

    def add(self, op: str, *inputs: int, shape: Shape | None = None, params: int | None = None, **attrs: Any) -> int:
        """Append any canonical operator. See `onnx_bench.ops.make_node`."""
        shapes = [self.nodes[i].shape for i in inputs]
        self.nodes.append(make_node(op, inputs, shapes, shape, params, **attrs))
        return len(self.nodes) - 1

    def input(self, shape: Shape, dtype: str = "float") -> int:
        """A graph input; `shape` includes the batch axis, which is 1."""
        return self.add("Input", shape=shape, dtype=dtype)

    def conv(
        self, x: int, channels: int, kernel: int, stride: int = 1, *, groups: int = 1, bias: bool = False,
        padding: int | None = None, batch_norm: bool = False,
    ) -> int:  # fmt: skip
        """2-d convolution, "same" for odd kernels unless `padding` is given, optionally followed by batch norm."""
        pad = kernel // 2 if padding is None else padding
        x = self.add("Conv", x, channels=channels, kernel=(kernel,) * 2, strides=(stride,) * 2, pads=(pad,) * 4,
                     dilations=(1, 1), groups=groups, bias=bias)  # fmt: skip
        return self.add("BatchNorm", x) if batch_norm else x

    def relu(self, x: int) -> int:
        return self.add("Relu", x)

    def max_pool(self, x: int, kernel: int, stride: int, padding: int = 0) -> int:
        return self.add("MaxPool", x, kernel=(kernel,) * 2, strides=(stride,) * 2, pads=(padding,) * 4,
                        dilations=(1, 1))  # fmt: skip

    def avg_pool(self, x: int, kernel: int, stride: int, padding: int = 0) -> int:
        """Average pooling; padded positions are not counted."""
        return self.add("AveragePool", x, kernel=(kernel,) * 2, strides=(stride,) * 2, pads=(padding,) * 4,
                        dilations=(1, 1))  # fmt: skip

    def global_pool(self, x: int) -> int:
        """Mean over the spatial axes, [1, C, H, W] -> [1, C]."""
        return self.add("ReduceMean", x, axes=(2, 3), keepdims=False)

    def linear(self, x: int, features: int, bias: bool = True) -> int:
        return self.add("Linear", x, features=features, bias=bias)

    def sum(self, terms: Sequence[int]) -> int:
        """Sum of one or more nodes; a single term is returned as it is."""
        return terms[0] if len(terms) == 1 else self.add("Add", *terms)

    def concat(self, parts: Sequence[int], axis: int = 1) -> int:
        """Concatenation; a single part is returned as it is."""
        return parts[0] if len(parts) == 1 else self.add("Concat", *parts, axis=axis)

    def stamp(self, template: Sequence[Node], first: int, bind: Mapping[int, int]) -> int:
        """Append a copy of `template`, a run of nodes cut from this builder, and return the shift of its positions.

        Args:
            template: Nodes that stood at positions `first`, `first + 1`, ... when they were built.
            first: Position of the first template node.
            bind: For positions outside the template: the position the copy reads instead. Shapes must agree.
        """
        shift = len(self.nodes) - first
        append = self.nodes.append
        for op, inputs, attrs, shape, params, macs in template:
            if len(inputs) == 1:  # most nodes; twice as fast as the general form
                i = inputs[0]
                moved: tuple[int, ...] = (i + shift if i >= first else bind.get(i, i),)
            else:
                moved = tuple([i + shift if i >= first else bind.get(i, i) for i in inputs])
            append(Node(op, moved, attrs, shape, params, macs))
        return shift

    def build(self, *outputs: int) -> Graph:
        """The finished graph."""
        return Graph(tuple(self.nodes), tuple(outputs))
