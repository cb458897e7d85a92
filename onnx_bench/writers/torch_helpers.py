"""Functions for ONNX semantics that PyTorch lacks. The text of those a network needs is copied into its source.

Every definition stands alone: it uses nothing but `torch`, `nn` and `F`. Axes: B batch, C channels, L length.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


def pad_mirrored(x: torch.Tensor, pads: tuple[int, ...], mode: str) -> torch.Tensor:
    """Pad by reflection, by the edge value or by wrapping round; `pads` in the order of `F.pad`, negative ones cut."""
    for i in range(len(pads) // 2):
        axis, before, after = x.dim() - 1 - i, pads[2 * i], pads[2 * i + 1]
        length = x.shape[axis]
        index = torch.arange(-before, length + after, device=x.device)
        if mode == "edge":
            index = index.clamp(0, length - 1)
        elif mode == "wrap":
            index = index.remainder(length)
        else:
            period = max(1, 2 * (length - 1))
            index = index.remainder(period)
            index = torch.minimum(index, period - index)
        x = x.index_select(axis, index)
    return x


def resize(
    x: torch.Tensor, size: tuple[int, ...], mode: str, coordinates: str, nearest_mode: str = "", a: float = -0.75
) -> torch.Tensor:
    """Interpolate every axis to `size` (-1 keeps it) as ONNX Resize does."""
    for axis, out in enumerate(size):
        length = x.shape[axis]
        if out in (-1, length):
            continue
        place = torch.arange(out, dtype=torch.float64, device=x.device)
        if coordinates == "align_corners":
            place = place * ((length - 1) / max(1, out - 1))
        elif coordinates == "asymmetric":
            place = place * (length / out)
        elif coordinates == "pytorch_half_pixel" and out == 1:
            place = place * 0
        else:
            place = (place + 0.5) * (length / out) - 0.5
        if mode == "nearest":
            shift = {"round_prefer_floor": -0.5, "round_prefer_ceil": 0.5}.get(nearest_mode, 0.0)
            upwards = nearest_mode in ("round_prefer_floor", "ceil")
            rounded = torch.ceil(place + shift) if upwards else torch.floor(place + shift)
            x = x.index_select(axis, rounded.long().clamp(0, length - 1))
            continue
        floor = torch.floor(place)
        matrix = torch.zeros(out, length, dtype=torch.float64, device=x.device)
        for tap in (0, 1) if mode == "linear" else (-1, 0, 1, 2):
            d = (place - floor - tap).abs()
            weight = 1 - d
            if mode == "cubic":
                near = ((a + 2) * d - (a + 3)) * d * d + 1
                weight = torch.where(d <= 1, near, ((d - 5) * d + 8) * d * a - 4 * a)
            index = (floor + tap).long().clamp(0, length - 1)
            matrix.scatter_add_(1, index[:, None], weight[:, None])
        x = torch.tensordot(x, matrix.to(x.dtype), dims=([axis], [1])).movedim(-1, axis)
    return x


def depth_to_space(x: torch.Tensor, block: int) -> torch.Tensor:
    """[B, block * block * C, H, W] -> [B, C, H * block, W * block], blocks in the slower part of the channels."""
    b, c, h, w = x.shape
    x = x.reshape(b, block, block, c // block**2, h, w).permute(0, 3, 4, 1, 5, 2)
    return x.reshape(b, c // block**2, h * block, w * block)


def space_to_depth(x: torch.Tensor, block: int) -> torch.Tensor:
    """[B, C, H, W] -> [B, block * block * C, H / block, W / block]: the inverse of `depth_to_space`."""
    b, c, h, w = x.shape
    x = x.reshape(b, c, h // block, block, w // block, block).permute(0, 3, 5, 1, 2, 4)
    return x.reshape(b, c * block**2, h // block, w // block)


def average_pool(
    x: torch.Tensor, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...],
    pads: tuple[int, ...], overhang: tuple[int, ...], count_include_pad: bool,
) -> torch.Tensor:  # fmt: skip
    """Mean over windows with any padding; what ceil mode reads beyond the padding (`overhang`) never counts."""
    conv = (F.conv1d, F.conv2d, F.conv3d)[len(kernel) - 1]
    channels = x.shape[1]
    window = x.new_ones(channels, 1, *kernel)
    counted = F.pad(torch.ones_like(x), pads, value=float(count_include_pad))
    total = conv(F.pad(F.pad(x, pads), overhang), window, None, stride, 0, dilation, channels)
    return total / conv(F.pad(counted, overhang), window, None, stride, 0, dilation, channels)


def lp_pool(
    x: torch.Tensor, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...],
    pads: tuple[int, ...], p: int,
) -> torch.Tensor:  # fmt: skip
    """p-norm over windows of zero-padded input."""
    conv = (F.conv1d, F.conv2d, F.conv3d)[len(kernel) - 1]
    channels = x.shape[1]
    window = x.new_ones(channels, 1, *kernel)
    return conv(F.pad(x.abs() ** p, pads), window, None, stride, 0, dilation, channels) ** (1 / p)


class ResetFirstGRU(nn.RNNBase):
    """A GRU whose reset gate acts on the state before the product, as in the first paper (ONNX's default)."""

    def __init__(self, width: int, hidden: int, bias: bool = True, bidirectional: bool = False) -> None:
        super().__init__("GRU", width, hidden, bias=bias, bidirectional=bidirectional)

    def forward(self, x: torch.Tensor, state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """[L, B, width] -> [L, B, directions * hidden] and the final states [directions, B, hidden]."""
        outputs, finals = [], []
        for direction in range(2 if self.bidirectional else 1):
            weights = self.all_weights[direction]
            w, r = weights[:2]
            wb, rb = weights[2:] if self.bias else (w.new_zeros(len(w)), w.new_zeros(len(w)))
            split = 2 * self.hidden_size
            h = x.new_zeros(x.shape[1], self.hidden_size) if state is None else state[direction]
            steps = []
            for step in x.flip(0) if direction else x:
                gates = F.linear(step, w, wb)
                reset, update = (gates[:, :split] + F.linear(h, r[:split], rb[:split])).sigmoid().chunk(2, 1)
                new = torch.tanh(gates[:, split:] + F.linear(reset * h, r[split:], rb[split:]))
                h = (1 - update) * new + update * h
                steps.append(h)
            finals.append(h)
            outputs.append(torch.stack(steps[::-1] if direction else steps))
        return torch.cat(outputs, 2), torch.stack(finals)
