"""NAS-Bench-101 and NAS-Bench-201 in plain torch, written after the papers and apart from `onnx_bench.spaces`."""

from __future__ import annotations

import json

import torch
from torch import Tensor, nn


def relu_conv_bn(width_in: int, width: int, kernel: int, stride: int = 1) -> nn.Module:
    conv = nn.Conv2d(width_in, width, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(width))


class Zero(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mul(0.0)


def operation(name: str, width: int) -> nn.Module:
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
        self.groups = [[term.split("~") for term in group.strip("|").split("|")] for group in arch.split("+")]
        self.edges = nn.ModuleList(operation(name, width) for group in self.groups for name, _ in group)

    def forward(self, x: Tensor) -> Tensor:
        nodes, edges = [x], iter(self.edges)
        for group in self.groups:
            nodes.append(sum(next(edges)(nodes[int(source)]) for _, source in group))  # type: ignore[arg-type]
        return nodes[-1]


class Reduction201(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(relu_conv_bn(width, 2 * width, 3, 2), relu_conv_bn(2 * width, 2 * width, 3))
        self.skip = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(width, 2 * width, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + self.skip(x)


class Network201(nn.Sequential):
    """The whole network for CIFAR-10."""

    def __init__(self, arch: str, stem: int = 16, cells: int = 5) -> None:
        layers: list[nn.Module] = [nn.Conv2d(3, stem, 3, padding=1, bias=False), nn.BatchNorm2d(stem)]
        for stage in range(3):
            if stage:
                layers.append(Reduction201(stem << (stage - 1)))
            layers += [Cell201(arch, stem << stage) for _ in range(cells)]
        layers += [nn.BatchNorm2d(stem << 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1)]
        layers += [nn.Flatten(), nn.Linear(stem << 2, 10)]
        super().__init__(*layers)


def conv_bn_relu(width_in: int, width: int, kernel: int) -> nn.Module:
    conv = nn.Conv2d(width_in, width, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU())


class Module101(nn.Module):
    """The function `build_module` of the paper's code."""

    def __init__(self, arch: str, width_in: int, width: int) -> None:
        super().__init__()
        body = json.loads(arch)
        self.edges = [[bit == "1" for bit in row] for row in body["matrix"]]
        self.last = len(body["ops"]) - 1
        self.widths = self.vertex_widths(width_in, width)
        self.vertices, self.projections = nn.ModuleDict(), nn.ModuleDict()
        for v in range(1, self.last):
            op, own = body["ops"][v], self.widths[v]
            pool = op == "maxpool3x3"
            self.vertices[str(v)] = nn.MaxPool2d(3, 1, 1) if pool else conv_bn_relu(own, own, int(op[4]))
        for v in range(1, self.last + 1):
            if self.edges[0][v]:
                self.projections[str(v)] = conv_bn_relu(width_in, self.widths[v], 1)

    def vertex_widths(self, width_in: int, width: int) -> list[int]:
        last = self.last
        widths = [width_in] + [0] * (last - 1) + [width]
        into_output = sum(self.edges[v][last] for v in range(1, last))
        spare = width - into_output * (width // into_output) if into_output else 0
        for v in range(1, last):
            if self.edges[v][last]:
                widths[v] = width // into_output + (spare > 0)
                spare -= 1
        for v in reversed(range(1, last)):
            if not self.edges[v][last]:
                widths[v] = max(widths[t] for t in range(v + 1, last) if self.edges[v][t])
        return widths

    def forward(self, x: Tensor) -> Tensor:
        values = {0: x}
        for v in range(1, self.last):
            terms = [values[s][:, : self.widths[v]] for s in range(1, v) if self.edges[s][v]]
            if self.edges[0][v]:
                terms.append(self.projections[str(v)](x))
            values[v] = self.vertices[str(v)](sum(terms[1:], terms[0]))
        parts = [values[v] for v in range(1, self.last) if self.edges[v][self.last]]
        if not parts:
            return self.projections[str(self.last)](x)
        out = parts[0] if len(parts) == 1 else torch.cat(parts, 1)
        return out + self.projections[str(self.last)](x) if self.edges[0][self.last] else out


class Network101(nn.Sequential):
    """The whole network for CIFAR-10."""

    def __init__(self, arch: str, stem: int = 128, modules: int = 3) -> None:
        layers: list[nn.Module] = [conv_bn_relu(3, stem, 3)]
        width = stem
        for stack in range(3):
            if stack:
                layers.append(nn.MaxPool2d(2, 2))
            for _ in range(modules):
                layers.append(Module101(arch, width, stem << stack))
                width = stem << stack
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10)]
        super().__init__(*layers)
