"""P8: do generated networks keep to budgets, and how good are they beside a search?

    python -m train.protocols.p8_budgets [--space mnasnet]

For each of four spaces fifty random feasible budgets: the costs of a random architecture, each as a limit or not, with
up to a fifth of room. `COUNT` networks are generated for each, written as ONNX and read again; parameters,
multiply-accumulates, depth and latency (by the shipped devices) are counted on what was read. Their mean and best
predicted quality stand beside the best, and the best `COUNT` different ones, of the space: of all architectures within
the budgets where the space can be listed, which no search can exceed; for MnasNet of what regularised evolution finds
with 10,000 calls of the predictor, for the first budgets alone, since that takes minutes each.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import typer
from rich.progress import track

from archlm.generation.evolve import EXCEEDING, fitness
from archlm.generation.generator import Generator
from archlm.generation.oracle import Oracle
from archlm.predictor import Predictor
from generators.condition import Condition, InvalidConditionError
from generators.costs import costs
from generators.draw import Settings
from generators.evolution import evolve
from onnx_bench import spaces
from onnx_bench.reader import read_graph
from onnx_bench.tasks.latency import PREFIX as LATENCY
from train.common import write_results

TASKS = {
    "nasbench201": "cifar10", "transnas_micro": "transnas/class_scene", "pit": "cifar100",
    "mnasnet": "imagenet-1k-proxy",
}  # fmt: skip
DEVICES = ("raspi4", "pixel3", "gold_6226", "fpga")
COUNT = 4
CALLS = 10_000
_ROOM = 0.2


def random_budget(oracle: Oracle, task: str, rng: np.random.Generator) -> Condition:
    """The costs of a random architecture with some room, each of them a limit or not."""
    space = spaces.get(oracle.space)
    found = oracle.costs(space.sample(random.Random(int(rng.integers(1 << 31)))))
    names = [*(name for name in found if not name.startswith(LATENCY)), LATENCY + str(rng.choice(DEVICES))]
    chosen = [name for name in names if rng.random() < 0.5] or [names[int(rng.integers(len(names)))]]
    condition = Condition(task=task, space=oracle.space)
    for name in chosen:
        condition = condition.with_budget(name, found[name] * (1 + _ROOM * rng.random()))
    return condition


def written_costs(predictor: Predictor, onnx: bytes, budgets: Mapping[str, float]) -> dict[str, float]:
    """What budgets limit, counted on a file."""
    graph = read_graph(onnx)
    found: dict[str, float] = dict(costs(graph))
    for name in budgets:
        if name.startswith(LATENCY):
            device = name.removeprefix(LATENCY)
            found[name] = float(predictor.weights.devices.predict(device, [graph]).mean[0])
    return found


def best_of_space(oracle: Oracle, archs: list[str], condition: Condition) -> list[float]:
    """The best predictions of all architectures that meet the budgets."""
    return best_distinct(oracle, archs, fitness(oracle, condition, archs))


def best_evolved(oracle: Oracle, condition: Condition, seed: int) -> list[float]:
    """The best predictions that evolution finds within the budgets."""
    tried = list(evolve(oracle.space, lambda archs: fitness(oracle, condition, archs), CALLS, seed))
    return best_distinct(oracle, [one.arch for one in tried], [one.fitness for one in tried])


def best_distinct(oracle: Oracle, archs: Sequence[str], values: Sequence[float]) -> list[float]:
    """The values of the best `COUNT` different networks, the best first; fewer where fewer meet the budgets."""
    best: dict[str, float] = {}
    for place in sorted(range(len(archs)), key=lambda place: -values[place]):
        if len(best) == COUNT or values[place] <= EXCEEDING:
            break
        best.setdefault(oracle.identity(archs[place]), values[place])
    return list(best.values())


def main(
    space: list[str] | None = None, budgets: int = 50, evolved: int = 5, seed: int = 0, threads: int = 1
) -> None:  # fmt: skip
    """Run the protocol and write train/results/p8_budgets.csv, each space as soon as it is done.

    `--space` chooses some; what was written about others stays.
    """
    torch.set_num_threads(threads)
    generator = Generator.from_pretrained()
    for name in space or TASKS:
        write_results("p8_budgets", _rows(generator, name, TASKS[name], budgets, evolved, seed), parts=("space",))


def _rows(
    generator: Generator, space: str, task: str, budgets: int, evolved: int, seed: int
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """A row for each budget of a space."""
    oracle = Oracle(generator.predictor, space, task, tuple(map(LATENCY.__add__, DEVICES)))
    size = spaces.get(space).size()
    listed = list(spaces.get(space).architectures()) if size is not None and size <= 20_000 else None
    rng = np.random.default_rng(seed)
    for number in track(range(budgets), space):
        condition = random_budget(oracle, task, rng)
        start = time.perf_counter()
        try:
            found = generator.generate(condition, COUNT, seed=number, settings=Settings())
        except InvalidConditionError as error:
            print(error, flush=True)
            found = []
        seconds = time.perf_counter() - start
        met = 0
        for one in found:
            counted = written_costs(generator.predictor, one.to_onnx().SerializeToString(), condition.budgets)
            met += all(counted[name] <= most for name, most in condition.budgets.items())
        means = [one.answer["mean"] for one in found] or [np.nan]
        best: list[float] = []
        calls = 0
        if listed is not None:
            best, calls = best_of_space(oracle, listed, condition), len(listed)
        elif number < evolved:
            best, calls = best_evolved(oracle, condition, seed), CALLS
        mean, best = float(np.mean(means)), best[: len(means)] or [np.nan]  # evolution may find nothing within them
        row = {
            "space": space, "budget": str(condition), "n": len(found) or COUNT, "met": met, "mean": mean,
            "best": float(np.max(means)), "reference": best[0], "reference of four": float(np.mean(best)),
            "reference calls": calls, "mean / reference": mean / best[0],
            "mean / reference of four": mean / float(np.mean(best)), "seconds": seconds, "seed": seed,
        }  # fmt: skip
        print(row, flush=True)
        yield row


if __name__ == "__main__":
    typer.run(main)
