"""P9: how fast, as medians and as ratios within one run.

    python -m train.protocols.p9_speed

The file is a NAS-Bench-201 network of about 250 nodes as a framework exports it (batch norms kept). Batches are of
distinct random cells: files with their weights, and files whose weights are left out. The peer's path begins with a
simplifier (onnxslim here; its own text encoding, a third of that again, is not counted).
"""

from __future__ import annotations

import logging
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import onnx
import onnxslim
import torch
import typer

from archlm import Predictor
from encoders import features, text
from onnx_bench import spaces
from onnx_bench.reader import read_graph
from train.common import write_results

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"


def milliseconds(work: Callable[[], Any], repeats: int) -> float:
    """Median time of `work`, after one call that is not counted."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken) * 1e3


def cold_predict(file: Path) -> None:
    """A whole process, as typed at a prompt."""
    command = [sys.executable, "-m", "archlm", "predict", str(file), "--json"]
    subprocess.run(command, check=True, capture_output=True)


def write_files(folder: Path, count: int, weights: bool) -> list[str]:
    """Distinct random cells as a framework exports them, batch norms kept."""
    folder.mkdir()
    space, rng = spaces.get("nasbench201"), random.Random(1)
    archs: dict[str, None] = {}
    while len(archs) < count:
        archs[space.sample(rng)] = None
    for number, arch in enumerate(archs):
        model = space.build(arch, normalised=False).to_onnx(weights=weights)
        (folder / f"{number:04}.onnx").write_bytes(model.SerializeToString())
    return sorted(str(file) for file in folder.iterdir())


def in_batch(predictor: Predictor, folder: Path, count: int, weights: bool) -> float:
    """Milliseconds per file from files to predictions."""
    files = write_files(folder, count, weights)
    return milliseconds(lambda: predictor.predict(files, ["cifar10"]), 3) / count


def main(repeats: int = 15, files: int = 1000) -> None:
    """Measure and write train/results/p9_speed.csv."""
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    space = spaces.get("nasbench201")
    model = space.build(CELL, normalised=False).to_onnx(weights=True)
    data = model.SerializeToString()
    nodes = len(model.graph.node)
    rng = random.Random(0)
    cells = [space.sample(rng) for _ in range(1000)]

    def encode() -> None:
        graph = read_graph(data, trusted=True)
        features.compute(graph)
        text.encode(graph)

    ours = milliseconds(encode, repeats)
    simplifier = milliseconds(lambda: onnxslim.slim(onnx.ModelProto.FromString(data)), max(3, repeats // 5))
    built = milliseconds(lambda: features.compute_many([space.build(cell) for cell in cells]), 3) / len(cells)
    predictor = Predictor.from_pretrained()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        file.write_bytes(data)
        cold = milliseconds(lambda: cold_predict(file), 5)
        warm = milliseconds(lambda: predictor.predict([file], ["cifar10"]), repeats)
        full = in_batch(predictor, Path(folder) / "full", files, weights=True)
        light = in_batch(predictor, Path(folder) / "light", files, weights=False)
    write_results("p9_speed", [
        {"what": f"file of {nodes} nodes -> graph, features and text, warm", "milliseconds": ours, "times_faster": 1},
        {"what": "the same file through onnxslim alone", "milliseconds": simplifier, "times_faster": simplifier / ours},
        {"what": "NAS-Bench-201 string -> features, per cell", "milliseconds": built, "times_faster": None},
        {"what": "archlm predict on the same file, cold process", "milliseconds": cold, "times_faster": None},
        {"what": "Predictor.predict on the same file, warm", "milliseconds": warm, "times_faster": None},
        {"what": f"{files} NAS-Bench-201 files -> predictions, per file", "milliseconds": full,
         "times_faster": simplifier / full},
        {"what": f"{files} such files without weights -> predictions, per file", "milliseconds": light,
         "times_faster": simplifier / light},
    ])  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
