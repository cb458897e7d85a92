"""What a pretrained text encoder knows of networks it has not read, space by space, against trivial answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from encoders import features
from encoders.text import tokens
from encoders.text_pretraining import IGNORED, FeatureScale, TextPretraining, hide
from encoders.text_tokenizer import SPECIALS, ArchTokenizer
from train.text_corpus import TextCorpus

_BATCH = 64


def held_out_rows(
    model: TextPretraining, corpus: TextCorpus, rows: Sequence[list[int]], scale: FeatureScale,
    held_out: NDArray[np.bool_], seed: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """One row for each space and one for all.

    `cut` is the share of texts that are longer than what is read. `token_accuracy` is of hidden tokens, and
    `token_accuracy_unigram` that of the most frequent token. R2 of features is against the mean of all spaces (whose
    own R2 is 0), `r2_within` against the mean of the space itself, where it varies.

    Args:
        model: On the CPU.
        corpus: B networks.
        rows: Their ids.
        scale: As in training.
        held_out: [B] networks to ask about; the others give the trivial answers.
        seed: Decides which tokens are hidden.
    """
    counts = np.bincount(
        np.concatenate([rows[i] for i in np.flatnonzero(~held_out).tolist()]), minlength=len(SPECIALS) + 1
    )
    unigram = len(SPECIALS) + int(counts[len(SPECIALS) :].argmax())
    asked = np.flatnonzero(held_out)
    asked_rows = [rows[i] for i in asked.tolist()]
    right, guessed, hidden = _token_counts(model, asked_rows, unigram, seed)
    target = scale.apply(corpus.features[asked]).astype(np.float64)
    predicted = _predicted(model, asked_rows)
    spaces = corpus.spaces[asked]
    lengths = np.array([len(row) for row in asked_rows])
    groups = [("all", np.ones(len(asked), np.bool_)), *[(s, spaces == s) for s in np.unique(spaces).tolist()]]
    found = []
    for name, mask in groups:
        words = [len(tokens(corpus.texts[i])) for i in asked[mask]]
        explained = _r2(target[mask], predicted[mask], np.zeros(target.shape[1]))
        inside = _r2(target[mask], predicted[mask], target[mask].mean(0))
        sizes = {f"r2_within_{name}": inside[features.NAMES.index(name)] for name in ("log_params", "log_macs")}
        found.append({
            "space": name, "networks": int(mask.sum()), "words": float(np.mean(words)),
            "tokens": lengths[mask].mean(), "cut": (lengths[mask] > model.encoder.config.max_length).mean(),
            "token_accuracy": right[mask].sum() / max(hidden[mask].sum(), 1),
            "token_accuracy_unigram": guessed[mask].sum() / max(hidden[mask].sum(), 1),
            "r2_mean": float(np.nanmean(explained)), "r2_within_median": _median(inside), **sizes,
        })  # fmt: skip
    return found


def _median(values: NDArray[np.float64]) -> float:
    """The median where there is a value, NaN where there is none (a space with one network)."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _batches(
    model: TextPretraining, rows: Sequence[list[int]]
) -> Iterator[tuple[NDArray[np.int64], torch.Tensor, torch.Tensor]]:
    order = np.argsort([len(row) for row in rows], kind="stable")
    for start in range(0, len(order), _BATCH):
        chosen = order[start : start + _BATCH]
        batch = ArchTokenizer.pad([rows[i] for i in chosen.tolist()], model.encoder.config.max_length)
        yield chosen, torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)


@torch.no_grad()
def _token_counts(
    model: TextPretraining, rows: Sequence[list[int]], unigram: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Hidden tokens found, those that are `unigram`, and all. Shapes: three times [B]."""
    generator = torch.Generator().manual_seed(seed)
    counts = np.zeros((3, len(rows)), np.int64)
    for chosen, ids, mask in _batches(model, rows):
        masked, labels = hide(ids, mask, generator)
        asked = labels != IGNORED
        best = torch.full_like(labels, IGNORED)
        best[asked] = model.word_logits(model.encoder.hidden(masked, mask)[asked]).argmax(-1)
        for i, hits in enumerate(((best == labels) & asked, (labels == unigram), asked)):
            counts[i, chosen] = hits.sum(1).numpy()
    return counts[0], counts[1], counts[2]


@torch.no_grad()
def _predicted(model: TextPretraining, rows: Sequence[list[int]]) -> NDArray[np.float64]:
    found: NDArray[np.float64] | None = None
    for chosen, ids, mask in _batches(model, rows):
        values = model.predict_features(ids, mask).double().numpy()
        found = np.zeros((len(rows), values.shape[1])) if found is None else found
        found[chosen] = values
    assert found is not None, "no networks were held out"
    return found


def _r2(target: NDArray[np.float64], predicted: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the variation around `mean` that is predicted, NaN where there is none. Shapes: [B, F], [F] to [F]."""
    total = ((target - mean) ** 2).sum(0)
    error = ((target - predicted) ** 2).sum(0)
    return np.where(total > 1e-6 * len(target), 1 - error / np.maximum(total, 1e-12), np.nan)
