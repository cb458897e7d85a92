"""The language models of NAS-Bench-NLP in plain torch, written after the paper and apart from `onnx_bench.spaces`."""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

ACTIVATIONS = {
    "activation_tanh": torch.tanh,
    "activation_sigm": torch.sigmoid,
    "activation_leaky_relu": functional.leaky_relu,
}


class MultiLinear(nn.Module):
    """A linear map of several tensors, with one bias."""

    def __init__(self, widths: list[int], width: int) -> None:
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(torch.rand(width, w) - 0.5) for w in widths)
        self.bias = nn.Parameter(torch.rand(width) - 0.5)

    def forward(self, *inputs: Tensor) -> Tensor:
        return sum(functional.linear(x, w) for x, w in zip(inputs, self.weights, strict=True)) + self.bias


class Cell(nn.Module):
    """One time step of one layer; what a step reads is computed when it is asked for."""

    def __init__(self, recipe: dict[str, Any], width_in: int, width: int) -> None:
        super().__init__()
        self.recipe = recipe
        self.linears = nn.ModuleDict({
            name: MultiLinear([width_in if i == "x" else width for i in step["input"]], width)
            for name, step in recipe.items() if step["op"] == "linear"
        })  # fmt: skip

    def value(self, name: str, found: dict[str, Tensor]) -> Tensor:
        if name not in found:
            step = self.recipe[name]
            inputs = [self.value(i, found) for i in step["input"]]
            found[name] = self.apply_step(name, step["op"], inputs)
        return found[name]

    def apply_step(self, name: str, op: str, inputs: list[Tensor]) -> Tensor:
        if op == "linear":
            return self.linears[name](*inputs)
        if op == "blend":
            return inputs[0] * inputs[1] + (1 - inputs[0]) * inputs[2]
        if op == "elementwise_prod":
            return inputs[0] * inputs[1]
        if op == "elementwise_sum":
            return inputs[0] + inputs[1]
        return ACTIVATIONS[op](inputs[0])

    def forward(self, x: Tensor, states: list[Tensor]) -> list[Tensor]:
        found = {"x": x, **{f"h_prev_{i}": state for i, state in enumerate(states)}}
        return [self.value(f"h_new_{i}", found) for i in range(len(states))]


class LanguageModel(nn.Module):
    """One time step: a token and the old states of all layers to logits and the new states.

    Args:
        arch: The recipe.
        vocabulary: Words.
        widths: Width of the embedding and of the inner layers.
    """

    def __init__(self, arch: str, vocabulary: int, widths: tuple[int, int] = (400, 600)) -> None:
        super().__init__()
        recipe = json.loads(arch)
        outer, inner = widths
        self.states = sum(name.startswith("h_new_") and name[6:].isdigit() for name in recipe)
        self.widths = [inner, inner, outer]
        self.embedding, self.decoder = nn.Embedding(vocabulary, outer), nn.Linear(outer, vocabulary)
        self.decoder.weight = self.embedding.weight
        self.cells = nn.ModuleList(
            Cell(recipe, before, after) for before, after in zip([outer, inner, inner], self.widths, strict=True)
        )

    def forward(self, tokens: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        x, new = self.embedding(tokens), []
        for number, cell in enumerate(self.cells):
            new += cell(x, list(states[number * self.states : (number + 1) * self.states]))
            x = new[-self.states]
        return (self.decoder(x), *new)
