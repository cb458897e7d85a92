"""All real networks that the records have accuracies of: timm and torchvision build those that come without a graph.

Needs the `zoo` extra on first use (half an hour); the encoded networks are kept under `runs/`. What ships is made with
them, and coverage and known spaces judge it with them; the other protocols keep to `train.records`, so that their
counts stay comparable.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from archlm.known import GUEST
from onnx_bench.records.tables import TIMM, TORCHVISION
from train.encoded import encode_space, joined
from train.heads import load_with_heads
from train.records import LABELS, Labelled, data_folder, described, labelled, load, real_networks, targets

FAMILIES = {"inception": "inception_v3", "maxvit": "maxxvit"}
"""What timm calls families of torchvision, where the names differ."""


def load_all(data: str | None = None) -> list[Labelled]:
    """Every labelled network that can be had, with all heads; torchvision's stand among those of timm."""
    folder = data_folder(data)
    return [_zoos(folder) if name == "timm" else load_with_heads(name, data=data) for name in LABELS]


def as_recorded(spaces: Sequence[Labelled], data: str | None = None) -> list[Labelled]:
    """The same with those real networks alone that `train.records` has.

    What protocols P1 and P2 say of the cross-domain head is then said of the one that ships.
    """
    recorded = load("timm", data=data)

    def alone(space: Labelled) -> Labelled:
        kept = np.isin(recorded.fingerprints[recorded.known.rows], space.fingerprints)
        return recorded if kept.all() else recorded.of_distinct(kept)

    return [alone(space) if space.space == "timm" else space for space in spaces]


def _zoos(folder: Path) -> Labelled:
    """All of `real_networks`, and torchvision's that timm has not, as `torchvision:name`."""
    timm = real_networks(folder)
    stored, built = timm[timm.onnx.notna()], timm[timm.onnx.isna()]
    own = joined([
        encode_space("timm", described(stored, TIMM), files=stored.onnx.tolist()),
        encode_space("timm", described(built, TIMM)),
    ])  # fmt: skip
    guests = torchvision_networks(folder)
    others = encode_space("torchvision", described(guests, TORCHVISION))
    strange = ~np.isin(others.fingerprints, own.fingerprints)
    guests = guests[strange]

    frame = pd.concat([stored, built, guests.rename(columns={"imagenet_1k_top1_acc": "imagenet1k_val_top1_acc"})])
    archs = [*described(stored, TIMM), *described(built, TIMM), *(GUEST + a for a in described(guests, TORCHVISION))]
    encoded = joined([own, others.take(strange)])
    return labelled("timm", archs, encoded, targets(frame, TIMM), frame.module.to_numpy(dtype=str))


def torchvision_networks(folder: Path) -> pd.DataFrame:
    """Classifiers trained on ImageNet-1k alone, the best weights of each, families as timm calls them."""
    frame = pd.read_parquet(folder / "torchvision.parquet")
    supervised = frame.imagenet_1k_top1_acc.notna() & (frame.task == "classification")
    frame = frame[supervised & ~frame.weights.str.contains("SWAG")]  # weakly supervised on other images
    frame = frame.sort_values("imagenet_1k_top1_acc", ascending=False).reset_index(drop=True)
    frame = frame[~pd.Series(described(frame, TORCHVISION)).duplicated()]
    return frame.assign(module=frame.module.str.rpartition(".")[2].replace(FAMILIES))
