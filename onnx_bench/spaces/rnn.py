"""The recurrent cells of NAS-Bench-NLP: word-level language models of three layers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from onnx_bench.graph import ArchGraph
from onnx_bench.spaces import recurrent_recipe as recipes
from onnx_bench.spaces.base import Head, SearchSpace
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.json_fields import read_fields, read_object
from onnx_bench.spaces.recurrent_recipe import Recipe, Step

FUNCTIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "activation_tanh": ("Tanh", {}),
    "activation_sigm": ("Sigmoid", {}),
    "activation_leaky_relu": ("LeakyRelu", {"alpha": 0.01}),
    "elementwise_prod": ("Mul", {}),
    "elementwise_sum": ("Add", {}),
}
"""Operators of the steps that are one operator."""


@dataclass(frozen=True)
class RNN(SearchSpace[Recipe]):
    """Embedding, three layers of one recurrent cell, and a decoder with the weights of the embedding.

    The graph is one time step: inputs are a token [1, 1] and, layer by layer, the old states [1, 1, width]; outputs
    are the logits of the next token [1, 1, vocabulary] and the new states in the same order. An unrolled sequence
    would hold every weight once for each step, and its length would be in the fingerprint; a step holds each weight
    once and is all that the architecture says. How many states a cell has lies in its recipe, so `Head.more_inputs`
    does not name them.

    Embedding and decoder share their weights. The network as trained holds them once, so its `params` is the recorded
    count; the canonical form counts weights per use (see `ArchGraph.params`) and has the table twice.

    The canonical form is left to the normalisation passes: sums and products nest, and a product of a step with its
    own sigmoid is a SiLU.

    Args:
        embedding: Width of the embedding, and of the last layer.
        hidden: Width of the layers before the last.
        layers: Number of layers.
    """

    embedding: int = 400
    hidden: int = 600
    layers: int = 3

    name: ClassVar[str] = "rnn"
    title: ClassVar[str] = "NAS-Bench-NLP: recurrent cells as graphs of operations, language models of three layers"
    reference: ClassVar[str] = "Klyuchnikov et al., NAS-Bench-NLP, IEEE Access 2022, arXiv:2006.07116"
    tasks: ClassVar[Mapping[str, Head]] = {
        "wikitext-2": Head((1, 1), 33_278, "int"),
        "ptb": Head((1, 1), 10_000, "int"),
    }
    default_task: ClassVar[str] = "wikitext-2"

    def parse(self, arch: str) -> Recipe:
        steps = []
        for name, body in read_object(self, arch).items():
            op, inputs = read_fields(self, arch, body, ("op", "input"))
            if not isinstance(op, str) or not isinstance(inputs, list) or not all(isinstance(i, str) for i in inputs):
                raise self.bad(arch, f"step {name[:40]!r} of another form", '{"op": "linear", "input": ["x", ...]}')
            steps.append(Step(name, op, tuple(inputs)))
        recipe = tuple(steps)
        if fault := recipes.find_fault(recipe):
            raise self.bad(arch, fault, "acyclic steps from x and h_prev_0, h_prev_1, ... to h_new_0, h_new_1, ...")
        return recipe

    def sample(self, rng: random.Random) -> str:
        return recipes.arch_string(recipes.random_recipe(rng))

    def neighbours(self, arch: str) -> list[str]:
        """One operation replaced by another of as many inputs, or one input by another."""
        return [recipes.arch_string(other) for other in recipes.edits(self.parse(arch))]

    def size(self) -> None:
        """There is no end of recipes."""

    def build(self, arch: str, *, task: str | None = None, normalised: bool = True) -> ArchGraph:
        recipe, head = self.parse(arch), self.head(task)
        pen = Drawing(folded=False)
        tokens = pen.input(head.input, head.dtype)
        states = self._draw_states(pen, recipes.count_states(recipe))
        table = pen.add("Parameter", shape=(head.outputs, self.embedding))
        x = pen.add("Gather", table, tokens, axis=0)
        new: list[int] = []
        for old in states:
            new += draw_cell(pen, recipe, x, old)
            x = new[-len(old)]
        logits = pen.add("MatMul", x, pen.add("Transpose", table, perm=(1, 0)))
        logits = pen.sum([logits, pen.add("Parameter", shape=(head.outputs,))])
        graph = pen.build(logits, *new)
        trained = ArchGraph(graph.nodes, graph.outputs, f"{self.name}:{arch}", stored_params=pen.total_params)
        return trained.normalise() if normalised else trained

    def _draw_states(self, pen: Drawing, number: int) -> list[list[int]]:
        """The old states of every layer."""
        widths = [self.hidden] * (self.layers - 1) + [self.embedding]
        return [[pen.input((1, 1, width)) for _ in range(number)] for width in widths]


def draw_cell(pen: Drawing, recipe: Recipe, x: int, states: list[int]) -> list[int]:
    """Draw one time step of one layer.

    Args:
        pen: What to draw with.
        recipe: What the cell computes.
        x: Input of the cell, [1, 1, width before].
        states: Old states, [1, 1, width] each.

    Returns:
        The new states; the first is the output of the cell.
    """
    width = pen.shape(states[0])[-1]
    found = {"x": x, **{recipes.old_state(i): state for i, state in enumerate(states)}}
    for name, op, names in recipes.in_order(recipe):
        inputs = [found[i] for i in names]
        if op == "linear":
            products = [pen.linear(i, width, bias=False) for i in inputs]
            found[name] = pen.sum([*products, pen.add("Parameter", shape=(width,))])
        elif op == "blend":
            found[name] = _draw_blend(pen, *inputs)
        else:
            operator, attrs = FUNCTIONS[op]
            found[name] = pen.add(operator, *inputs, **attrs)
    return [found[recipes.new_state(i)] for i in range(len(states))]


def _draw_blend(pen: Drawing, gate: int, first: int, second: int) -> int:
    """gate * first + (1 - gate) * second."""
    one = pen.add("Constant", shape=(), value=(1.0,))
    rest = pen.add("Mul", pen.add("Sub", one, gate), second)
    return pen.sum([pen.add("Mul", gate, first), rest])
