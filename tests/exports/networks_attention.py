"""Small attention networks in plain torch."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Attention with one qkv projection, as in most vision transformers."""

    def __init__(self, width: int, heads: int, fused: bool = True) -> None:
        super().__init__()
        self.heads, self.fused = heads, fused
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        if self.fused:
            x = F.scaled_dot_product_attention(q, k, v)
        else:
            x = (q * (c // self.heads) ** -0.5 @ k.transpose(-2, -1)).softmax(-1) @ v
        return self.out(x.transpose(1, 2).reshape(b, n, c))


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, width: int, attention: nn.Module, act: nn.Module | None = None) -> None:
        super().__init__()
        self.norm1, self.norm2, self.attention = nn.LayerNorm(width, 1e-6), nn.LayerNorm(width), attention
        up, down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.mlp = nn.Sequential(up, act or nn.GELU(), nn.Dropout(0.1), down)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    """Patch embedding, class token, position embedding; fused or written-out attention."""

    def __init__(self, fused: bool = True) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, 8)
        self.token, self.position = nn.Parameter(torch.zeros(1, 1, 16)), nn.Parameter(torch.zeros(1, 17, 16))
        self.blocks = nn.Sequential(*(Block(16, SelfAttention(16, 4, fused)) for _ in range(2)))
        self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.position
        return self.head(self.norm(self.blocks(x))[:, 0])


class MultiheadViT(nn.Module):
    """The same idea through `nn.TransformerEncoderLayer` and `nn.MultiheadAttention`, tanh GELU, mean over tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, 8)
        self.position = nn.Parameter(torch.zeros(16, 16))
        self.encoder = nn.ModuleList(
            nn.TransformerEncoderLayer(16, 4, 32, activation=nn.GELU("tanh"), batch_first=True, norm_first=first)
            for first in (True, False)
        )
        self.pool = nn.MultiheadAttention(16, 2, batch_first=True)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2) + self.position
        for layer in self.encoder:
            x = layer(x)
        x = x + self.pool(x, x, x, need_weights=False)[0]
        return self.head(x.mean(1))


class WindowAttention(nn.Module):
    """Attention inside 4x4 windows, rolled by two, with a learned relative position bias (Swin)."""

    def __init__(self, width: int, heads: int, shift: int) -> None:
        super().__init__()
        self.heads, self.shift, self.window = heads, shift, 4
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.table = nn.Parameter(torch.zeros(49, heads))
        axis = torch.arange(4)
        grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij")).flatten(1)
        offset = grid[:, :, None] - grid[:, None, :] + 3
        self.register_buffer("index", offset[0] * 7 + offset[1])

    def forward(self, x: Tensor) -> Tensor:  # [B, H, W, C]
        b, h, w, c = x.shape
        k = self.window
        if self.shift:
            x = torch.roll(x, (-self.shift, -self.shift), (1, 2))
        x = x.view(b, h // k, k, w // k, k, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, k * k, c)
        q, key, v = self.qkv(x).reshape(-1, k * k, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        q = q * (c // self.heads) ** -0.5
        bias = self.table[self.index.view(-1)].view(k * k, k * k, -1).permute(2, 0, 1).contiguous()
        weights = (q @ key.transpose(-2, -1) + bias.unsqueeze(0)).softmax(-1)
        x = self.out((weights @ v).transpose(1, 2).reshape(-1, k * k, c))
        x = x.view(b, h // k, w // k, k, k, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
        return torch.roll(x, (self.shift, self.shift), (1, 2)) if self.shift else x


class Swin(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 4, 4)
        self.blocks = nn.Sequential(*(Block(16, WindowAttention(16, 2, shift)) for shift in (0, 2)))
        self.merge_norm, self.merge = nn.LayerNorm(64), nn.Linear(64, 32, bias=False)
        self.last = Block(32, WindowAttention(32, 4, 0))
        self.norm, self.head = nn.LayerNorm(32), nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.patch(x).permute(0, 2, 3, 1))
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)
        x = self.last(self.merge(self.merge_norm(x)))
        return self.head(self.norm(x).permute(0, 3, 1, 2).mean((2, 3)))


class Hybrid(nn.Module):
    """Convolutions, then attention over pixels, then convolutions (MobileViT)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.SiLU(),
                                  nn.Conv2d(8, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.SiLU())  # fmt: skip
        self.block = Block(16, SelfAttention(16, 2), nn.SiLU())
        self.norm = nn.LayerNorm(16)
        self.fuse = nn.Sequential(nn.Conv2d(32, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.SiLU())
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        local = self.stem(x)
        b, c, h, w = local.shape
        tokens = self.norm(self.block(local.flatten(2).transpose(1, 2)))
        x = self.fuse(torch.cat([local, tokens.transpose(1, 2).reshape(b, c, h, w)], 1))
        return self.head(x.mean((2, 3)))


class Mixer(nn.Module):
    """MLP over tokens, MLP over channels; norms without weights, as in networks that modulate them."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, 8)
        self.norms = nn.ModuleList(nn.LayerNorm(16, elementwise_affine=False) for _ in range(4))
        self.tokens = nn.ModuleList(nn.Sequential(nn.Linear(16, 8), nn.GELU(), nn.Linear(8, 16)) for _ in range(2))
        self.channels = nn.ModuleList(nn.Sequential(nn.Linear(16, 40), nn.GELU(), nn.Linear(40, 16)) for _ in range(2))
        self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        for i in range(2):
            x = x + self.tokens[i](self.norms[2 * i](x).transpose(1, 2)).transpose(1, 2)
            x = x + self.channels[i](self.norms[2 * i + 1](x))
        return self.head(self.norm(x).mean(1))


class Bert(nn.Module):
    """Embeddings, separate q, k, v, an additive mask made of an integer input, post-norm, tanh pooler."""

    def __init__(self, width: int = 24, heads: int = 3) -> None:
        super().__init__()
        self.heads = heads
        self.words, self.positions = nn.Embedding(50, width), nn.Embedding(16, width)
        self.kinds = nn.Embedding(2, width)
        self.embed_norm = nn.LayerNorm(width, 1e-12)
        self.layers = nn.ModuleList(
            nn.ModuleDict({
                **{name: nn.Linear(width, width) for name in ("q", "k", "v", "out")},
                "up": nn.Linear(width, 48), "down": nn.Linear(48, width),
                "norm1": nn.LayerNorm(width, 1e-12), "norm2": nn.LayerNorm(width, 1e-12),
            }) for _ in range(2)
        )  # fmt: skip
        self.register_buffer("order", torch.arange(16)[None])
        self.pooler, self.head = nn.Linear(width, width), nn.Linear(width, 3)

    def split(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        return x.view(b, n, self.heads, c // self.heads).permute(0, 2, 1, 3)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        n = words.shape[1]
        x = self.words(words) + self.kinds(torch.zeros_like(words)) + self.positions(self.order[:, :n])
        x = self.embed_norm(x)
        added = (1.0 - mask[:, None, None, :].float()) * -10000.0
        for layer in self.layers:
            q, k, v = (self.split(layer[name](x)) for name in ("q", "k", "v"))
            scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + added
            h = (scores.softmax(-1) @ v).permute(0, 2, 1, 3).contiguous()
            x = layer["norm1"](x + layer["out"](h.view(*h.shape[:2], -1)))
            x = layer["norm2"](x + layer["down"](F.gelu(layer["up"](x))))
        return self.head(torch.tanh(self.pooler(x[:, 0])))


class RmsNorm(nn.Module):
    """Written out, as in most language models."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


class Llama(nn.Module):
    """Decoder with RMS norm, causal attention and a gated SiLU feed-forward."""

    def __init__(self, width: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.embed = nn.Embedding(40, width)
        self.norm1, self.norm2, self.norm = RmsNorm(width), RmsNorm(width), RmsNorm(width)
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = nn.Linear(width, 32, bias=False), nn.Linear(width, 32, bias=False)
        self.down, self.head = nn.Linear(32, width, bias=False), nn.Linear(width, 40, bias=False)

    def forward(self, words: Tensor) -> Tensor:
        x = self.embed(words)
        b, n, c = x.shape
        h = self.norm1(x)
        q, k, v = (p(h).view(b, n, self.heads, -1).transpose(1, 2) for p in (self.q, self.k, self.v))
        h = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(h.transpose(1, 2).reshape(b, n, c))
        h = self.norm2(x)
        return self.head(self.norm(x + self.down(F.silu(self.gate(h)) * self.up(h))))
