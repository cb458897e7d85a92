"""einspace in torch, after the authors' modules, apart from `onnx_bench.spaces`; patches are taken by `nn.Unfold`."""

from __future__ import annotations

import re
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

Derivation = list[Any]
"""A symbol and what it is written as; inner derivations are lists."""


def read(text: str) -> Derivation:
    """The bracket form as nested lists."""
    stack: list[list[Any]] = [[]]
    for token in re.findall(r"[()]|[^\s()]+", text):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    found: Derivation = stack[0][0]
    return found


class Unfold(nn.Module):
    def __init__(self, kernel: int, stride: int, padding: int) -> None:
        super().__init__()
        self.window = kernel, stride, padding

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride, padding = self.window
        if not torch.onnx.is_in_onnx_export():
            return nn.functional.unfold(x, kernel, padding=padding, stride=stride).transpose(1, 2)
        assert kernel == stride, "Unfold is exported as gathered positions, which say nothing; tiles can be reshaped"
        rows, columns = x.shape[2] // kernel, x.shape[3] // kernel
        x = x[:, :, : rows * kernel, : columns * kernel].reshape(1, -1, rows, kernel, columns, kernel)
        return x.permute(0, 2, 4, 1, 3, 5).reshape(1, rows * columns, -1)


class Permute(nn.Module):
    def __init__(self, digits: str) -> None:
        super().__init__()
        self.order = (0, *map(int, digits))

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.order)


class Fold(nn.Module):
    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.grid = rows, columns

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2).reshape(x.shape[0], -1, *self.grid)


class Position(nn.Module):
    def __init__(self, shape: torch.Size) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(1, *shape[1:]))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table


class Branching(nn.Module):
    def __init__(self, branch: str, modules: list[nn.Module], joined: str) -> None:
        super().__init__()
        self.branch, self.inner, self.joined = branch, nn.ModuleList(modules), joined

    def parts(self, x: Tensor) -> list[Tensor]:
        if self.branch.startswith("clone"):
            return [x] * len(self.inner)
        return list(x.chunk(len(self.inner), int(self.branch[-2])))

    def forward(self, x: Tensor) -> Tensor:
        outs = [module(part) for module, part in zip(self.inner, self.parts(x), strict=True)]
        if self.joined.endswith("dot_product"):
            product = outs[0] @ outs[1]
            return product / sqrt(outs[0].shape[-1]) if self.joined.startswith("scaled") else product
        if self.joined == "add_tensors":
            return sum(outs[1:], outs[0])
        return torch.cat(outs, int(self.joined[len("cat_tensors")]))


def routing(function: str, grid: tuple[int, int]) -> nn.Module:
    if function.startswith("permute"):
        return Permute(function.removeprefix("permute"))
    if function.startswith("im2col"):
        return Unfold(*map(int, re.findall(r"(\d+)[ksp]", function)))
    return Fold(*grid) if function == "col2im" else nn.Identity()


def computation(function: str, x: Tensor) -> nn.Module:
    if function.startswith("linear"):
        return nn.Linear(x.shape[-1], int(function.removeprefix("linear")))
    if function == "norm":
        return nn.BatchNorm2d(x.shape[1]) if x.dim() == 4 else nn.LayerNorm(x.shape[-1])
    if function == "learnable_positional_encoding":
        return Position(x.shape)
    return {"identity": nn.Identity(), "leakyrelu": nn.LeakyReLU(), "softmax": nn.Softmax(dim=-1)}[function]


def as_convolution(tree: Derivation, x: Tensor) -> nn.Module | None:
    """What the authors' compiler makes of an im2col, a linear layer and a col2im."""
    if tree[1] != "routing":
        return None
    before, inner, after = tree[2:]
    if not (before[1].startswith("im2col") and inner[1] == "computation" and after[1] == "col2im"):
        return None
    function = inner[2][1]
    if not function.startswith("linear"):
        return None
    kernel, stride, padding = map(int, re.findall(r"(\d+)[ksp]", before[1]))
    return nn.Conv2d(x.shape[1], int(function.removeprefix("linear")), kernel, stride, padding)


def module(tree: Derivation, x: Tensor, compiled: bool = False) -> tuple[nn.Module, Tensor]:
    """The module of a derivation, and what it makes of `x`."""
    convolution = as_convolution(tree, x) if compiled else None
    if convolution is not None:
        return convolution, convolution(x)
    kind, *rest = tree[1:]
    if kind == "computation":
        made = computation(rest[0][1], x)
    elif kind == "sequential":
        first, y = module(rest[0], x, compiled)
        made = nn.Sequential(first, module(rest[1], y, compiled)[0])
    elif kind == "routing":
        before = routing(rest[0][1], (0, 0))
        grid = (0, 0)
        if isinstance(before, Unfold):
            kernel, stride, padding = before.window
            grid = tuple((side + 2 * padding - kernel) // stride + 1 for side in x.shape[2:])  # type: ignore[assignment]
        made = nn.Sequential(before, module(rest[1], before(x), compiled)[0], routing(rest[2][1], grid))
    else:
        number = int(kind.removeprefix("branching"))
        branch, *inner, joined = rest
        inner *= number // len(inner)
        parts = Branching(branch[1], [nn.Identity()] * number, "").parts(x)
        made = Branching(branch[1], [module(i, p, compiled)[0] for i, p in zip(inner, parts, strict=True)], joined[1])
    return made, made.eval()(x)


class Classifier(nn.Module):
    """The whole network for 32x32 images; `compiled` makes convolutions of what they are."""

    def __init__(self, arch: str, classes: int, compiled: bool = False) -> None:
        super().__init__()
        with torch.no_grad():
            self.backbone, y = module(read(arch), torch.randn(1, 3, 32, 32), compiled)
        self.head = nn.Linear(y.shape[1], classes)

    def forward(self, x: Tensor) -> Tensor:
        y = self.backbone(x)
        return self.head(y.mean((2, 3) if y.dim() == 4 else 2))

    @property
    def overlaps(self) -> bool:
        """Whether patches overlap or leave gaps, so that the network has no telling export."""
        return any(isinstance(m, Unfold) and m.window[0] != m.window[1] for m in self.modules())
