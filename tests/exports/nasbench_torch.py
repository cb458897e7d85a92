"""NAS-Bench-101 and NAS-Bench-201 networks in plain torch, written from the description of the spaces alone.

Nothing of `onnx_bench.spaces` is used: their exports check the graphs that the spaces build.
"""

from __future__ import annotations

import json

import torch
from torch import Tensor, nn


def conv_bn_relu(width_in: int, width: int, kernel: int) -> nn.Module:
    conv = nn.Conv2d(width_in, width, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU())


class Module101(nn.Module):
    """One module: vertices 0 (input) to last (output), `edges[j]` the sources of vertex j."""

    def __init__(self, ops: list[str], edges: list[list[int]], width_in: int, width_out: int) -> None:
        super().__init__()
        self.edges, self.last = edges, len(ops) - 1
        feeders = [v for v in edges[self.last] if v != 0]
        self.widths = {self.last: width_out}
        for rank, vertex in enumerate(feeders):
            self.widths[vertex] = width_out // len(feeders) + int(rank < width_out % len(feeders))
        for vertex in reversed(range(1, self.last)):
            if vertex not in self.widths:
                self.widths[vertex] = max(self.widths[v] for v in range(1, self.last) if vertex in edges[v])
        self.projections, self.operations = nn.ModuleDict(), nn.ModuleDict()
        for vertex in range(1, self.last + 1):
            if 0 in edges[vertex]:
                self.projections[str(vertex)] = conv_bn_relu(width_in, self.widths[vertex], 1)
            if vertex < self.last:
                kernel = {"conv3x3-bn-relu": 3, "conv1x1-bn-relu": 1}.get(ops[vertex])
                width = self.widths[vertex]
                self.operations[str(vertex)] = (
                    nn.MaxPool2d(3, 1, 1) if kernel is None else conv_bn_relu(width, width, kernel)
                )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        values: dict[int, Tensor] = {}
        for vertex in range(1, self.last):
            terms = [values[v][:, : self.widths[vertex]] for v in self.edges[vertex] if v != 0]
            if 0 in self.edges[vertex]:
                terms.append(self.projections[str(vertex)](x))
            values[vertex] = self.operations[str(vertex)](sum(terms[1:], terms[0]))
        feeders = [values[v] for v in self.edges[self.last] if v != 0]
        if not feeders:
            return self.projections[str(self.last)](x)
        joined = torch.cat(feeders, 1)
        return joined + self.projections[str(self.last)](x) if 0 in self.edges[self.last] else joined


class NasBench101(nn.Module):
    def __init__(self, arch: str, classes: int = 10) -> None:
        super().__init__()
        spec = json.loads(arch)
        matrix = [[int(v) for v in row] for row in spec["matrix"]]
        edges = [[i for i in range(j) if matrix[i][j]] for j in range(len(matrix))]
        self.stem = conv_bn_relu(3, 128, 3)
        self.stacks = nn.ModuleList()
        width = 128
        for stack, width_out in enumerate((128, 256, 512)):
            modules = [] if stack == 0 else [nn.MaxPool2d(2, 2)]
            for _ in range(3):
                modules.append(Module101(spec["ops"], edges, width, width_out))
                width = width_out
            self.stacks.append(nn.Sequential(*modules))
        self.head = nn.Linear(512, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for stack in self.stacks:
            x = stack(x)
        return self.head(x.mean((2, 3)))


class Zero(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mul(0.0)


def relu_conv_bn(width_in: int, width: int, kernel: int, stride: int = 1) -> nn.Module:
    conv = nn.Conv2d(width_in, width, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(nn.ReLU(inplace=False), conv, nn.BatchNorm2d(width))


def operation201(name: str, width: int) -> nn.Module:
    if name == "none":
        return Zero()
    if name == "skip_connect":
        return nn.Identity()
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    return relu_conv_bn(width, width, int(name[-1]))


class Cell201(nn.Module):
    def __init__(self, arch: str, width: int) -> None:
        super().__init__()
        self.sources: list[list[int]] = []
        self.operations = nn.ModuleList()
        for group in arch.split("+"):
            pairs = [edge.split("~") for edge in group.strip("|").split("|")]
            self.sources.append([int(source) for _, source in pairs])
            self.operations.append(nn.ModuleList(operation201(name, width) for name, _ in pairs))

    def forward(self, x: Tensor) -> Tensor:
        nodes = [x]
        for sources, operations in zip(self.sources, self.operations, strict=True):
            nodes.append(sum(op(nodes[i]) for op, i in zip(operations, sources, strict=True)))
        return nodes[-1]


class Reduction(nn.Module):
    """Residual block with stride 2 between the stages."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(relu_conv_bn(width, 2 * width, 3, 2), relu_conv_bn(2 * width, 2 * width, 3))
        self.skip = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(width, 2 * width, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return self.skip(x) + self.body(x)


class NasBench201(nn.Module):
    def __init__(self, arch: str, classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16))
        blocks: list[nn.Module] = []
        for stage, width in enumerate((16, 32, 64)):
            blocks += [Reduction(width // 2)] if stage else []
            blocks += [Cell201(arch, width) for _ in range(5)]
        self.blocks = nn.ModuleList(blocks)
        self.last = nn.Sequential(nn.BatchNorm2d(64), nn.ReLU(inplace=True))
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        x = self.pool(self.last(x))
        return self.head(x.view(x.size(0), -1))
