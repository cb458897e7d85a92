"""Pretraining of a `TextEncoder` without measured values: hidden tokens, and features that cost nothing to compute.

The loss is the cross-entropy of hidden tokens plus the Huber loss of the features of `encoders.features`, standardised
(`FeatureScale`), read from the embedding. The first teaches what architectures look like, the second asks the embedding
for size, depth and the statistics of paths, which need the program of the text to be run.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from encoders.text_encoder import TextEncoder
from encoders.text_tokenizer import MASK, SPECIALS

HIDDEN_SHARE = 0.3
"""Tokens that are hidden in a text (Wettig et al. 2023, "Should You Mask 15% in Masked Language Modeling?")."""
WHOLE_SHARE = 0.25
"""Texts of which nothing is hidden, so that the embedding also learns from texts as they will be asked."""
IGNORED = -100
_CLIP = 5.0
_EXACT = 0.1
"""Errors up to this many deviations count squared, larger ones by their size: networks of one space differ little."""
_MASK_ID = SPECIALS.index(MASK)


class FeatureScale(NamedTuple):
    """Means and deviations that bring features to a common scale.

    Shapes:
        mean: [F].
        deviation: [F], 1 where a feature is constant.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def fit(cls, features: NDArray[np.float64]) -> FeatureScale:
        """Shapes: [B, F]."""
        deviation = features.std(0)
        return cls(features.mean(0), np.where(deviation > 1e-9, deviation, 1.0))

    def apply(self, features: NDArray[np.float64]) -> NDArray[np.float32]:
        """Standardised and clipped at five deviations. Shapes: [B, F] to [B, F]."""
        return np.clip((features - self.mean) / self.deviation, -_CLIP, _CLIP).astype(np.float32)


def hide(ids: Tensor, attention_mask: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Hide tokens of texts, special tokens never.

    Shapes:
        ids: [B, L] int64.
        attention_mask: [B, L] int64.
        returns: [B, L] int64, the ids with `[MASK]` at hidden tokens; [B, L] int64, the ids that were hidden, `IGNORED`
            elsewhere.
    """
    eligible = (ids >= len(SPECIALS)) & attention_mask.bool()
    masked_text = torch.rand(len(ids), 1, generator=generator) >= WHOLE_SHARE
    hidden = (torch.rand(ids.shape, generator=generator) < HIDDEN_SHARE) & eligible & masked_text
    return ids.masked_fill(hidden, _MASK_ID), ids.masked_fill(~hidden, IGNORED)


class TextPretraining(nn.Module):
    """A text encoder with the two heads of pretraining, in the form that `transformers.Trainer` trains.

    Attributes:
        encoder: What is kept afterwards.
    """

    def __init__(self, encoder: TextEncoder, num_features: int, *, seed: int = 0) -> None:
        super().__init__()
        self.encoder = encoder
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.transform = nn.Sequential(
                nn.Linear(encoder.width, encoder.width), nn.GELU(), nn.LayerNorm(encoder.width)
            )
            self.regressor = nn.Sequential(
                nn.Linear(encoder.width, encoder.width), nn.GELU(), nn.Linear(encoder.width, num_features)
            )
        self.word_bias = nn.Parameter(torch.zeros(len(self.words)))

    @property
    def words(self) -> Tensor:
        """The token embeddings, which are the output weights too. Shapes: [V, D]."""
        return cast(Any, self.encoder.backbone).get_input_embeddings().weight

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor, features: Tensor) -> dict[str, Tensor]:
        """Both losses and their sum.

        Shapes:
            input_ids: [B, L] int64, hidden tokens replaced.
            attention_mask: [B, L] int64.
            labels: [B, L] int64, `IGNORED` where nothing is hidden.
            features: [B, F] float32, standardised.
            returns: `loss`, `token_loss` and `feature_loss`, all [].
        """
        hidden = self.encoder.hidden(input_ids, attention_mask)
        asked = labels != IGNORED
        logits = self.word_logits(hidden[asked])
        token_loss = functional.cross_entropy(logits, labels[asked], reduction="sum") / asked.sum().clamp(min=1)
        predicted = self.regressor(self.encoder.pool(hidden, attention_mask))
        feature_loss = functional.huber_loss(predicted, features, delta=_EXACT) / _EXACT
        return {"loss": token_loss + feature_loss, "token_loss": token_loss, "feature_loss": feature_loss}

    def word_logits(self, hidden: Tensor) -> Tensor:
        """Scores of all tokens at M places. Shapes: [M, D] to [M, V]."""
        return functional.linear(self.transform(hidden), self.words, self.word_bias)

    def predict_features(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Standardised features. Shapes: [B, L] int64 and [B, L] int64 to [B, F]."""
        return self.regressor(self.encoder(input_ids, attention_mask))
