"""Real networks that came later: what weights that have not learnt from them say, once.

    python -m train.protocols.later_networks

The records hold accuracies of networks of timm and torchvision that come without a graph. Weights of before they were
built (`train.zoos`) have seen none of them, and of six families nothing. Networks that are isomorphic to a known one do
not count, nor does a second isomorphic to another. Needs the `zoo` extra.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import typer
from rich.progress import track

from archlm.members.feature_model import FeatureModel
from archlm.predictor import Predictor
from encoders import features
from onnx_bench import spaces
from onnx_bench.records.tables import TIMM, TORCHVISION
from train.common import kendall, write_results
from train.records import ROOT, SPACE_TASK, data_folder, described, load, real_networks
from train.zoos import torchvision_networks

TASK = SPACE_TASK["timm"]
BEFORE = "0c4fbe1"
"""The last commit whose weights have not learnt from them."""


def weights_of(commit: str, folder: Path) -> Path:
    """The weights that shipped with a commit, written below `folder`."""
    found = subprocess.run(
        ["git", "archive", commit, "archlm/weights"], cwd=ROOT, capture_output=True, check=True
    ).stdout  # fmt: skip
    with tarfile.open(fileobj=io.BytesIO(found)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "archlm" / "weights"


def later(data: str | None) -> pd.DataFrame:
    """Their space, description (`arch`), family (`module`) and accuracy in percent (`measured`)."""
    folder = data_folder(data)
    timm = real_networks(folder)
    timm = timm[timm.onnx.isna()]
    others = torchvision_networks(folder)
    return pd.concat([
        pd.DataFrame({"space": "timm", "arch": described(timm, TIMM), "module": timm.module,
                      "measured": timm.imagenet1k_val_top1_acc}),
        pd.DataFrame({"space": "torchvision", "arch": described(others, TORCHVISION), "module": others.module,
                      "measured": others.imagenet_1k_top1_acc}),
    ], ignore_index=True)  # fmt: skip


def asked(predictor: Predictor, frame: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """The answers beside what was measured, sizes and features; without those whose fingerprint is `known`."""
    rows, seen = [], set(known)
    for row in track(frame.to_dict("records"), "asking"):
        graph = spaces.get(row["space"]).build(row["arch"])
        if graph.fingerprint() in seen:
            continue
        seen.add(graph.fingerprint())
        answer = predictor.predict([graph], tasks=[TASK]).iloc[0]
        rows.append({
            **row, "q05": answer.q05, "predicted": answer.q50, "q95": answer.q95, "params": graph.params,
            "macs": graph.macs, "features": features.compute_many([graph])[0],
        })  # fmt: skip
    return pd.DataFrame(rows)


def main(data: str | None = None, seed: int = 0) -> None:
    """Run the protocol and write train/results/later_networks.csv."""
    real = load("timm", data=data)
    with TemporaryDirectory() as folder:
        predictor = Predictor.from_pretrained(weights_of(BEFORE, Path(folder)))
        found = asked(predictor, later(data), set(real.fingerprints))
    model = FeatureModel.fit(real.features, real.values, seed=seed)
    found["LightGBM on features"] = model.trees.score(np.stack(list(found.features)))
    rows: list[dict[str, Any]] = []
    for label, some in found.groupby(np.where(found.module.isin(real.groups), "known", "new")):
        error = some.predicted - some.measured
        rows.append({
            "families": label, "seed": seed, "n": len(some), "number of families": some.module.nunique(),
            "held": int(some.measured.between(some.q05, some.q95).sum()), "mean_width": (some.q95 - some.q05).mean(),
            "mae": error.abs().mean(), "bias": error.mean(),
            **{f"tau {name}": kendall(some[column].to_numpy(float), some.measured.to_numpy()) for name, column in (
                ("predicted", "predicted"), ("effective parameters", "params"), ("MACs", "macs"),
                ("LightGBM on features", "LightGBM on features"),
            )},
        })  # fmt: skip
        print(rows[-1], flush=True)
    write_results("later_networks", rows)


if __name__ == "__main__":
    typer.run(main)
