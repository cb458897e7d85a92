"""`Structure`: how a network is written down, its repeated parts, and the names of its submodules and weights.

The names are those of the PyTorch source, and ONNX initialisers carry them too, so that the initialisers of a file are
the `state_dict` of the module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from onnx_bench.node import Graph
from onnx_bench.writers.blocks import Block, Chain, Item, Leaf, find_blocks
from onnx_bench.writers.view import View

# Operators that become an attribute `self.<word><number>` of their class.
WORDS = {
    "Conv": "conv", "ConvTranspose": "deconv", "Linear": "fc", "BatchNorm": "bn", "LayerNorm": "norm",
    "RMSNorm": "norm", "GroupNorm": "norm", "InstanceNorm": "norm", "PRelu": "prelu", "Embedding": "embedding",
    "LSTM": "lstm", "GRU": "gru", "RNN": "rnn", "Parameter": "weight", "Constant": "const",
}  # fmt: skip
# Attributes in which blocks of one kind may differ; the class then takes them as arguments.
_SIZES = frozenset((
    "channels", "features", "kernel", "pads", "groups", "start", "end", "entries", "hidden", "slopes",
))  # fmt: skip
# Operators that are written into the line of their operand or reader.
_FREE = frozenset((
    "Relu", "Gelu", "Silu", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "Elu", "LeakyRelu", "Clip", "Mish", "Selu",
))  # fmt: skip


_last: list[Any] = []
"""The graph that was folded last, and its structure."""


@dataclass(frozen=True)
class Structure:
    """The folded network.

    Attributes:
        items: Leaves, blocks and chains; a leaf's `node` is a position in the graph. Inputs and constants that are
            written as literals are not among them.
        names: Position of a node with a submodule or tensor of its own -> its name in the `state_dict`.
    """

    items: tuple[Item, ...]
    names: dict[int, str]

    @classmethod
    def of(cls, view: View) -> Structure:
        """Find the repeats of a graph and name everything.

        The last answer is kept: who writes a network as ONNX often writes its source next.
        """
        graph = view.graph
        if _last and _last[0] == graph:
            return _last[1]
        written = [i for i, n in enumerate(graph.nodes) if n.op != "Input" and i not in view.literals]
        inputs = [i for i, n in enumerate(graph.nodes) if n.op == "Input"]
        order = inputs + written
        place = {position: i for i, position in enumerate(order)}
        folded = find_blocks(
            [("Input", i) for i in inputs] + [_key(view, i) for i in written],
            [[place.get(r, -1) for r in graph.nodes[i].inputs if r not in view.literals] for i in order],
            [place[o] for o in graph.outputs if o in place],
            [0 if graph.nodes[i].op in _FREE else 1 for i in order],
        )
        items = tuple(_renumber(item, order) for item in folded)[len(inputs) :]
        found = cls._named(graph, items)
        _last[:] = [graph, found]
        return found

    @classmethod
    def flat(cls, view: View) -> Structure:
        """Everything in one class, without looking for repeats: quicker, for modules whose text nobody reads."""
        nodes = enumerate(view.graph.nodes)
        return cls._named(view.graph, tuple(Leaf(i) for i, n in nodes if n.op != "Input" and i not in view.literals))

    @classmethod
    def _named(cls, graph: Graph, items: tuple[Item, ...]) -> Structure:
        names: dict[int, str] = {}
        _name(graph, items, "", names)
        return cls(items, names)


def _key(view: View, position: int) -> Hashable:
    """What must agree between the same nodes of two blocks of one kind."""
    node = view.node(position)
    if position in view.extra_outputs or node.op == "Output":
        return position  # several outputs cross the border of a block, so these stay outside blocks
    attrs = tuple((key, _pattern(key, value)) for key, value in node.attrs)
    literals = tuple(
        (slot, view.node(r).attrs) for slot, r in enumerate(node.inputs) if r in view.literals
    )  # fmt: skip
    return node.op, attrs, literals, node.params > 0, len(node.shape or ()), view.batch[position]


def _pattern(key: str, value: object) -> Hashable:
    if key not in _SIZES:
        return value
    if key == "groups":
        return value == 1
    return (len(value), any(value)) if isinstance(value, tuple) else ...


def _renumber(item: Item, order: Sequence[int]) -> Item:
    if isinstance(item, Leaf):
        return Leaf(order[item.node])
    if isinstance(item, Block):
        return Block(item.kind, tuple(_renumber(i, order) for i in item.body), tuple(order[p] for p in item.ports))
    blocks = tuple(_renumber(block, order) for block in item.blocks)
    return Chain(tuple(b for b in blocks if isinstance(b, Block)), item.carried)


def local_names(graph: Graph, items: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """The items of one class that are attributes of it, with their names: `conv1`, `block1`, `blocks1`, ..."""
    numbers: Counter[str] = Counter()
    for item in items:
        word = WORDS.get(graph.nodes[item.node].op) if isinstance(item, Leaf) else _group_word(item)
        if word:
            numbers[word] += 1
            yield item, f"{word}{numbers[word]}"


def _group_word(item: Block | Chain) -> str:
    return "block" if isinstance(item, Block) else "blocks"


def _name(graph: Graph, items: Sequence[Item], prefix: str, names: dict[int, str]) -> None:
    for item, name in local_names(graph, items):
        if isinstance(item, Leaf):
            names[item.node] = prefix + name
        elif isinstance(item, Block):
            _name(graph, item.body, f"{prefix}{name}.", names)
        else:
            for number, block in enumerate(item.blocks):
                _name(graph, block.body, f"{prefix}{name}.{number}.", names)
