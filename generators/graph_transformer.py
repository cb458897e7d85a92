"""`GraphTransformer`: attention over the blocks of a graph, biased by its edges, with messages along them.

Layers are modulated by a context (Perez et al., FiLM, AAAI 2018; Peebles and Xie, DiT, ICCV 2023). Messages along the
directed edges, both ways, are what carries most in graph transformers over architectures; attention adds the rest.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class _Layer(nn.Module):
    """One layer.

    Shapes:
        h: [B, N, D]; edges: [B, N, N]; context: [B, D]; returns [B, N, D].
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.modulate = nn.Linear(width, 4 * width)
        self.project = nn.Linear(width, 3 * width)
        self.bias = nn.Parameter(torch.zeros(2, heads))
        self.along, self.against = nn.Linear(width, width), nn.Linear(width, width)
        self.mix = nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, h: Tensor, edges: Tensor, context: Tensor) -> Tensor:
        batch, size, width = h.shape
        scale, shift, scale_feed, shift_feed = self.modulate(context)[:, None].chunk(4, dim=2)
        x = functional.layer_norm(h, (width,)) * (1 + scale) + shift
        query, key, value = self.project(x).view(batch, size, 3 * self.heads, -1).transpose(1, 2).chunk(3, dim=1)
        back = edges.transpose(1, 2)
        bias = edges[:, None] * self.bias[0, :, None, None] + back[:, None] * self.bias[1, :, None, None]
        y = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        y = self.mix(y.transpose(1, 2).reshape(batch, size, width))
        h = h + y + functional.silu(back @ self.along(x) + edges @ self.against(x))
        x = functional.layer_norm(h, (width,)) * (1 + scale_feed) + shift_feed
        return h + self.feed(x)


class GraphTransformer(nn.Module):
    """Reads noisy block graphs of one space.

    Args:
        columns: F, columns of a place.
        places: Spaces times places: every place of every space has its own embedding.
        width: D.
        layers: Number of layers.
        heads: Attention heads.

    Shapes:
        nodes: [B, N, F]; edges: [B, N, N]; places: [N]; context: [B, D]; returns [B, N, D].
    """

    def __init__(self, columns: int, places: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.read = nn.Linear(columns, width)
        self.places = nn.Embedding(places, width)
        self.layers = nn.ModuleList(_Layer(width, heads) for _ in range(layers))

    def forward(self, nodes: Tensor, edges: Tensor, places: Tensor, context: Tensor) -> Tensor:
        h = self.read(nodes) + self.places(places)
        for layer in self.layers:
            h = layer(h, edges, context)
        return functional.layer_norm(h, h.shape[-1:])


class NoiseLevel(nn.Module):
    """Embeds how much of a graph is left.

    Shapes:
        signal: [B], from 0 (noise) to 1 (clean); returns [B, D].
    """

    def __init__(self, width: int, waves: int = 8) -> None:
        super().__init__()
        self.waves = waves
        self.read = nn.Sequential(nn.Linear(2 * waves, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, signal: Tensor) -> Tensor:
        phase = signal[:, None] * torch.pi * torch.arange(1, self.waves + 1, device=signal.device) / 2
        return self.read(torch.cat([phase.sin(), phase.cos()], dim=1))
