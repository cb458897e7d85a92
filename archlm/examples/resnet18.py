"""ResNet-18 in plain torch, and how `resnet18.onnx` was made from it: `python -m archlm.examples.resnet18`.

Source: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, table 1. Needs torch.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

import onnx
import torch
from torch import nn

from onnx_bench.torch_export import export_module

FILE = Path(__file__).with_suffix(".onnx")
KEPT_ELEMENTS = 64
"""Larger tensors are weights: they keep name, type and shape and point to a file that does not exist."""


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after),
        )  # fmt: skip
        self.shortcut: nn.Module = nn.Identity()
        if before != after:
            self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Shapes: [B, before, H, W] -> [B, after, H / stride, W / stride]."""
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet18() -> nn.Module:
    """The network: [B, 3, 224, 224] -> [B, 1000], 11,689,512 parameters."""
    blocks = [
        Block(before, after, stride)
        for first, after, down in ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
        for before, stride in ((first, down), (after, 1))
    ]
    stem = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


def without_weights(data: bytes) -> bytes:
    """An ONNX model whose initialisers above 64 elements keep their shape alone."""
    model = onnx.load_model_from_string(data)
    for tensor in model.graph.initializer:
        if prod(tensor.dims) > KEPT_ELEMENTS:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="weights-are-not-included")
    return model.SerializeToString()


if __name__ == "__main__":
    FILE.write_bytes(without_weights(export_module(resnet18(), [torch.zeros(1, 3, 224, 224)])))
