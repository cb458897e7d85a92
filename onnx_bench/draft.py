"""`Draft`: the mutable form of a graph that passes rewrite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from onnx_bench.errors import MalformedModelError
from onnx_bench.node import Graph, Node, Shape
from onnx_bench.ops import OPS, make_node, pack_attrs, spec


class DraftNode:
    """A node that knows its producers and its users.

    Attributes:
        op: Operator name.
        inputs: Producers; `None` marks an omitted optional input. Change them through `Draft.set_inputs`.
        attrs: Attributes, free to change (but never those of a `Constant`, which may be shared).
        shape: Output shape, `None` where unknown.
        params: Parameters if they are not to be counted from `op` (a `Parameter` that is not learned), else `None`.
        users: Nodes that read this one, with the number of their inputs that do. The graph outputs are read by
            `Draft.sink`.
        dead: Whether the node lost its last reader and was taken out of the graph.
        dtype: The class of its elements once a rule has asked for it (`passes.values.element_class`).
    """

    __slots__ = ("attrs", "dead", "dtype", "inputs", "op", "params", "shape", "users")

    def __init__(self, op: str, attrs: dict[str, Any], shape: Shape | None, params: int | None = None) -> None:
        self.op = op
        self.attrs = attrs
        self.shape = shape
        self.params = params
        self.inputs: list[DraftNode | None] = []
        self.users: dict[DraftNode, int] = {}
        self.dead = False
        self.dtype: str | None = None

    def __repr__(self) -> str:
        return f"<{self.op} {self.attrs} {self.shape}>"

    @property
    def only_user(self) -> DraftNode | None:
        """The one node that reads this one, once; `None` if there are more readings or none.

        A graph output is read by `Draft.sink` (op `Outputs`), so a node that is also an output has more readings.
        """
        if len(self.users) == 1:
            for user, readings in self.users.items():
                return user if readings == 1 else None
        return None


class Draft:
    """A graph under rewriting.

    `nodes` is in topological order after `sort()`; passes may append anywhere. A node that loses its last reader is
    taken out at once (`dead`, inputs emptied), and so are its producers if nothing else reads them: `users` is exact
    at any time. It stays in `nodes` until the next `sort()`. Graph inputs never die.
    """

    def __init__(self) -> None:
        self.nodes: list[DraftNode] = []
        self.sink = DraftNode("Outputs", {}, None)
        self._ordered = 0  # how many of `nodes`, from the front, were there at the last `sort()`

    @property
    def outputs(self) -> list[DraftNode]:
        """The nodes whose values the graph returns."""
        return [o for o in self.sink.inputs if o is not None]

    @outputs.setter
    def outputs(self, nodes: Sequence[DraftNode]) -> None:
        self.set_inputs(self.sink, nodes)

    @classmethod
    def from_graph(cls, graph: Graph) -> Draft:
        """A draft of `graph`, nodes in the same order."""
        draft = cls()
        nodes = draft.nodes
        for op, inputs, attrs, shape, params, _ in graph.nodes:
            node = DraftNode(op, dict(attrs), shape, params if op == "Parameter" or op not in OPS else None)
            for i in inputs:
                producer = nodes[i] if i >= 0 else None
                node.inputs.append(producer)
                if producer is not None:
                    producer.users[node] = producer.users.get(node, 0) + 1
            nodes.append(node)
        draft.outputs = [nodes[i] for i in graph.outputs]
        draft._ordered = len(nodes)
        return draft

    def add(
        self, op: str, inputs: Iterable[DraftNode | None] = (), shape: Shape | None = None, *,
        params: int | None = None, **attrs: Any,
    ) -> DraftNode:  # fmt: skip
        """Append a node. Where `shape` is `None` and the operator is canonical, the shape is inferred."""
        node = DraftNode(op, attrs, shape, params)
        self.nodes.append(node)
        self.set_inputs(node, inputs)
        if shape is None:
            self.infer(node)
        return node

    def become(
        self, node: DraftNode, op: str, inputs: Iterable[DraftNode | None] | None = None, *,
        params: int | None = None, **attrs: Any,
    ) -> None:  # fmt: skip
        """Turn `node` into another operator in place: readers, position and shape stay, attributes are replaced."""
        node.op = op
        node.attrs = attrs
        node.params = params
        if inputs is not None:
            self.set_inputs(node, inputs)

    def infer(self, node: DraftNode) -> None:
        """Recompute the shape of `node` from its inputs where the operator table can."""
        entry = spec(node.op)
        shapes = [i.shape for i in node.inputs if i is not None]
        if entry.shape is not None and all(s is not None for s in shapes):
            full = {**entry.defaults, **node.attrs}
            node.shape = entry.shape(full, [s for s in shapes if s is not None])

    def set_inputs(self, node: DraftNode, inputs: Iterable[DraftNode | None]) -> None:
        """Replace the inputs of `node`, keeping `users` right; producers that nothing reads any more die."""
        before = node.inputs
        node.inputs = list(inputs)
        for new in node.inputs:
            if new is not None:
                new.users[node] = new.users.get(node, 0) + 1
        self._unread(node, before)

    def _unread(self, node: DraftNode, producers: Iterable[DraftNode | None]) -> None:
        """Take one reading by `node` off each of `producers` and bury those that are left without a reader."""
        for producer in producers:
            if producer is not None:
                left = producer.users[node] - 1
                if left:
                    producer.users[node] = left
                else:
                    del producer.users[node]
                    if not producer.users:
                        self._bury(producer)

    def _bury(self, node: DraftNode) -> None:
        """Take a node that nothing reads out of the graph, and what only it read."""
        pending = [node]
        while pending:
            node = pending.pop()
            if node.dead or node.op == "Input":
                continue
            node.dead = True
            for producer in node.inputs:
                if producer is not None and node in producer.users:
                    del producer.users[node]
                    if not producer.users:
                        pending.append(producer)
            node.inputs = []

    def replace(self, old: DraftNode, new: DraftNode, *, keep: Sequence[DraftNode] = ()) -> None:
        """Let every reader of `old` (but those in `keep`), and the graph outputs, read `new` instead."""
        for user in list(old.users):
            if user is new or user in keep:
                continue
            readings = old.users.pop(user)
            inputs, place = list(user.inputs), -1
            for _ in range(readings):
                place = inputs.index(old, place + 1)
                inputs[place] = new
            user.inputs = inputs
            new.users[user] = new.users.get(user, 0) + readings
        if not old.users:
            self._bury(old)

    def sort(self) -> None:
        """Order `nodes` topologically and drop the dead and unread; graph inputs stay, first and in order.

        Raises:
            MalformedModelError: The graph has a cycle.
        """
        for node in reversed(self.nodes):
            if not node.users:
                self._bury(node)
        appended = len(self.nodes) > self._ordered
        self.nodes = [node for node in self.nodes if not node.dead]
        if appended:
            self._order()
        self._ordered = len(self.nodes)

    def _order(self) -> None:
        """Order `nodes` topologically, depth first from the outputs."""
        order: list[DraftNode] = [n for n in self.nodes if n.op == "Input"]
        state: dict[DraftNode, int] = dict.fromkeys(order, 2)  # 1: on the stack, 2: placed
        for root in self.outputs:
            stack: list[tuple[DraftNode, Iterator[DraftNode | None]]] = []
            if root not in state:
                state[root] = 1
                stack.append((root, iter(root.inputs)))
            while stack:
                node, pending = stack[-1]
                for child in pending:
                    if child is None:
                        continue
                    seen = state.get(child)
                    if seen == 1:
                        raise MalformedModelError("the graph has a cycle")
                    if seen is None:
                        state[child] = 1
                        stack.append((child, iter(child.inputs)))
                        break
                else:
                    stack.pop()
                    state[node] = 2
                    order.append(node)
        self.nodes = order

    def freeze(self) -> Graph:
        """The immutable graph: sorted, without dead nodes, parameters and MACs counted."""
        self.sort()
        place = {node: i for i, node in enumerate(self.nodes)}
        if any(place[i] > k for k, node in enumerate(self.nodes) for i in node.inputs if i is not None):
            self._order()
            place = {node: i for i, node in enumerate(self.nodes)}
        frozen: list[Node] = []
        for node in self.nodes:
            inputs = [-1 if i is None else place[i] for i in node.inputs]
            shapes = [frozen[i].shape for i in inputs if i >= 0]
            if node.op not in OPS:
                frozen.append(Node(node.op, tuple(inputs), pack_attrs(node.attrs), node.shape, node.params or 0))
            else:
                frozen.append(make_node(node.op, inputs, shapes, node.shape, node.params, **node.attrs))
        return Graph(tuple(frozen), tuple(place[o] for o in self.outputs))

    def dissolve(self) -> None:
        """Let go of all nodes, at the end.

        They refer to each other in circles: left to the garbage collector, those of the last dozens of graphs crowd
        what is at work out of the processor's caches, which costs a tenth of the time of reading a file.
        """
        for node in (*self.nodes, self.sink):
            node.users.clear()
        self.nodes = []
        self.sink.inputs = []
