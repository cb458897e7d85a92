"""Train the networks that the shipped weights and the protocols need, several at a time.

    python -m train.networks pack runs/packed                     # where the benchmark records are
    python -m train.networks train runs/packed members --jobs 8   # there, or on another machine, best with a GPU

Groups are `members` (the graph networks and the text encoder that ship, pretraining included), `transfer` (P1, P2),
`real` (P6) and `tasks` (P4). Results are kept under runs/, where recipe and protocols look for them; what is there is
not trained again, and what was interrupted goes on.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import torch
import typer

from train.neural import KNOWN, SEEDS, TEXT, rows_of, trained_graph_model, trained_text_model
from train.packed import pack, unpack
from train.pretrain_text import main as pretrain_text
from train.records import LABELS, LEFT_OUT, TRANSNAS, Labelled, load
from train.text_vectors import PRETRAINED, pretrained
from train.transfer import (
    FAMILY_FOLDS,
    TRANSNAS_SPACES,
    model_without_families,
    model_without_spaces,
    model_without_task,
)

Job = Callable[[], object]
app = typer.Typer(no_args_is_help=True)


@app.command("pack")
def write_packed(folder: Path, data: str | None = None) -> None:
    """Write all labelled spaces as small files."""
    for name in LABELS:
        print(pack(load(name, data=data), folder))


@app.command()
def train(folder: Path, groups: list[str], jobs: int = 2, seeds: int = 2) -> None:
    """Train the networks of some groups from packed spaces, `jobs` at a time, protocols with `seeds` seeds."""
    failed = 0
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:  # CUDA does not survive a fork
        names = [(group, name) for group in groups for name in _jobs(folder, group, seeds)]
        running = {pool.submit(_run, folder, group, name, seeds): name for group, name in names}
        for done in as_completed(running):
            if error := done.exception():
                failed += 1
                traceback.print_exception(error)
            print(f"{running[done]}: {'failed' if error else 'done'}", flush=True)
    raise typer.Exit(1 if failed else 0)


@cache
def _jobs(folder: Path, group: str, seeds: int) -> dict[str, Job]:
    return _GROUPS[group](_spaces(folder), seeds)


@cache
def _spaces(folder: Path) -> dict[str, Labelled]:
    return {name: unpack(folder, name) for name in LABELS}


def _run(folder: Path, group: str, name: str, seeds: int) -> None:
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("high")
    log = os.open(os.devnull, os.O_WRONLY)
    os.dup2(log, 1)  # the bars and numbers of a dozen trainings on one screen help nobody
    os.dup2(log, 2)
    _jobs(folder, group, seeds)[name]()


def _members(spaces: Mapping[str, Labelled], _: int) -> dict[str, Job]:
    known = list(spaces.values())
    rows = rows_of(known, hold_out=True)

    def text() -> None:
        if not (PRETRAINED / "text_encoder.json").is_file():
            pretrain_text()
        trained_text_model(pretrained(), known, TEXT, "known", rows)

    def graph(seed: int) -> Job:
        return lambda: trained_graph_model(known, replace(KNOWN, seed=seed), "known", rows)

    return {"text encoder": text} | {f"graph network {seed}": graph(seed) for seed in range(SEEDS)}


def _transfer(spaces: Mapping[str, Labelled], seeds: int) -> dict[str, Job]:
    alone = {"nasbench101": spaces["nasbench101"]}

    def without(known: Mapping[str, Labelled], members: tuple[str, ...], seed: int) -> Job:
        return lambda: model_without_spaces(known, members, seed)

    return {
        f"without {left_out}, seed {seed}": without(spaces, members, seed)
        for seed in range(seeds) for left_out, members in LEFT_OUT.items()
    } | {f"only nasbench101, seed {seed}": without(alone, (), seed) for seed in range(seeds)}  # fmt: skip


def _real(spaces: Mapping[str, Labelled], _: int) -> dict[str, Job]:
    others = [space for name, space in spaces.items() if name != "timm"]

    def without(fold: int) -> Job:
        return lambda: model_without_families(others, spaces["timm"], fold, 0)

    return {f"real networks, fold {fold}": without(fold) for fold in range(FAMILY_FOLDS)}


def _tasks(spaces: Mapping[str, Labelled], seeds: int) -> dict[str, Job]:
    known = [spaces[name] for name in TRANSNAS_SPACES]

    def without(task: str, seed: int) -> Job:
        return lambda: model_without_task(known, task, seed)

    return {
        f"without {task}, seed {seed}": without(f"transnas/{task}", seed) for seed in range(seeds) for task in TRANSNAS
    }


_GROUPS: dict[str, Callable[[Mapping[str, Labelled], int], dict[str, Job]]] = {
    "members": _members, "transfer": _transfer, "real": _real, "tasks": _tasks,
}  # fmt: skip

if __name__ == "__main__":
    app()
