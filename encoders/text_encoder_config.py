"""What a text encoder is made of, as saved beside its weights."""

from __future__ import annotations

from dataclasses import dataclass

POOLINGS = ("mean", "last")
"""The embedding of a text: the mean over its tokens (encoders) or its last token (decoders, which see no later one)."""


@dataclass(frozen=True)
class TextEncoderConfig:
    """Our own small ModernBERT (Warner et al. 2024, "Smarter, Better, Faster, Longer"), all attention global.

    384 tokens hold all but a few texts of hnasbench201 and a
    tenth of the real networks.

    Attributes:
        hidden: Width D of tokens and of the embedding.
        layers: Number of layers.
        heads: Attention heads; divides `hidden`.
        intermediate: Width of the gated feed-forward layers.
        max_length: Longest text in tokens; what is longer is cut.
    """

    hidden: int = 128
    layers: int = 4
    heads: int = 4
    intermediate: int = 256
    max_length: int = 384

    def __post_init__(self) -> None:
        if min(self.hidden, self.layers, self.heads, self.intermediate) < 1 or self.hidden % (2 * self.heads):
            raise ValueError(f"{self}: sizes are positive, and hidden is a multiple of twice the heads")
        if self.max_length < 2:
            raise ValueError(f"{self}: a text has at least two tokens")


@dataclass(frozen=True)
class BackboneConfig:
    """A checkpoint in the format of Hugging Face `transformers`.

    Attributes:
        source: Local folder or hub id it came from.
        pooling: One of `POOLINGS`.
        max_length: Longest text in tokens; what is longer is cut.
        lora_rank: Rank of the low-rank updates (Hu et al. 2021) that train while the checkpoint stays as it is; 0: the
            whole checkpoint trains.
    """

    source: str
    pooling: str
    max_length: int
    lora_rank: int = 0

    def __post_init__(self) -> None:
        if self.pooling not in POOLINGS or self.max_length < 2 or self.lora_rank < 0:
            raise ValueError(f"{self}: pooling is one of {POOLINGS}, max_length at least 2, lora_rank not negative")
