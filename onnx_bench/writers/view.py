"""`View`: what both writers need to know of a graph beside its nodes: element types and where the batch axis lies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.node import Graph, Node, Shape
from onnx_bench.writers.attach import attached
from onnx_bench.writers.batch import batch_axes
from onnx_bench.writers.repeated import Repeat, repeated_operands

_COMPARISONS = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
_BOOL = frozenset(("And", "Or", "Xor", "Not", "IsInf", "IsNaN", *_COMPARISONS))
_INT = frozenset(("ArgMax", "ArgMin", "NonZero", "Shape", "Size"))
_FLOAT = frozenset(("Embedding", "LSTM", "GRU", "RNN", "OneHot"))
# One-element constants are written as literals where all that read them are among these operators.
_WITH_LITERALS = frozenset(("Add", "Mul", "Sub", "Div", "Pow", "Mod", *_COMPARISONS))

# Attributes that may hold text; all others hold numbers.
_TEXTS = frozenset((
    "activation", "activations", "approximate", "auto_pad", "coordinate_transformation_mode", "coordinates",
    "direction", "dtype", "equation", "keep_aspect_ratio_policy", "mode", "nearest_mode", "padding_mode", "reduction",
    "to",
))  # fmt: skip


@dataclass(frozen=True)
class View:
    """A graph with derived facts.

    Attributes:
        graph: The graph; one that depends on no input is changed as `writers.attach` says.
        dtypes: Element type of every node: float, int or bool.
        batch: For every node the axis that grows with the batch, or `None`; all `None` if the batch size is fixed.
        fixed_because: Why the batch size is fixed at 1; empty if it is free.
        extra_outputs: Number of outputs beyond the first, for operators that have some that are read.
        literals: Scalar constants that only arithmetic reads, so that source code need not hold them as tensors.
    """

    graph: Graph
    dtypes: tuple[str, ...]
    batch: tuple[int | None, ...]
    fixed_because: str
    extra_outputs: dict[int, int]
    literals: frozenset[int]

    @classmethod
    def of(cls, graph: Graph) -> View:
        """Derive the facts.

        Raises:
            UnsupportedGraphError: A shape or attribute is not of a type that operators have.
        """
        for position, node in enumerate(graph.nodes):
            _check_types(position, node)
        graph = attached(graph)
        axes, reason = batch_axes(graph)
        extra: dict[int, int] = {}
        for node in graph.nodes:
            if node.op == "Output":
                source, index = node.inputs[0], node.get("index")
                assert isinstance(index, int)
                extra[source] = max(extra.get(source, 0), index)
        return cls(graph, _dtypes(graph), axes, reason, extra, _literals(graph))

    def node(self, position: int) -> Node:
        return self.graph.nodes[position]

    def shape(self, position: int) -> Shape:
        """Output shape of a node.

        Raises:
            UnsupportedGraphError: It is not known.
        """
        node = self.graph.nodes[position]
        if node.shape is None:
            raise UnsupportedGraphError(
                f"the output shape of node {position} ({node.op}) is not known; writers need known shapes"
            )
        return node.shape

    def repeats(self, position: int) -> list[Repeat]:
        """Operands of a node that have to be repeated for every example."""
        return repeated_operands(self.graph, self.batch, position)

    def in_shapes(self, node: Node) -> list[Shape]:
        """Shapes of the inputs that are present."""
        return [self.shape(i) for i in node.inputs if i >= 0]


def _check_types(position: int, node: Node) -> None:
    """Let only numbers, and strings where strings belong, get into files and source code."""
    if not all(type(dim) is int and dim >= 0 for dim in node.shape or ()):
        raise UnsupportedGraphError(f"node {position} ({node.op}) has the shape {node.shape}; lengths are integers")
    for key, value in node.attrs:
        for item in value if isinstance(value, tuple) else (value,):
            if not isinstance(item, int | float) and not (key in _TEXTS and isinstance(item, str)):
                raise UnsupportedGraphError(
                    f"node {position} ({node.op}) has an attribute {key} of type {type(item).__name__}"
                )


def _dtypes(graph: Graph) -> tuple[str, ...]:
    found: list[str] = []
    for node in graph.nodes:
        if node.op in _BOOL:
            dtype = "bool"
        elif node.op in _INT or (node.op == "Output" and graph.nodes[node.inputs[0]].op == "TopK"):
            dtype = "int"
        elif node.op == "Cast":
            dtype = str(node.get("to"))
        elif node.op in _FLOAT or not node.inputs:
            dtype = str(node.get("dtype", "float"))
        else:
            source = node.inputs[1 if node.op == "Where" else 0]
            dtype = found[source] if source >= 0 else "float"
        if dtype not in ("float", "int", "bool"):
            raise UnsupportedGraphError(f"{node.op} with element type {dtype!r}; writers know float, int and bool")
        found.append(dtype)
    return tuple(found)


def _literals(graph: Graph) -> frozenset[int]:
    def single(i: int) -> bool:
        node = graph.nodes[i]
        return node.op == "Constant" and isinstance(value := node.get("value"), tuple) and len(value) == 1

    readings: Counter[int] = Counter(i for node in graph.nodes for i in node.inputs)
    readings.update(graph.outputs)
    harmless: Counter[int] = Counter()
    for node in graph.nodes:
        if node.op not in _WITH_LITERALS:
            continue
        tensors = [i for i in node.inputs if not single(i)]
        if any(graph.nodes[i].shape == node.shape for i in tensors):
            harmless.update(i for i in node.inputs if single(i))
    return frozenset(i for i, times in harmless.items() if readings[i] == times)
