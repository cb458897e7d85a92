"""Train any Hugging Face encoder or decoder to score architectures, fully or by low-rank updates.

    python -m train.finetune_text --backbone answerdotai/ModernBERT-base --lora-rank 8

For those who have the hardware: the checkpoint is read by local path or hub id. It learns from the same four fifths
of every space as the members that ship and is judged on the same fifth. Interrupted, the same command goes on from the
last checkpoint under runs/; a GPU is used where there is one. The encoder is written to --out; `TextEncoder.load` reads
it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import typer

from archlm.training.quality_training import ask
from encoders.text_encoder import TextEncoder
from train.common import spearman
from train.encoded import ROOT
from train.neural import TEXT, rows_of, task_scales, text_space, trained_text_model
from train.records import LABELS, load


def main(
    backbone: str,
    lora_rank: int = 0,
    steps: int = TEXT.steps,
    learning_rate: float = 2e-4,
    seed: int = 0,
    data: str | None = None,
    out: Path = ROOT / "runs" / "text_backbone",
) -> None:
    """Train on all known spaces and print the rank correlation on held-out networks."""
    spaces = [load(name, data=data) for name in LABELS]
    rows = rows_of(spaces, hold_out=True)
    encoder = TextEncoder.from_backbone(backbone, lora_rank=lora_rank)
    training = replace(TEXT, steps=steps, learning_rate=learning_rate, seed=seed)
    label = f"{Path(backbone).name}-rank{lora_rank}"
    model = trained_text_model(encoder, spaces, training, label, rows)
    for space in spaces:
        held = ~rows[space.space]
        scores, _ = ask(model, text_space(space, held, task_scales([space], rows_of([space], False)), encoder))
        for task, found in zip(space.known.targets, scores.T, strict=True):
            values = space.known.targets[task][held]
            known = np.isfinite(values)
            print(f"{space.space:16} {task:24} rho {spearman(found[known], values[known]):.3f} of {known.sum()}")
    encoder.save(out)
    print(f"written to {out}")


if __name__ == "__main__":
    typer.run(main)
