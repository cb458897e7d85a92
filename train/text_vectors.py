"""Vectors of the pretrained text encoder for the networks of a space; computed once, cached under `runs/`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoders.text_encoder import TextEncoder
from train.encoded import ROOT
from train.records import Labelled

PRETRAINED = ROOT / "runs" / "text_encoder"
"""Where `python -m train.pretrain_text` leaves the encoder."""
CACHE = ROOT / "runs" / "text_vectors"


def pretrained() -> TextEncoder:
    """The encoder, pretrained without labels; a fresh copy at every call.

    Raises:
        CheckpointError: It is not there; run `python -m train.pretrain_text` first.
    """
    return TextEncoder.load(PRETRAINED)


def text_vectors(space: Labelled) -> NDArray[np.float32]:
    """Vectors of the distinct networks of a space. Shapes: [G, D]."""
    weights = (PRETRAINED / "text_encoder.safetensors").read_bytes()
    key = hashlib.sha256(weights + "\0".join(space.known.texts).encode()).hexdigest()[:16]
    file = CACHE / f"{space.space}-{key}.npy"
    if not file.is_file():
        vectors = pretrained().embed(space.known.texts.tolist()).numpy()
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file.with_suffix(".part.npy"), vectors)
        Path(file.with_suffix(".part.npy")).rename(file)
    return np.load(file, allow_pickle=False)
