"""Write a graph as readable PyTorch source: one class per kind of block, one statement per operator."""

from __future__ import annotations

import keyword
import textwrap
from collections.abc import Iterable, Sequence

from onnx_bench.errors import UserInputError
from onnx_bench.node import Graph
from onnx_bench.writers.blocks import Block, Chain, Item
from onnx_bench.writers.class_family import Family, skeleton, unify
from onnx_bench.writers.class_text import ClassText, render
from onnx_bench.writers.helpers import helper_texts
from onnx_bench.writers.lowered import literal
from onnx_bench.writers.structure import Structure
from onnx_bench.writers.view import View

WIDTH = 118
"""Longest line, in characters."""


def to_source(graph: Graph, class_name: str = "Network") -> str:
    """Write a network as a self-contained Python file that imports nothing but torch.

    The file defines `class_name`, a `torch.nn.Module` without arguments that computes what the graph computes, for any
    batch size where the graph allows that. Repeated blocks are written once. Run as a program, it feeds the network
    random input. Names of submodules and weights are those of `onnx_bench.writers.weights.make_weights`.

    Args:
        graph: A graph in canonical form, batch norms and dead branches allowed.
        class_name: Name of the class.

    Raises:
        UnsupportedGraphError: An operator has no PyTorch form, or a shape is unknown.
        UserInputError: `class_name` cannot name a class here.
    """
    if not class_name.isidentifier() or keyword.iskeyword(class_name) or class_name in ("torch", "nn", "F"):
        raise UserInputError(f"{class_name!r} cannot be the name of the class; take a Python identifier")
    view = View.of(graph)
    return source_of(view, Structure.of(view), class_name)


def source_of(view: View, structure: Structure, class_name: str) -> str:
    """`to_source` for a graph whose structure is known."""
    graph = view.graph
    blocks = _BlockClasses(view, class_name)
    blocks.collect(structure.items)
    inputs = [i for i, node in enumerate(graph.nodes) if node.op == "Input"]
    main = render(view, structure.items, inputs, graph.outputs, blocks.constructor)
    helpers = sorted(main.helpers.union(*(family.text.helpers for family in blocks.families.values())))
    classes = [helper_texts()[name] for name in helpers]
    classes += [_class(name, family.parameters, family.text, "") for name, family in blocks.families.items()]
    classes.append(_class(class_name, (), main, _description(view, inputs)))
    classes.append(_main(view, inputs, class_name))
    body = "\n\n\n".join(classes)
    header = "import torch\n"
    header += "import torch.nn.functional as F\n" if "F." in body else ""
    return f"{header}from torch import nn\n\n\n{body}\n"


class _BlockClasses:
    """The classes of all blocks, inner ones first.

    Attributes:
        families: Class name -> class.
    """

    def __init__(self, view: View, taken: str) -> None:
        self.view = view
        self.taken = taken
        self.families: dict[str, Family] = {}
        self._constructors: dict[int, str] = {}

    def constructor(self, block: Block) -> str:
        """The text that constructs a block."""
        return self._constructors[id(block)]

    def collect(self, items: Iterable[Item]) -> None:
        """Make the classes of the blocks under `items`. A block only contains blocks of kinds found before its own."""
        kinds: dict[int, list[Block]] = {}
        stack = list(items)[::-1]
        while stack:
            item = stack.pop()
            if isinstance(item, Chain):
                stack.extend(reversed(item.blocks))
            elif isinstance(item, Block):
                kinds.setdefault(item.kind, []).append(item)
                stack.extend(reversed(item.body))
        for kind in sorted(kinds):
            self._make_classes(kinds[kind])

    def _make_classes(self, blocks: Sequence[Block]) -> None:
        groups: dict[str, list[tuple[Block, ClassText]]] = {}
        for block in blocks:
            text = render(self.view, block.body, block.ports, (block.out,), self.constructor)
            groups.setdefault(skeleton(text), []).append((block, text))
        for group in groups.values():
            family = unify([text for _, text in group])
            name = f"Block{len(self.families) + 1}"
            if name == self.taken:
                name += "Inner"
            self.families[name] = family
            for (block, _), values in zip(group, family.values, strict=True):
                named = zip(family.parameters, values, strict=True)
                arguments = values if len(values) == 1 else [f"{key}={value}" for key, value in named]
                self._constructors[id(block)] = f"{name}({', '.join(arguments)})"


def _class(name: str, parameters: Sequence[str], text: ClassText, description: str) -> str:
    lines = [f"class {name}(nn.Module):"]
    lines += [*_indent(description.split("\n"), 1), ""] if description else []
    if text.init:
        lines.append(f"    def __init__({', '.join(('self', *parameters))}):")
        lines += _indent(["super().__init__()", *text.init], 2)
        lines.append("")
    lines.append(f"    def forward({', '.join(('self', *text.arguments))}):")
    body, result = text.forward, text.result
    if body and body[-1].startswith(f"{result} = "):
        body, result = body[:-1], body[-1].removeprefix(f"{result} = ")
    lines += _indent([*body, f"return {result}"], 2)
    return "\n".join(lines)


def _indent(statements: Iterable[str], level: int) -> list[str]:
    lines: list[str] = []
    for statement in statements:
        for line in statement.split("\n"):
            lines += _wrap("    " * level + line) if line else [""]
    return lines


def _wrap(line: str) -> list[str]:
    """Break a long statement, in parentheses where it has none of its own."""
    if len(line) <= WIDTH:
        return [line]
    margin = line[: len(line) - len(line.lstrip())]
    head, equals, value = line.strip().partition(" = ")
    if equals and value[-1] != ")":
        line = f"{margin}{head} = ({value})"
    inner = margin + " " * 8
    return textwrap.wrap(line, WIDTH, subsequent_indent=inner, break_long_words=False, break_on_hyphens=False)


def _description(view: View, inputs: Sequence[int]) -> str:
    graph = view.graph
    shapes = " and ".join(_shape_text(view, i) for i in inputs)
    params, macs = sum(n.params for n in graph.nodes), sum(n.macs for n in graph.nodes)
    lines = [f'"""{shapes or "No input"} -> {" and ".join(_shape_text(view, o) for o in graph.outputs)}', ""]
    lines.append(f"{params:,} parameters, {macs:,} multiply-accumulates for one example.")
    if view.fixed_because:
        lines.append(f"The batch size is fixed: {view.fixed_because}.")
    return "\n".join([*lines, '"""'])


def _shape_text(view: View, position: int) -> str:
    axis = view.batch[position]
    dims = [str(dim) for dim in view.shape(position)]
    if axis is not None:
        dims[axis] = "B" if dims[axis] == "1" else f"{dims[axis]} B"
    return f"[{', '.join(dims)}]"


def _main(view: View, inputs: Sequence[int], class_name: str) -> str:
    arguments = ", ".join(_random_input(view, i) for i in inputs)
    many = len(view.graph.outputs) > 1
    return "\n".join([
        'if __name__ == "__main__":',
        f"    model = {class_name}().eval()",
        *_wrap(f"    inputs = ({arguments}{',' if inputs else ''})"),
        "    with torch.no_grad():",
        f"        outputs = {'model(*inputs)' if many else '(model(*inputs),)'}",
        '    print(sum(p.numel() for p in model.parameters()), "parameters")',
        '    print("outputs", [tuple(y.shape) for y in outputs])',
    ])  # fmt: skip


def _random_input(view: View, position: int) -> str:
    shape = literal(view.shape(position))
    dtype = view.dtypes[position]
    if dtype == "float":
        return f"torch.randn({shape})".replace("((", "(").replace("))", ")") if shape != "()" else "torch.randn(())"
    if dtype == "bool":
        return f"torch.ones({shape}, dtype=torch.bool)"
    return f"torch.randint(0, {index_bound(view, position)}, {shape})"


def index_bound(view: View, position: int) -> int:
    """One more than the largest integer that every reader of an integer input takes as an index."""
    bounds = [2]
    for node in view.graph.nodes:
        entries = node.get("entries")
        if node.op == "Embedding" and node.inputs[0] == position and isinstance(entries, int):
            bounds.append(entries)
    return max(bounds) if len(bounds) == 1 else min(bounds[1:])
