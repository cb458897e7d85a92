"""`render`: the statements of one class, its submodules in `__init__` and their use in `forward`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from onnx_bench.writers.blocks import Block, Chain, Item, Leaf
from onnx_bench.writers.lowered import Lowered, literal, substitute
from onnx_bench.writers.lowering import lower
from onnx_bench.writers.structure import local_names
from onnx_bench.writers.view import View

MAX_NESTED = 88
"""Longest expression, in characters, into which another is written instead of getting a line of its own."""


@dataclass
class ClassText:
    """The statements of one class, without indentation.

    Attributes:
        init: Statements of `__init__`.
        forward: Statements of `forward`.
        arguments: Names of the arguments of `forward`.
        result: The expression that `forward` returns.
        helpers: Helper definitions it uses.
    """

    init: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    result: str = ""
    helpers: set[str] = field(default_factory=set)


def render(
    view: View, items: Sequence[Item], ports: Sequence[int], outputs: Sequence[int],
    constructor: Callable[[Block], str],
) -> ClassText:  # fmt: skip
    """Write the statements of one class.

    Args:
        view: The graph.
        items: What the class computes, in order.
        ports: Nodes whose values are its arguments.
        outputs: Nodes whose values it returns.
        constructor: Gives the text that constructs a block, e.g. `Block(16)`.
    """
    return _Renderer(view, items, ports, outputs, constructor).text


class _Renderer:
    def __init__(
        self, view: View, items: Sequence[Item], ports: Sequence[int], outputs: Sequence[int],
        constructor: Callable[[Block], str],
    ) -> None:  # fmt: skip
        self.view = view
        self.items = items
        self.constructor = constructor
        self.names = {id(item): name for item, name in local_names(view.graph, items)}
        self.lowered = [self._lower(item) for item in items]
        self.last_use: dict[int, int] = dict.fromkeys(ports, -1)
        self.readings: Counter[int] = Counter(outputs)
        for place, item in enumerate(items):
            for source in self._reads(item):
                self.last_use[source] = place
                self.readings[source] += 1
        self.last_use.update(dict.fromkeys(outputs, len(items)))
        self.held: dict[int, str] = {}  # node -> name of the variable
        self.nested: dict[int, str] = {}  # node -> expression that stands for it
        self.text = ClassText()
        for port in ports:
            self.text.arguments.append(self._new_name())
            self.held[port] = self.text.arguments[-1]
        for place, item in enumerate(items):
            if isinstance(item, Leaf):
                self._leaf(place, item)
            elif isinstance(item, Block):
                self._block(place, item)
            else:
                self._chain(place, item)
        results = [self._value(o) for o in outputs]
        self.text.result = results[0] if len(results) == 1 else f"({', '.join(results)})"

    def _lower(self, item: Item) -> Lowered | None:
        """The text of a leaf; further outputs are read off their operator instead."""
        if not isinstance(item, Leaf) or self.view.node(item.node).op == "Output":
            return None
        return lower(self.view, item.node)

    def _reads(self, item: Item) -> Sequence[int]:
        if not isinstance(item, Leaf):
            return item.ports
        return [i for i in self.view.node(item.node).inputs if i >= 0 and i not in self.view.literals]

    def _new_name(self) -> str:
        taken = set(self.held.values())
        return next(name for name in _variables() if name not in taken)

    def _target(self, place: int, reads: Sequence[int]) -> str:
        """The variable that gets the result: that of the first operand that is not needed any more, or a new one."""
        dying = [source for source in dict.fromkeys(reads) if source in self.held and self.last_use[source] <= place]
        freed = [self.held.pop(source) for source in dying]
        return freed[0] if freed else self._new_name()

    def _value(self, node: int) -> str:
        """The text that stands for the first output of `node`."""
        if node in self.view.literals:
            value = self.view.node(node).get("value")
            assert isinstance(value, tuple)
            return literal(value[0])
        if node in self.nested:
            return self.nested.pop(node) if self.readings[node] == 1 else self.nested[node]
        if node in self.view.extra_outputs:
            return self.held[node] + lower(self.view, node).first
        return self.held[node]

    def _leaf(self, place: int, item: Leaf) -> None:
        node = self.view.node(item.node)
        lowered = self.lowered[place]
        if lowered is None:
            index = node.get("index")
            assert isinstance(index, int)
            expr = self.held[node.inputs[0]] + lower(self.view, node.inputs[0]).further[index - 1]
        else:
            name = self.names.get(id(item), "")
            self.text.init += [statement.replace("@", name) for statement in lowered.init]
            self.text.helpers.update(lowered.helpers)
            first = "" if item.node in self.view.extra_outputs else lowered.first
            texts = [self._value(i) if i >= 0 else "None" for i in node.inputs]
            expr = substitute(lowered.expr.replace("@", name) + first, texts)
            if node.op in ("Parameter", "Constant") or self._nests(place, item.node, expr):
                self.nested[item.node] = expr
                return
        target = self._target(place, [*self._reads(item), *self._nested_reads(expr)])
        self.held[item.node] = target
        self.text.forward.append(f"{target} = {expr}")

    def _nested_reads(self, expr: str) -> list[int]:
        """Nodes held in variables that an expression uses through others written into it."""
        used = set(re.findall(r"(?<![\w.])[a-z]\d*\b", expr))
        return [node for node, name in self.held.items() if name in used]

    def _nests(self, place: int, node: int, expr: str) -> bool:
        """Whether the value is needed once, in the next statement, where there is room for it."""
        if self.readings[node] != 1 or self.last_use[node] != place + 1 or place + 1 == len(self.items):
            return False
        if node in self.view.extra_outputs:
            return False
        reader = self.items[place + 1]
        lowered = self.lowered[place + 1]
        if lowered is None or not isinstance(reader, Leaf) or not _atomic(expr):
            return False
        slot = f"${self.view.node(reader.node).inputs.index(node)}"
        uses = re.findall(r"\$\d+", lowered.expr)
        return uses.count(slot) == 1 and len(expr) + len(lowered.expr) <= MAX_NESTED

    def _block(self, place: int, block: Block) -> None:
        name = self.names[id(block)]
        self.text.init.append(f"self.{name} = {self.constructor(block)}")
        arguments = ", ".join(self._value(port) for port in block.ports)
        self.held[block.out] = self._target(place, block.ports)
        self.text.forward.append(f"{self.held[block.out]} = self.{name}({arguments})")

    def _chain(self, place: int, chain: Chain) -> None:
        name = self.names[id(chain)]
        alone = len(chain.ports) == 1
        self.text.init.append(f"self.{name} = {_sequence([self.constructor(b) for b in chain.blocks], alone)}")
        values = [self._value(port) for port in chain.ports]
        source = chain.ports[chain.carried]
        target = self._target(place, [source])
        for port in chain.ports:
            if self.last_use[port] <= place:
                self.held.pop(port, None)
        self.held[chain.out] = target
        if alone:
            self.text.forward.append(f"{target} = self.{name}({values[0]})")
            return
        if values[chain.carried] != target:
            self.text.forward.append(f"{target} = {values[chain.carried]}")
        values[chain.carried] = target
        self.text.forward.append(f"for block in self.{name}:")
        self.text.forward.append(f"    {target} = block({', '.join(values)})")


def _atomic(expr: str) -> bool:
    """Whether an expression can stand anywhere without parentheses: outside brackets it has no operator."""
    depth = 0
    for character in expr:
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and character == " ":
            return False
    return True


def _variables() -> Iterator[str]:
    yield from "xyzuvw"
    yield from (f"x{number}" for number in count(1))


def _sequence(constructors: Sequence[str], alone: bool) -> str:
    """`nn.Sequential` (or `nn.ModuleList`, where a loop calls the blocks), runs of equal blocks written once."""
    runs: list[tuple[str, int]] = []
    for text in constructors:
        if runs and runs[-1][0] == text:
            runs[-1] = (text, runs[-1][1] + 1)
        else:
            runs.append((text, 1))
    if len(runs) == 1:
        text, times = runs[0]
        repeated = f"[{text} for _ in range({times})]"
        return f"nn.Sequential(*{repeated})" if alone else f"nn.ModuleList({repeated})"
    lines = [f"    *[{text} for _ in range({n})]," if n > 1 else f"    {text}," for text, n in runs]
    opening, closing = ("nn.Sequential(", ")") if alone else ("nn.ModuleList([", "])")
    return "\n".join([opening, *lines, closing])
