"""Message-passing layers on a dense adjacency matrix, as PyTorch Geometric defines and counts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import inf

from onnx_bench.spaces.drawing import Drawing

HEADS = 4
SLOPE = 0.2
NO_EDGE = -1e9
"""The attention score of two nodes without an edge."""


@dataclass
class MessagePassing:
    """Draws layers that read node features and the adjacency matrix A; A[i, j] = 1 where j sends to i.

    A layer of a sparse library gathers along edges; here the same sum is the product A X, so that the graph holds
    matrix products alone. A has no self-loops: the layers that want them add what they amount to, since
    (A + I) X = A X + X. Degrees and their roots are drawn once for a network.

    Args:
        pen: Where to draw.
        adjacency: Position of A, [N, N].
        self_loops: Whether `gcn` and `gat` add self-loops and `gcn` normalises; without, `gcn` sums its neighbours.

    Shapes:
        N nodes; every layer maps [N, D] to [N, width].
    """

    pen: Drawing
    adjacency: int
    self_loops: bool = True
    _second_terms: dict[int, int] = field(default_factory=dict, init=False)

    def draw(self, x: int, op: str, width: int) -> int:
        """Draw the layer `op`: gat, gcn, gin, cheb, sage, arma, graph or fc."""
        match op:
            case "gat":
                return self.gat(x, width)
            case "gcn":
                return self.gcn(x, width)
            case "gin":
                return self.pen.linear(self.pen.sum([x, self.receive(x)]), width)
            case "cheb":
                return self.cheb(x, width)
            case "sage":
                return self.with_root(x, self.pen.add("Div", self.receive(x), self.degrees), width)
            case "arma":
                return self.arma(x, width)
            case "graph":
                return self.with_root(x, self.receive(x), width)
            case _:
                return self.pen.linear(x, width)

    @cached_property
    def sums(self) -> int:
        """The sum of every row of A, [N, 1]."""
        return self.pen.add("ReduceSum", self.adjacency, axes=(1,), keepdims=True)

    @cached_property
    def degrees(self) -> int:
        """The degrees, [N, 1]; 1 for a node without neighbours, whose messages are zero whatever divides them."""
        return self.pen.add("Clip", self.sums, min=1.0, max=inf)

    @cached_property
    def roots(self) -> int:
        return self.pen.add("Sqrt", self.degrees)

    @cached_property
    def roots_with_loops(self) -> int:
        """Roots of the degrees in A + I. No such degree is below 1, so the bound changes nothing but nonsense."""
        more = self.pen.add("Add", self.sums, self.constant(1.0))
        return self.pen.add("Sqrt", self.pen.add("Clip", more, min=1.0, max=inf))

    @cached_property
    def edges(self) -> int:
        """Where there is an edge, [N, N]."""
        return self.pen.add("Greater", self.adjacency, self.constant(0.0))

    def constant(self, value: float) -> int:
        return self.pen.add("Constant", shape=(), value=(value,))

    def receive(self, x: int) -> int:
        """The sum over the neighbours, A X."""
        return self.pen.add("MatMul", self.adjacency, x)

    def receive_normalised(self, x: int) -> int:
        """The sum over the neighbours, every edge divided by the roots of the degrees of both ends."""
        return self.pen.add("Div", self.receive(self.pen.add("Div", x, self.roots)), self.roots)

    def add_bias(self, *terms: int) -> int:
        width = self.pen.shape(terms[0])[-1]
        return self.pen.add("Add", *terms, self.pen.add("Parameter", shape=(width,)))

    def with_root(self, x: int, received: int, width: int) -> int:
        """GraphSAGE and GraphConv: one linear map for the neighbours, one without bias for the node itself."""
        return self.pen.add("Add", self.pen.linear(received, width), self.pen.linear(x, width, bias=False))

    def gcn(self, x: int, width: int) -> int:
        """Kipf and Welling 2017: a linear map, then the mean weighted by both degrees, self-loops included."""
        x = self.pen.linear(x, width, bias=False)
        if not self.self_loops:
            return self.add_bias(self.receive(x))
        x = self.pen.add("Div", x, self.roots_with_loops)
        return self.add_bias(self.pen.add("Div", self.pen.sum([self.receive(x), x]), self.roots_with_loops))

    def cheb(self, x: int, width: int) -> int:
        """Chebyshev filter of two terms: T0 = X, and T1 = -D^-1/2 A D^-1/2 X, the Laplacian scaled to [-1, 1]."""
        if x not in self._second_terms:  # constants are never shared, so neither would be what reads them
            self._second_terms[x] = self.pen.add("Mul", self.receive_normalised(x), self.constant(-1.0))
        terms = (x, self._second_terms[x])
        return self.add_bias(*[self.pen.linear(term, width, bias=False) for term in terms])

    def arma(self, x: int, width: int) -> int:
        """ARMA filter of one stack and one layer. PyG holds weights for a second layer, which is not there."""
        moved = self.receive_normalised(self.pen.linear(x, width, bias=False))
        y = self.add_bias(moved, self.pen.linear(x, width, bias=False))
        self.store_unused(width * width)
        return self.pen.relu(y)

    def gat(self, x: int, width: int) -> int:
        """Attention of four heads over the neighbours and the node itself, which is the last column of the scores."""
        pen, nodes = self.pen, self.pen.shape(x)[0]
        x = pen.add("Reshape", pen.linear(x, width, bias=False), shape=(nodes, HEADS, width // HEADS))
        x = pen.add("Transpose", x, perm=(1, 0, 2))  # [4, N, width / 4]
        senders, receivers = self.weigh(x), self.weigh(x)  # [4, N, 1]
        row = pen.add("Reshape", senders, shape=(HEADS, 1, nodes))
        scores = self.score(receivers, row)
        scores = pen.add("Where", self.edges, scores, self.constant(NO_EDGE))
        if not self.self_loops:
            return self.merge(pen.add("MatMul", pen.add("Softmax", scores, axis=2), x))
        scores = pen.add("Softmax", pen.concat([scores, self.score(receivers, senders)], axis=2), axis=2)
        received = pen.add("MatMul", pen.add("Slice", scores, axis=2, start=0, end=nodes), x)
        own = pen.add("Mul", pen.add("Slice", scores, axis=2, start=nodes, end=nodes + 1), x)
        return self.merge(pen.add("Add", received, own))

    def weigh(self, x: int) -> int:
        """The product of every head's features with a learned vector, [4, N, D] -> [4, N, 1]."""
        return self.pen.add("MatMul", x, self.pen.add("Parameter", shape=(HEADS, self.pen.shape(x)[2], 1)))

    def score(self, receivers: int, senders: int) -> int:
        return self.pen.add("LeakyRelu", self.pen.add("Add", receivers, senders), alpha=SLOPE)

    def merge(self, x: int) -> int:
        """Put the heads side by side, [4, N, D] -> [N, 4 D], and add the bias."""
        heads, nodes, width = self.pen.shape(x)
        x = self.pen.add("Transpose", x, perm=(1, 0, 2))
        return self.add_bias(self.pen.add("Reshape", x, shape=(nodes, heads * width)))

    def store_unused(self, count: int) -> None:
        """Weights that the network as trained holds and does not read."""
        if self.pen.folded:
            self.pen.lost_params += count
        else:
            self.pen.add("Parameter", shape=(count,))
