"""FBNet in plain torch, written after HW-NAS-Bench's networks and apart from `onnx_bench.spaces`."""

from __future__ import annotations

from torch import Tensor, nn


class Shuffle(nn.Module):
    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.size()
        split = x.view(n, self.groups, c // self.groups, h, w)
        return split.permute(0, 2, 1, 3, 4).contiguous().view(n, c, h, w)


class Layer(nn.Module):
    """The layer of an operation number of HW-NAS-Bench: kernel 3 below 4, then 5; expansions 1, 1 grouped, 3, 6."""

    def __init__(self, number: int, before: int, after: int, stride: int) -> None:
        super().__init__()
        kernel, groups, expansion = (3, 5)[number // 4], (1, 2, 1, 1)[number % 4], (1, 1, 3, 6)[number % 4]
        middle = before * expansion
        self.first = nn.Sequential(nn.Conv2d(before, middle, 1, groups=groups, bias=False), nn.BatchNorm2d(middle))
        self.shuffle = Shuffle(groups) if groups > 1 else nn.Identity()
        self.rest = nn.Sequential(
            nn.Conv2d(middle, middle, kernel, stride, kernel // 2, groups=middle, bias=False), nn.BatchNorm2d(middle),
            nn.ReLU(), nn.Conv2d(middle, after, 1, groups=groups, bias=False), nn.BatchNorm2d(after),
        )  # fmt: skip
        self.shortcut = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        y = self.rest(self.shuffle(self.first(x).relu()))
        return y + x if self.shortcut else y


def skip(before: int, after: int, stride: int) -> nn.Module:
    if stride == 1 and before == after:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after), nn.ReLU())


class FBNetTorch(nn.Sequential):
    def __init__(self, numbers: list[int], cifar: bool, stem: int = 16) -> None:
        last, classes = (1504, 100) if cifar else (1984, 1000)
        layers: list[nn.Module] = [nn.Conv2d(3, stem, 3, 1 if cifar else 2, 1, bias=False), nn.BatchNorm2d(stem)]
        layers.append(nn.ReLU())
        before, remaining = stem, iter(numbers)
        for after, depth, stride in zip(
            (16, 24, 32, 64, 112, 184, 352), (1, 4, 4, 4, 4, 4, 1), (1, 1 if cifar else 2, 2, 2, 1, 2, 1), strict=True
        ):  # fmt: skip
            for i in range(depth):
                number, first = next(remaining), stride if i == 0 else 1
                layers.append(skip(before, after, first) if number == 8 else Layer(number, before, after, first))
                before = after
        layers += [nn.Conv2d(before, last, 1, bias=False), nn.BatchNorm2d(last), nn.ReLU()]
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, classes))
