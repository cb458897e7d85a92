"""The grammar of einspace, and the shapes that a derivation gives to the tensors inside it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from onnx_bench.node import Shape
from onnx_bench.spaces import einspace_functions as functions
from onnx_bench.spaces.grammar import Grammar, NotDerivedError, Tree

_MODULES = (
    "sequential MODULE MODULE | branching2 BRANCH2 MODULE MODULE JOIN2 | branching4 BRANCH4 MODULE JOIN4 | "
    "branching8 BRANCH8 MODULE JOIN8 | routing PRE MODULE POST"
)
_PERMUTE = "permute21 | permute132 | permute213 | permute231 | permute312 | permute321"
_IM2COL = (
    "im2col1k1s0p | im2col1k2s0p | im2col3k1s1p | im2col3k2s1p | im2col4k4s0p | im2col8k8s0p | im2col16k16s0p"
)  # fmt: skip
_LINEAR = " | ".join(f"linear{1 << i}" for i in range(4, 12))


def _branching(parts: int) -> str:
    groups = " | ".join(f"group_dim{parts}s{axis}d" for axis in (1, 2, 3))
    joins = " | ".join(f"cat_tensors{axis}d{parts}t" for axis in (1, 2, 3))
    products = "dot_product | scaled_dot_product | " if parts == 2 else ""
    return f"BRANCH{parts} -> clone_tensor{parts} | {groups}\nJOIN{parts} -> add_tensors | {products}{joins}"


GRAMMAR = Grammar.from_text(f"""
    NETWORK -> {_MODULES}
    MODULE -> computation COMPUTE | {_MODULES}
    {_branching(2)}
    {_branching(4)}
    {_branching(8)}
    PRE -> identity | {_PERMUTE} | {_IM2COL}
    POST -> identity | {_PERMUTE} | col2im
    COMPUTE -> identity | {_LINEAR} | norm | leakyrelu | softmax | learnable_positional_encoding
""")
"""A branching into two has a module of its own for each branch; one into four or eight repeats one module, each time
with weights of its own."""

PARTS = {"branching2": 2, "branching4": 4, "branching8": 8}


@dataclass(frozen=True)
class Limits:
    """What a network of the space may not exceed.

    Attributes:
        functions: Functions of the network, repeated ones counted each time.
        elements: Values of a tensor.
        params: Learned scalars.
    """

    functions: int
    elements: int
    params: int


@dataclass
class Tracer:
    """Follows the shape of a tensor through a derivation and counts what the network is made of.

    Attributes:
        limits: What may not be exceeded.
        functions: Functions so far.
        params: Learned scalars so far.
    """

    limits: Limits
    functions: int = 0
    params: int = 0

    def module(self, tree: Tree, shape: Shape, times: int = 1) -> Shape:
        """The shape after a module that stands `times` times in the network.

        Raises:
            NotDerivedError: A function does not take the tensor it gets, or a limit is exceeded.
        """
        match tree.terminal, tree.children:
            case "computation", (inner,):
                after, params = functions.compute(inner.terminal, shape)
                return self.spend(after, times, params)
            case "sequential", (first, second):
                return self.module(second, self.module(first, shape, times), times)
            case "routing", (before, inner, after_inner):
                return self.routing(before.terminal, inner, after_inner.terminal, shape, times)
            case kind, (branch, *modules, joined):
                return self.branching(branch.terminal, modules, joined.terminal, PARTS[kind], shape, times)
        raise AssertionError("the grammar has no other module")

    def routing(self, before: str, inner: Tree, after: str, shape: Shape, times: int) -> Shape:
        grid = functions.grid_of(before, shape) if before.startswith("im2col") else None
        x = self.module(inner, self.spend(functions.route(before, shape), times), times)
        return self.spend(functions.route(after, x, grid), times)

    def branching(
        self, branch: str, modules: list[Tree], joined: str, parts: int, shape: Shape, times: int
    ) -> Shape:  # fmt: skip
        part = self.spend(functions.split(branch, shape), times)
        times *= parts // len(modules)
        shapes = [self.module(module, part, times) for module in modules]
        return self.spend(functions.join(joined, shapes * (parts // len(modules))), times)

    def spend(self, shape: Shape, times: int, params: int = 0) -> Shape:
        """Count a function that makes a tensor of `shape`."""
        self.functions += times
        self.params += times * params
        for name, found, limit in (
            ("functions", self.functions, self.limits.functions), ("parameters", self.params, self.limits.params),
            ("values in a tensor", prod(shape), self.limits.elements),
        ):  # fmt: skip
            if found > limit:
                raise NotDerivedError(f"{found} {name}", f"{limit} at most; a larger skeleton may allow more")
        return shape
