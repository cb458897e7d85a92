"""Pretrain the text encoder on unlabelled networks of all spaces.

    python -m train.pretrain_text

Writes the encoder to runs/text_encoder (`TextEncoder.load` reads it) and the numbers of held-out networks to
train/results/text_pretraining.csv. Interrupted, the same command goes on from the last checkpoint under runs/. A GPU is
used where there is one.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import typer
from torch.utils.data import SequentialSampler
from transformers import Trainer, TrainingArguments

from encoders.text_encoder import TextEncoder
from encoders.text_encoder_config import TextEncoderConfig
from encoders.text_pretraining import FeatureScale, TextPretraining
from encoders.text_tokenizer import ArchTokenizer
from train.common import write_results
from train.records import ROOT
from train.text_batches import HidingCollator, TextReadings, reading_order
from train.text_corpus import TextCorpus, load_corpus
from train.text_quality import held_out_rows

HELD_OUT = 0.04
_TOKENIZER_TEXTS = 20_000
_RATE = 1e-3


class _OrderedTrainer(Trainer):
    """Reads the data in the order that was drawn."""

    def _get_train_sampler(self, *_: Any) -> SequentialSampler:
        return SequentialSampler(cast(TextReadings, self.train_dataset))


def learn_tokenizer(corpus: TextCorpus, seed: int) -> ArchTokenizer:
    """A vocabulary from a sample of `corpus`."""
    rows = np.random.default_rng(seed).permutation(len(corpus))[:_TOKENIZER_TEXTS]
    return ArchTokenizer.train(corpus.texts[row] for row in rows)


def pretrain(
    corpus: TextCorpus, config: TextEncoderConfig, *, steps: int, batch: int, seed: int = 0, runs: Path | None = None
) -> tuple[TextEncoder, list[dict[str, Any]]]:
    """Train on all of `corpus` but the part held out, or go on where an interrupted run of the same settings stopped.

    Returns:
        The encoder, and for every space a row of the result table.
    """
    held_out = corpus.held_out(HELD_OUT, seed)
    tokenizer = learn_tokenizer(corpus.take(~held_out), seed)
    rows = tokenizer.rows(corpus.texts)
    lengths = np.array([min(len(row), config.max_length) for row in rows])
    seen = np.flatnonzero(~held_out)
    scale = FeatureScale.fit(corpus.features[seen])
    order = seen[reading_order(corpus.spaces[seen], lengths[seen], steps, batch, seed)]
    model = TextPretraining(TextEncoder.new(tokenizer, config, seed=seed), corpus.features.shape[1], seed=seed)
    folder = (runs or ROOT / "runs" / "text_pretraining") / _settings_hash(corpus, config, steps, batch, seed)
    trainer = _OrderedTrainer(
        model=model,
        args=_arguments(folder, steps, batch, seed),
        train_dataset=TextReadings(rows, scale.apply(corpus.features), order),
        data_collator=HidingCollator(config.max_length, seed),
    )
    trainer.train(resume_from_checkpoint=any(folder.glob("checkpoint-*")))
    model.eval().cpu()
    return model.encoder.eval(), held_out_rows(model, corpus, rows, scale, held_out, seed)


def _settings_hash(corpus: TextCorpus, config: TextEncoderConfig, *numbers: int) -> str:
    digest = hashlib.sha256(json.dumps([str(config), numbers, len(corpus)]).encode())
    for text in corpus.texts[:: max(len(corpus) // 1000, 1)]:
        digest.update(text.encode())
    return digest.hexdigest()[:16]


def _arguments(folder: Path, steps: int, batch: int, seed: int) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder), max_steps=steps, per_device_train_batch_size=batch, seed=seed,
        learning_rate=_RATE, lr_scheduler_type="cosine", warmup_steps=max(steps // 20, 1), weight_decay=0.01,
        adam_beta2=0.98, max_grad_norm=1.0, logging_steps=50, save_steps=max(steps // 20, 1), save_total_limit=2,
        remove_unused_columns=False, label_names=["labels"], report_to=[], dataloader_pin_memory=False,
    )  # fmt: skip


def main(
    corpus: int = 40_000,
    steps: int = 8000,
    batch: int = 128,
    seed: int = 0,
    threads: int = 1,
    workers: int = 2,
    data: str | None = None,
    out: Path = ROOT / "runs" / "text_encoder",
) -> None:
    """Pretrain on `corpus` networks for `steps` batches, with `threads` threads (texts are written by `workers`)."""
    networks = load_corpus(corpus, seed=seed, data=data, workers=workers)
    torch.set_num_threads(threads)
    encoder, rows = pretrain(networks, TextEncoderConfig(), steps=steps, batch=batch, seed=seed)
    encoder.save(out)
    print(f"encoder written to {out}")
    write_results("text_pretraining", rows)


if __name__ == "__main__":
    typer.run(main)
