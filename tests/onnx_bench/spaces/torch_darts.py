"""DARTS networks in plain torch, written after the paper and apart from `onnx_bench.spaces`."""

from __future__ import annotations

import ast
from typing import Any

import torch
from torch import Tensor, nn


def genotype(text: str) -> dict[str, Any]:
    """The four arguments of `Genotype(...)`."""
    call: Any = ast.parse(text, mode="eval").body
    return {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}


def relu_conv_bn(width_in: int, width: int) -> nn.Module:
    return nn.Sequential(nn.ReLU(), nn.Conv2d(width_in, width, 1, bias=False), nn.BatchNorm2d(width))


def separable(width: int, kernel: int, stride: int, dilation: int = 1) -> list[nn.Module]:
    pad = (kernel - 1) * dilation // 2
    depthwise = nn.Conv2d(width, width, kernel, stride, pad, dilation, groups=width, bias=False)
    return [nn.ReLU(), depthwise, nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width)]


class FactorisedReduction(nn.Module):
    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.even = nn.Conv2d(width_in, width // 2, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(width_in, width // 2, 1, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(x)
        return self.norm(torch.cat([self.even(x), self.odd(x[:, :, 1:, 1:])], 1))


def operation(name: str, width: int, stride: int) -> nn.Module:
    match name:
        case "max_pool_3x3":
            return nn.MaxPool2d(3, stride, 1)
        case "avg_pool_3x3":
            return nn.AvgPool2d(3, stride, 1, count_include_pad=False)
        case "skip_connect":
            return nn.Identity() if stride == 1 else FactorisedReduction(width, width)
        case "sep_conv_3x3" | "sep_conv_5x5":
            kernel = int(name[-1])
            return nn.Sequential(*separable(width, kernel, stride), *separable(width, kernel, 1))
        case "dil_conv_3x3" | "dil_conv_5x5":
            return nn.Sequential(*separable(width, int(name[-1]), stride, 2))
    raise ValueError(name)


class Cell(nn.Module):
    def __init__(self, edges: list[tuple[str, int]], concat: list[int], widths: tuple[int, int, int],
                 reduces: bool, after_reduction: bool) -> None:  # fmt: skip
        super().__init__()
        before, last, width = widths
        self.first = FactorisedReduction(before, width) if after_reduction else relu_conv_bn(before, width)
        self.second = relu_conv_bn(last, width)
        self.sources, self.concat = [source for _, source in edges], concat
        self.operations = nn.ModuleList(
            operation(name, width, 2 if reduces and source < 2 else 1) for name, source in edges
        )

    def forward(self, before: Tensor, last: Tensor) -> Tensor:
        states = [self.first(before), self.second(last)]
        for i in range(0, len(self.sources), 2):
            left, right = (self.operations[k](states[self.sources[k]]) for k in (i, i + 1))
            states.append(left + right)
        return torch.cat([states[i] for i in self.concat], 1)


class DARTSNetwork(nn.Module):
    """The networks for CIFAR-10 and ImageNet of the DARTS code, without auxiliary head."""

    def __init__(self, arch: str, layers: int, channels: int, imagenet: bool = False, classes: int = 10) -> None:
        super().__init__()
        code = genotype(arch)
        stem = channels if imagenet else 3 * channels
        self.imagenet = imagenet
        self.stem = nn.Sequential(nn.Conv2d(3, stem, 3, padding=1, bias=False), nn.BatchNorm2d(stem))
        if imagenet:
            self.stem = nn.Sequential(
                nn.Conv2d(3, stem // 2, 3, 2, 1, bias=False), nn.BatchNorm2d(stem // 2), nn.ReLU(),
                nn.Conv2d(stem // 2, stem, 3, 2, 1, bias=False), nn.BatchNorm2d(stem),
            )  # fmt: skip
            self.stem2 = nn.Sequential(nn.ReLU(), nn.Conv2d(stem, stem, 3, 2, 1, bias=False), nn.BatchNorm2d(stem))
        before, last, width, halved = stem, stem, channels, imagenet
        self.cells = nn.ModuleList()
        for i in range(layers):
            kind = "reduce" if i in (layers // 3, 2 * layers // 3) else "normal"
            width *= 2 if kind == "reduce" else 1
            concat = code[f"{kind}_concat"]
            self.cells.append(Cell(code[kind], concat, (before, last, width), kind == "reduce", halved))
            before, last, halved = last, len(concat) * width, kind == "reduce"
        self.classifier = nn.Linear(last, classes)

    def forward(self, x: Tensor) -> Tensor:
        before = self.stem(x)
        last = self.stem2(before) if self.imagenet else before
        for cell in self.cells:
            before, last = last, cell(before, last)
        return self.classifier(last.mean((2, 3)))
