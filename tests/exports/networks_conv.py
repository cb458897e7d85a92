"""Small convolutional networks in plain torch, each with the traits of a known family."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv_bn(width_in: int, width: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(width_in, width, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(width)]


def vgg() -> nn.Module:
    """Plain chain with dropout and three dense layers."""
    return nn.Sequential(
        *conv_bn(3, 8), nn.ReLU(True), nn.MaxPool2d(2), *conv_bn(8, 16), nn.ReLU(True), nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(256, 32), nn.ReLU(True), nn.Dropout(), nn.Linear(32, 24),
        nn.ReLU(True), nn.Dropout(), nn.Linear(24, 10),
    )  # fmt: skip


class Residual(nn.Module):
    """Basic block with batch norm and a projection where the shape changes."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*conv_bn(width_in, width, 3, stride), nn.ReLU(), *conv_bn(width, width))
        same = width_in == width and stride == 1
        self.skip = nn.Identity() if same else nn.Sequential(*conv_bn(width_in, width, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.body(x) + self.skip(x))


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*conv_bn(3, 8, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.blocks = nn.Sequential(Residual(8, 8, 1), Residual(8, 16, 2), Residual(16, 16, 1))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.flatten(self.pool(self.blocks(self.stem(x))), 1))


class PreactBlock(nn.Module):
    """BN-ReLU before each convolution; the branch point is after the first ReLU where the shape changes."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(width_in), nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        same = width_in == width and stride == 1
        self.skip = None if same else nn.Conv2d(width_in, width, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.norm1(x))
        skip = x if self.skip is None else self.skip(h)
        return self.conv2(F.relu(self.norm2(self.conv1(h)))) + skip


class PreactResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 1, 1, bias=False)
        self.blocks = nn.Sequential(PreactBlock(8, 8, 1), PreactBlock(8, 16, 2), PreactBlock(16, 16, 1))
        self.norm = nn.BatchNorm2d(16)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.norm(self.blocks(self.stem(x)))).mean((2, 3)))


class DenseNet(nn.Module):
    """Concatenating blocks with BN-ReLU-conv1x1-BN-ReLU-conv3x3 and an average-pool transition."""

    def __init__(self, growth: int = 4, layers: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 1, 1, bias=False)
        self.layers = nn.ModuleList(self.layer(8 + i * growth, growth) for i in range(layers))
        width = 8 + layers * growth
        self.transition = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, 8, 1, bias=False),
                                        nn.AvgPool2d(2, 2))  # fmt: skip
        self.final = nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 10)

    @staticmethod
    def layer(width: int, growth: int) -> nn.Module:
        return nn.Sequential(
            nn.BatchNorm2d(width), nn.ReLU(), *conv_bn(width, 4 * growth, 1), nn.ReLU(),
            nn.Conv2d(4 * growth, growth, 3, 1, 1, bias=False), nn.Dropout(0.1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        features = [self.stem(x)]
        for layer in self.layers:
            features.append(layer(torch.cat(features, 1)))
        x = F.relu(self.final(self.transition(torch.cat(features, 1))))
        return self.head(F.adaptive_avg_pool2d(x, (1, 1)).flatten(1))


class InvertedResidual(nn.Module):
    """Expand, depthwise, optional squeeze-and-excitation, project."""

    def __init__(self, width_in: int, width: int, stride: int, act: type[nn.Module], gate: nn.Module | None) -> None:
        super().__init__()
        hidden = 3 * width_in
        depthwise = conv_bn(hidden, hidden, 3, stride, hidden)
        self.expand = nn.Sequential(*conv_bn(width_in, hidden, 1), act(), *depthwise, act())
        self.squeeze = None if gate is None else nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(hidden, 4, 1), nn.ReLU(), nn.Conv2d(4, hidden, 1), gate)  # fmt: skip
        self.project = nn.Sequential(*conv_bn(hidden, width, 1))
        self.residual = stride == 1 and width_in == width

    def forward(self, x: Tensor) -> Tensor:
        h = self.expand(x)
        if self.squeeze is not None:
            h = h * self.squeeze(h)
        h = self.project(h)
        return x + h if self.residual else h


def mobile(act: type[nn.Module], gate: type[nn.Module] | None) -> nn.Module:
    def block(width_in: int, width: int, stride: int) -> nn.Module:
        return InvertedResidual(width_in, width, stride, act, None if gate is None else gate())

    return nn.Sequential(
        *conv_bn(3, 8, 3, 2), act(), block(8, 8, 1), block(8, 12, 2), block(12, 12, 1), *conv_bn(12, 32, 1), act(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(32, 10),
    )  # fmt: skip


def mobilenet_v2() -> nn.Module:
    return mobile(nn.ReLU6, None)


def mobilenet_v3() -> nn.Module:
    return mobile(nn.Hardswish, nn.Hardsigmoid)


def efficientnet() -> nn.Module:
    return mobile(nn.SiLU, nn.Sigmoid)


class ShuffleUnit(nn.Module):
    """Channel split, depthwise branch, concatenation and channel shuffle."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.branch = nn.Sequential(*conv_bn(half, half, 1), nn.ReLU(), *conv_bn(half, half, 3, 1, half),
                                    *conv_bn(half, half, 1), nn.ReLU())  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        left, right = x.chunk(2, 1)
        x = torch.cat([left, self.branch(right)], 1)
        n, c, h, w = x.shape
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)


def shufflenet() -> nn.Module:
    return nn.Sequential(
        *conv_bn(3, 16, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), ShuffleUnit(16), ShuffleUnit(16),
        *conv_bn(16, 24, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 10),
    )  # fmt: skip


class InceptionBlock(nn.Module):
    """Four branches: 1x1, 5x5, factorised 1x7 and 7x1, padded average pool."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one = nn.Sequential(*conv_bn(width, 8, 1), nn.ReLU())
        self.five = nn.Sequential(*conv_bn(width, 4, 1), nn.ReLU(), *conv_bn(4, 8, 5), nn.ReLU())
        self.seven = nn.Sequential(
            nn.Conv2d(width, 4, (1, 7), padding=(0, 3), bias=False), nn.BatchNorm2d(4), nn.ReLU(),
            nn.Conv2d(4, 8, (7, 1), padding=(3, 0), bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        )  # fmt: skip
        self.pool = nn.Sequential(*conv_bn(width, 8, 1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.pool(F.avg_pool2d(x, 3, stride=1, padding=1))
        return torch.cat([self.one(x), self.five(x), self.seven(x), pooled], 1)


def inception() -> nn.Module:
    return nn.Sequential(
        *conv_bn(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), InceptionBlock(8), InceptionBlock(32),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip


class ChannelLayerNorm(nn.LayerNorm):
    """Layer norm over the channels of an image."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, 1e-6)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.scale = nn.Parameter(torch.full((width,), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        h = self.scale * self.down(F.gelu(self.up(h)))
        return x + h.permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 4, 4), ChannelLayerNorm(8, 1e-6), ConvNeXtBlock(8), ChannelLayerNorm(8, 1e-6),
            nn.Conv2d(8, 16, 2, 2), ConvNeXtBlock(16), ConvNeXtBlock(16),
        )  # fmt: skip
        self.norm, self.head = nn.LayerNorm(16, 1e-6), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.body(x).mean((-2, -1))))


def group_norm_net() -> nn.Module:
    """Group norm, instance norm with and without weights."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.GroupNorm(2, 8), nn.ReLU(), nn.Conv2d(8, 16, 3, 1, 1, bias=False),
        nn.InstanceNorm2d(16, affine=True), nn.SiLU(), nn.Conv2d(16, 16, 3, 1, 1), nn.InstanceNorm2d(16),
        nn.LeakyReLU(0.1), nn.Conv2d(16, 16, 1), nn.GroupNorm(1, 16), nn.ELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(16, 10),
    )  # fmt: skip


class UNet(nn.Module):
    """Skip concatenations, one bilinear resize, one transposed convolution, one nearest resize; an image out."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(nn.Sequential(*conv_bn(a, b), nn.ReLU()) for a, b in ((3, 8), (8, 12), (12, 16)))
        self.bottom = nn.Sequential(*conv_bn(16, 16), nn.ReLU())
        self.transposed = nn.Sequential(nn.ConvTranspose2d(16, 16, 2, 2), nn.BatchNorm2d(16), nn.ReLU())
        self.up = nn.ModuleList(nn.Sequential(*conv_bn(a, b), nn.ReLU()) for a, b in ((32, 12), (24, 8), (16, 8)))
        self.head = nn.Conv2d(8, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for down in self.down:
            skips.append(down(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.up[0](torch.cat([self.transposed(self.bottom(x)), skips[2]], 1))
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = self.up[1](torch.cat([x, skips[1]], 1))
        x = F.interpolate(x, size=skips[0].shape[2:], mode="bilinear", align_corners=False)
        return self.head(self.up[2](torch.cat([x, skips[0]], 1)))


class CspNet(nn.Module):
    """Detection-style backbone: Mish, cross-stage split, spatial pyramid pooling, softplus head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*conv_bn(3, 16, 3, 2), nn.Mish())
        self.left = nn.Sequential(*conv_bn(16, 8, 1), nn.Mish())
        self.right = nn.Sequential(*conv_bn(16, 8, 1), nn.Mish(), *conv_bn(8, 8), nn.Mish())
        self.head = nn.Conv2d(64, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = torch.cat([self.right(x), self.left(x)], 1)
        pools = [F.max_pool2d(x, k, 1, k // 2) for k in (5, 9, 13)]
        return F.softplus(self.head(torch.cat([x, *pools], 1)))
