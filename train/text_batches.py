"""The order in which the text encoder reads its corpus: spaces balanced, texts of one length together.

The order of a whole run is drawn before it starts, and what is hidden in a batch depends on its place in that order
alone, so a run that was interrupted goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from encoders.text_pretraining import hide
from encoders.text_tokenizer import ArchTokenizer

MOST = 0.2
"""Largest share of one space among the texts read."""
_POOL = 50
"""Batches that are drawn together and sorted by length."""


def space_shares(spaces: NDArray[np.str_]) -> dict[str, float]:
    """Share of each space among the texts read: by the root of its size, at most `MOST` where there are enough."""
    names, counts = np.unique(spaces, return_counts=True)
    share = np.sqrt(counts) / np.sqrt(counts).sum()
    most = max(MOST, 1 / len(names))
    while share.max() > most + 1e-9:
        full = share >= most
        share[full] = most
        share[~full] *= (1 - most * full.sum()) / share[~full].sum()
    return dict(zip(names.tolist(), share.tolist(), strict=True))


def reading_order(
    spaces: NDArray[np.str_], lengths: NDArray[np.int64], steps: int, batch: int, seed: int
) -> NDArray[np.int64]:
    """Rows to read, batch after batch. Every text of a space is read before one is read again.

    Shapes:
        spaces: [B].
        lengths: [B] tokens.
        returns: [steps * batch].
    """
    rng = np.random.default_rng(seed)
    shares = space_shares(spaces)
    rows = np.concatenate([
        _repeated(np.flatnonzero(spaces == space), int(np.ceil(share * steps * batch)), rng)
        for space, share in shares.items()
    ])  # fmt: skip
    rows = rng.permutation(rows)[: steps * batch]
    found = []
    for start in range(0, len(rows), _POOL * batch):
        pool = rows[start : start + _POOL * batch]
        pool = pool[np.argsort(lengths[pool], kind="stable")].reshape(-1, batch)
        found.append(rng.permutation(pool).ravel())
    return np.concatenate(found)


def _repeated(rows: NDArray[np.int64], times: int, rng: np.random.Generator) -> NDArray[np.int64]:
    rounds = -(-times // len(rows))
    return np.concatenate([rng.permutation(rows) for _ in range(rounds)])[:times]


class TextReadings(Dataset[dict[str, Any]]):
    """A text at every place of the order: its place, its ids, its standardised features. Shapes: features [B, F]."""

    def __init__(self, rows: Sequence[list[int]], features: NDArray[np.float32], order: NDArray[np.int64]) -> None:
        self._rows, self._features, self._order = rows, features, order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, place: int) -> dict[str, Any]:
        row = self._order[place]
        return {"place": place, "ids": self._rows[row], "features": self._features[row]}


@dataclass(frozen=True)
class HidingCollator:
    """Readings to a batch of `TextPretraining`: padded to the longest, tokens hidden.

    Attributes:
        max_length: Tokens of a text that are read.
        seed: Decides, with the place of the batch, what is hidden.
    """

    max_length: int
    seed: int

    def __call__(self, readings: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Shapes: input_ids, attention_mask and labels [B, L] int64, features [B, F] float32."""
        batch = ArchTokenizer.pad([reading["ids"] for reading in readings], self.max_length)
        ids, mask = torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + int(readings[0]["place"]))
        hidden, labels = hide(ids, mask, generator)
        features = torch.from_numpy(np.stack([reading["features"] for reading in readings]))
        return {"input_ids": hidden, "attention_mask": mask, "labels": labels, "features": features}
