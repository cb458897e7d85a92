"""P9 for the generator: seconds for a thousand guided cells, and for a first answer from a cold command line.

    python -m train.protocols.p9_generation

On the processors that the machine has; nothing else should run beside it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import typer

from archlm.generation.generator import Generator
from generators.condition import Condition
from generators.draw import Settings
from train.common import write_results

COUNT = 1000
NETWORKS = 16


PASSES = {
    "": Settings(distinct=False),
    ", a weaker guidance": Settings(distinct=False, guidance_scale=4.0, rounds=1),
}
"""The usual strength ends in few cells, each of which is scored and predicted once; a weaker one leaves many."""


def guided(generator: Generator, kind: str, settings: Settings) -> dict[str, Any]:
    """A thousand guided cells of NAS-Bench-201 as they are drawn, with everything that is said of each."""
    start = time.perf_counter()
    found = generator.generate(Condition(space="nasbench201"), COUNT, settings=settings)
    seconds = time.perf_counter() - start
    prints = len({one.graph.fingerprint() for one in found})
    what = f"{COUNT} guided NAS-Bench-201 cells, as drawn, predicted{kind}"
    return {"what": what, "seconds": seconds, "seconds each": seconds / COUNT, "distinct": prints}


def cold() -> dict[str, Any]:
    """A batch with ONNX, source and report from a new process."""
    with TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "archlm", "generate", "--task", "cifar10", "--max-params", "1M", "--n", str(NETWORKS),
            "--out", str(Path(folder) / "made"),
        ]  # fmt: skip
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - start
    what = f"archlm generate, {NETWORKS} networks with ONNX, source and report, cold process"
    return {"what": what, "seconds": seconds, "seconds each": seconds / NETWORKS, "distinct": NETWORKS}


def main() -> None:
    """Run the protocol and write train/results/p9_generation.csv."""
    cold()  # the files are then in the cache of the system, as on a machine that is in use
    rows = [cold()]
    generator = Generator.from_pretrained()
    generator.generate(Condition(space="nasbench201"), 2)
    rows += [guided(generator, kind, settings) for kind, settings in PASSES.items()]
    for row in rows:
        row["threads"] = torch.get_num_threads()
    write_results("p9_generation", rows)


if __name__ == "__main__":
    typer.run(main)
