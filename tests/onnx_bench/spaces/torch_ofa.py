"""The once-for-all networks in plain torch, written after the authors' modules and apart from `onnx_bench.spaces`.

Configurations are the authors' full-length dictionaries, as their supernets take them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Config = dict[str, list[Any]]


def divisible(v: float) -> int:
    rounded = max(8, int(v + 4) // 8 * 8)
    if rounded < 0.9 * v:
        rounded += 8
    return rounded


class Hswish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * F.relu6(x + 3.0) / 6.0


class Hsigmoid(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu6(x + 3.0) / 6.0


def mean(x: Tensor, keepdim: bool) -> Tensor:
    return x.mean(3, keepdim=keepdim).mean(2, keepdim=keepdim)


class SqueezeExcite(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        middle = divisible(width // 4)
        self.fc = nn.Sequential(nn.Conv2d(width, middle, 1), nn.ReLU(), nn.Conv2d(middle, width, 1), Hsigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.fc(mean(x, keepdim=True))


def conv_bn(before: int, after: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(after)]


class Residual(nn.Module):
    def __init__(self, *body: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + x


def mb_conv(
    before: int, after: int, kernel: int, stride: int, expand: int, act: type[nn.Module], se: bool, shortcut: bool
) -> nn.Module:
    middle = divisible(before * expand) if expand > 1 else before
    layers = [*conv_bn(before, middle), act()] if expand > 1 else []
    layers += [*conv_bn(middle, middle, kernel, stride, middle), act()]
    layers += [SqueezeExcite(middle)] if se else []
    layers += conv_bn(middle, after)
    return Residual(*layers) if shortcut and stride == 1 and before == after else nn.Sequential(*layers)


def units(
    config: Config, before: int, widths: list[int], strides: list[int], acts: list[type[nn.Module]], ses: list[bool],
    capacities: list[int],
) -> list[nn.Module]:  # fmt: skip
    """The units, from the authors' lists with an entry for every block of the largest network."""
    layers: list[nn.Module] = []
    start = 0
    for i, capacity in enumerate(capacities):
        for j in range(min(config["d"][i], capacity)):
            kernel, expand = config["ks"][start + j], config["e"][start + j]
            stride = strides[i] if j == 0 else 1
            layers.append(mb_conv(before, widths[i], kernel, stride, expand, acts[i], ses[i], True))
            before = widths[i]
        start += capacity
    return layers


class MobileNetV3(nn.Module):
    def __init__(self, config: Config, width_mult: float = 1.0) -> None:
        super().__init__()
        w = [divisible(width_mult * width) for width in (16, 16, 24, 40, 80, 112, 160, 960, 1280)]
        acts: list[type[nn.Module]] = [nn.ReLU, nn.ReLU, Hswish, Hswish, Hswish]
        self.features = nn.Sequential(
            *conv_bn(3, w[0], 3, 2), Hswish(), mb_conv(w[0], w[1], 3, 1, 1, nn.ReLU, False, True),
            *units(config, w[1], w[2:7], [2, 2, 2, 1, 2], acts, [False, True, False, True, True], [4] * 5),
            *conv_bn(w[6], w[7]), Hswish(),
        )  # fmt: skip
        self.mix = nn.Sequential(nn.Conv2d(w[7], w[8], 1, bias=False), Hswish())
        self.classifier = nn.Linear(w[8], 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.mix(mean(self.features(x), keepdim=True))
        return self.classifier(x.view(x.size(0), -1))


class ProxylessNAS(nn.Module):
    def __init__(
        self, config: Config, width_mult: float = 1.3, base: tuple[int, ...] = (16, 24, 40, 80, 96, 192, 320)
    ) -> None:
        super().__init__()
        w = [divisible(width_mult * width) for width in (32, *base, 1280)]
        self.features = nn.Sequential(
            *conv_bn(3, w[0], 3, 2), nn.ReLU6(), mb_conv(w[0], w[1], 3, 1, 1, nn.ReLU6, False, False),
            *units(config, w[1], w[2:8], [2, 2, 2, 1, 2, 1], [nn.ReLU6] * 6, [False] * 6, [4] * 5 + [1]),
            *conv_bn(w[7], w[8]), nn.ReLU6(),
        )  # fmt: skip
        self.classifier = nn.Linear(w[8], 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean(3).mean(2))


class Bottleneck(nn.Module):
    def __init__(self, before: int, after: int, ratio: float, stride: int, project: bool) -> None:
        super().__init__()
        middle = divisible(round(after * ratio))
        self.body = nn.Sequential(
            *conv_bn(before, middle), nn.ReLU(), *conv_bn(middle, middle, 3, stride), nn.ReLU(),
            *conv_bn(middle, after),
        )  # fmt: skip
        pool = nn.AvgPool2d(stride, stride, 0, ceil_mode=True)
        self.shortcut = nn.Sequential(pool, *conv_bn(before, after)) if project else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


class ResNet50(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        mults = [(0.65, 0.8, 1.0)[w] for w in config["w"]]
        inner, outer = divisible(divisible(64 * mults[0]) // 2), divisible(64 * mults[1])
        stem = [*conv_bn(3, inner, 3, 2), nn.ReLU()]
        if config["d"][0] == 2:
            stem.append(Residual(*conv_bn(inner, inner, 3), nn.ReLU()))
        blocks: list[nn.Module] = []
        before, start = outer, 0
        for i, (base, depth) in enumerate(zip((256, 512, 1024, 2048), (2, 2, 4, 2), strict=True)):
            after = divisible(base * mults[2 + i])
            for j in range(depth + config["d"][1 + i]):
                stride = 2 if i and not j else 1
                blocks.append(Bottleneck(before, after, config["e"][start + j], stride, j == 0))
                before = after
            start += depth + 2
        self.features = nn.Sequential(*stem, *conv_bn(inner, outer, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1), *blocks)
        self.classifier = nn.Linear(before, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(mean(self.features(x), keepdim=False))
