"""AutoFormer, PiT and BERT in plain torch, written after their authors and apart from `onnx_bench.spaces`.

Sources: Auto-Prox (Wei et al., AAAI 2024) trains plain vision transformers; training-free NAS (Serianni and Kalita,
ACL 2023) modifies ELECTRA.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class VisionAttention(nn.Module):
    """One layer for queries, keys and values; the softmax written out, its scale behind the product."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        weights = functional.softmax(q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5, dim=-1)
        return self.out((weights @ v).transpose(1, 2).contiguous().view(batch, length, width))


class VisionLayer(nn.Module):
    def __init__(self, width: int, heads: int, ratio: float) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attention = VisionAttention(width, heads)
        hidden = int(width * ratio)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Dropout(0.1), nn.Linear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class AutoFormerTorch(nn.Module):
    def __init__(self, arch: str, classes: int, size: int = 224) -> None:
        super().__init__()
        body = json.loads(arch)
        width = body["hidden_dim"]
        self.patches = nn.Conv2d(3, width, kernel_size=16, stride=16)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.zeros(1, (size // 16) ** 2 + 1, width))
        settings = zip(body["num_heads"], body["mlp_ratio"], strict=True)
        self.layers = nn.Sequential(*(VisionLayer(width, heads, ratio) for heads, ratio in settings))
        self.norm, self.head = nn.LayerNorm(width, eps=1e-6), nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.repeat(x.size(0), 1, 1), x], dim=1) + self.position
        return self.head(self.norm(self.layers(x))[:, 1:].mean(dim=1))


class PiTTorch(nn.Module):
    def __init__(self, arch: str, classes: int, size: int = 224) -> None:
        super().__init__()
        body = json.loads(arch)
        widths = [body["base_dim"] * heads for heads in body["num_heads"]]
        rows = (size - 16) // 8 + 1
        self.patches = nn.Conv2d(3, widths[0], kernel_size=16, stride=8)
        self.position = nn.Parameter(torch.zeros(1, widths[0], rows, rows))
        self.token = nn.Parameter(torch.zeros(1, 1, widths[0]))
        self.stages = nn.ModuleList(
            nn.Sequential(*(VisionLayer(width, heads, body["mlp_ratio"]) for _ in range(depth)))
            for width, heads, depth in zip(widths, body["num_heads"], body["depth"], strict=True)
        )
        pairs = list(pairwise(widths))
        self.pools = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1, groups=a) for a, b in pairs)
        self.widen = nn.ModuleList(nn.Linear(a, b) for a, b in pairs)
        self.norm, self.head = nn.LayerNorm(widths[-1], eps=1e-6), nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x) + self.position
        token = self.token.expand(x.shape[0], -1, -1)
        for number, stage in enumerate(self.stages):
            if number:
                x, token = self.pools[number - 1](x), self.widen[number - 1](token)
            batch, width, rows, columns = x.shape
            tokens = stage(torch.cat((token, x.flatten(2).transpose(1, 2)), dim=1))
            token = tokens[:, :1]
            x = tokens[:, 1:].transpose(1, 2).reshape(batch, width, rows, columns)
        return self.head(self.norm(token)[:, 0])


class BertLayer(nn.Module):
    """Post-norm; separate queries, keys and values; scores divided by the root of the head's width."""

    def __init__(self, width: int, heads: int, widths: list[int]) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)
        self.up = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise([width, *widths]))
        self.down = nn.Linear(widths[-1], width)

    def split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).permute(0, 2, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (self.split(layer(x)) for layer in (self.query, self.key, self.value))
        scores = torch.matmul(q, k.transpose(-1, -2)) / (q.shape[-1] ** 0.5)
        context = torch.matmul(nn.functional.softmax(scores, dim=-1), v).permute(0, 2, 1, 3).contiguous()
        x = self.norm1(self.out(context.view(x.shape)) + x)
        y = x
        for layer in self.up:
            y = functional.gelu(layer(y))
        return self.norm2(self.down(y) + x)


class BertTorch(nn.Module):
    """ELECTRA's encoder and, where `labels` is not 0, a linear classifier of the first token."""

    def __init__(self, arch: str, labels: int, words: int = 30_522) -> None:
        super().__init__()
        body: dict[str, Any] = json.loads(arch)
        width = body["hidden_size"]
        self.words, self.positions, self.kinds = nn.Embedding(words, 128), nn.Embedding(512, 128), nn.Embedding(2, 128)
        self.norm = nn.LayerNorm(128, eps=1e-12)
        self.project = nn.Linear(128, width) if width != 128 else nn.Identity()
        self.layers = nn.Sequential(*(BertLayer(width, each["heads"], each["ffn_dims"]) for each in body["layers"]))
        self.head = nn.Linear(width, labels) if labels else None

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.words(tokens) + self.kinds.weight[:1][None] + self.positions.weight[: tokens.shape[1]][None]
        x = self.layers(self.project(self.norm(x)))
        return x if self.head is None else self.head(x[:, 0])
