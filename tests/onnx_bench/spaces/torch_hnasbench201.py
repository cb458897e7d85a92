"""Hierarchical NAS-Bench-201 in plain torch, written after the paper and apart from `onnx_bench.spaces`."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor, nn

EDGE_LISTS = {
    "Linear1": [(1, 2)],
    "Linear2": [(1, 2), (2, 3)],
    "Linear3": [(1, 2), (2, 3), (3, 4)],
    "Linear4": [(1, 2), (2, 3), (3, 4), (4, 5)],
    "Residual2": [(1, 2), (1, 3), (2, 3)],
    "Residual3": [(1, 2), (2, 3), (1, 4), (3, 4)],
    "Cell": [(1, 2), (1, 3), (2, 3), (1, 4), (2, 4), (3, 4)],
}


def nested(text: str) -> Any:
    """`(A b (C d))` as ["A", "b", ["C", "d"]]."""
    words = re.sub(r"([^\s()]+)", r"'\1',", text).replace("(", "[").replace(")", "],")
    return eval(words, {"__builtins__": {}})[0]


class Zero(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 0.0


class ResBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReLU(), nn.Conv2d(width, 2 * width, 3, 2, 1, bias=False), nn.BatchNorm2d(2 * width),
            nn.ReLU(), nn.Conv2d(2 * width, 2 * width, 3, 1, 1, bias=False), nn.BatchNorm2d(2 * width),
        )  # fmt: skip
        self.skip = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(width, 2 * width, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return self.skip(x) + self.body(x)


def primitive(name: str, width: int, side: int) -> nn.Module:
    match name:
        case "id":
            return nn.Identity()
        case "zero":
            return Zero()
        case "avg_pool":
            return nn.AvgPool2d(3, 1, 1, count_include_pad=False)
        case "conv1x1o":
            return nn.Conv2d(width, width, 1, bias=False)
        case "conv3x3o":
            return nn.Conv2d(width, width, 3, padding=1, bias=False)
        case "dconv3x3o":
            return nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        case "batch":
            return nn.BatchNorm2d(width)
        case "instance":
            return nn.InstanceNorm2d(width, affine=True)
        case "layer":
            return nn.LayerNorm([width, side, side])
        case "relu":
            return nn.ReLU()
        case "hardswish":
            return nn.Hardswish()
        case "mish":
            return nn.Mish()
        case "resBlock":
            return ResBlock(width)
    raise ValueError(name)


class Topology(nn.Module):
    """Parts on the edges of a graph; the value of a node is the sum of what its edges bring."""

    def __init__(self, name: str, parts: list[Any], width: int, side: int) -> None:
        super().__init__()
        self.edges = EDGE_LISTS[name]
        sizes = {1: (width, side)}
        self.parts = nn.ModuleList()
        for (i, j), part in zip(self.edges, parts, strict=True):
            module, sizes[j] = build(part, *sizes[i])
            self.parts.append(module)
        self.size = sizes[max(sizes)]

    def forward(self, x: Tensor) -> Tensor:
        values = {1: x}
        for (i, j), part in zip(self.edges, self.parts, strict=True):
            y = part(values[i])
            values[j] = values[j] + y if j in values else y
        return values[max(values)]


def build(part: Any, width: int, side: int) -> tuple[nn.Module, tuple[int, int]]:
    """The module of a derivation, and the width and side of what it returns."""
    if isinstance(part, list) and len(part) > 2:
        topology = Topology(part[1], part[2:], width, side)
        return topology, topology.size
    name = part[1] if isinstance(part, list) else part
    size = (2 * width, side // 2) if name == "resBlock" else (width, side)
    return primitive(name, width, side), size


class HierarchicalNetwork(nn.Module):
    """The whole network for CIFAR-10."""

    def __init__(self, arch: str, stem: int = 16) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, stem, 3, padding=1, bias=False), nn.BatchNorm2d(stem))
        self.body, (width, _) = build(nested(arch), stem, 32)
        self.norm, self.classifier = nn.BatchNorm2d(width), nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.body(self.stem(x))))
        return self.classifier(x.mean((2, 3)))
