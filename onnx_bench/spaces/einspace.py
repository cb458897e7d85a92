"""einspace: networks derived from a grammar of branching, aggregation, routing and computation."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from onnx_bench.spaces import einspace_functions as functions
from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.einspace_grammar import GRAMMAR, PARTS, Limits, Tracer
from onnx_bench.spaces.einspace_sampler import Sampler
from onnx_bench.spaces.grammar import NotDerivedError, Tree


@dataclass(frozen=True)
class Einspace(DrawnSpace[Tree]):
    """All networks of the grammar in which every function fits the tensor it gets.

    A tensor is an image or, after an im2col, columns. A module is a computation; two modules in sequence; a routing:
    a function before a module and one after it; or a branching: the tensor is cloned or cut, modules work on the
    parts, and an aggregation joins them. The head averages an image over its plane, columns over their width, and
    classifies by a linear layer. There is no stem. Architectures are written as derivations, such as
    `(NETWORK routing (PRE im2col3k1s1p) (MODULE computation (COMPUTE linear64)) (POST col2im))`.

    The grammar, the shapes, the probabilities and the functions follow the paper and its published code. What had to
    be decided here:

    - A `col2im` restores the grid of the `im2col` in the same routing module and is possible there alone, which is
      what the published sampler comes to; `leakyrelu` has slope 0.01; `norm` is batch norm of images and layer norm
      of columns; `softmax` and linear layers work along the last dimension.
    - A routing of an im2col, a linear layer and a col2im is drawn as the convolution it is, as the published compiler
      does. Any other im2col is drawn with slices and reshapes and holds no weights.
    - `branching4` and `branching8` are productions of their own, since they have one module where `branching2` has
      two; the names of functions are the published ones.
    - Published derivations may be 100 modules deep and as large as memory. Here `max_depth` levels, `max_functions`,
      `max_elements` and `max_params` bound them; a derivation that exceeds these is no architecture of the space.
    - A derivation is valid for one size of image: one made for 32x32 may not fit 16x16. The tasks are therefore those
      with 32x32 images, and `side` makes the space of another size.

    Neighbours exchange one production of the derivation for another (see `Grammar.neighbours`).

    Args:
        max_functions: Functions of a network, repeated ones counted each time.
        max_elements: Values of a tensor.
        max_params: Learned scalars of a network, the head left out.
        max_depth: Modules inside each other; for `sample` alone.
        side: Height and width of the images.
    """

    max_functions: int = 300
    max_elements: int = 1 << 20
    max_params: int = 1 << 24
    max_depth: int = 20
    side: int = 32

    name: ClassVar[str] = "einspace"
    title: ClassVar[str] = "einspace: grammar of branching, aggregation, routing and computation, image classification"
    reference: ClassVar[str] = "Ericsson et al., einspace, NeurIPS 2024, arXiv:2405.20838"
    tasks: ClassVar[Mapping[str, Head]] = {
        "cifar10": Head((1, 3, 32, 32), 10),
        "cifar100": Head((1, 3, 32, 32), 100),
    }
    default_task: ClassVar[str] = "cifar10"

    def head(self, task: str | None = None) -> Head:
        return replace(super().head(task), input=(1, 3, self.side, self.side))

    def parse(self, arch: str) -> Tree:
        try:
            tree = GRAMMAR.parse(arch)
            self._trace(tree)
        except NotDerivedError as error:
            raise self.bad(arch, error.found[:200], error.expected[:200]) from error
        return tree

    def _trace(self, tree: Tree) -> None:
        """Check the shapes and the limits."""
        tracer = Tracer(Limits(self.max_functions, self.max_elements, self.max_params))
        tracer.module(tree, self.head().input)

    def is_valid(self, tree: Tree) -> bool:
        """Whether every function fits the tensor it gets, within the limits."""
        try:
            self._trace(tree)
        except NotDerivedError:
            return False
        return True

    def sample(self, rng: random.Random) -> str:
        sampler = Sampler(rng, self.max_functions, self.max_depth)
        while True:
            tree = sampler.network(self.head().input)
            if self.is_valid(tree):
                return str(tree)

    def neighbours(self, arch: str) -> list[str]:
        return [str(tree) for tree in dict.fromkeys(GRAMMAR.neighbours(self.parse(arch))) if self.is_valid(tree)]

    def size(self) -> int | None:
        return None

    def draw_backbone(self, pen: Drawing, parsed: Tree, head: Head) -> int:
        pen.settled = False  # what equals what here is the business of the normalisation passes
        return _draw(pen, pen.input(head.input), parsed)

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        axes = (2, 3) if len(pen.shape(x)) == functions.IMAGE else (2,)
        return pen.linear(pen.add("ReduceMean", x, axes=axes, keepdims=False), head.outputs)


def _draw(pen: Drawing, x: int, tree: Tree) -> int:
    match tree.terminal, tree.children:
        case "computation", (inner,):
            return functions.draw_compute(pen, x, inner.terminal)
        case "sequential", (first, second):
            return _draw(pen, _draw(pen, x, first), second)
        case "routing", (before, inner, after):
            return _draw_routing(pen, x, before.terminal, inner, after.terminal)
        case kind, (branch, *modules, joined):
            parts = functions.draw_split(pen, x, branch.terminal, PARTS[kind])
            modules *= len(parts) // len(modules)
            drawn = [_draw(pen, part, module) for part, module in zip(parts, modules, strict=True)]
            return functions.draw_join(pen, drawn, joined.terminal)
    raise AssertionError("the grammar has no other module")


def _draw_routing(pen: Drawing, x: int, before: str, inner: Tree, after: str) -> int:
    if not before.startswith("im2col"):
        return functions.draw_route(pen, _draw(pen, functions.draw_route(pen, x, before), inner), after)
    if after == "col2im" and inner.terminal == "computation":
        (function,) = inner.children
        if function.terminal.startswith("linear"):
            kernel, stride, padding = functions.window(before)
            width = int(function.terminal.removeprefix("linear"))
            return pen.conv(x, width, kernel, stride, bias=True, padding=padding)
    grid = functions.grid_of(before, pen.shape(x))
    return functions.draw_route(pen, _draw(pen, functions.draw_route(pen, x, before), inner), after, grid)
