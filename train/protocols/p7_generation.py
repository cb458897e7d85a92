"""P7: how good are generated architectures, by look-up of their measured accuracy?

    python -m train.protocols.p7_generation [--space nasbench201] [--seeds 10] [--jobs 8]

Every row has its own predictor, score and generator that have seen the stated number of labels of the space: none
(prior and rank trees of all other spaces), 16 or 100 of random networks (pretrained without the space, fine-tuned as
`archlm finetune` does), or the whole table (`look-up`). The denoiser has learnt the structure of random architectures
alone. The score is taught what the predictor says of random architectures, or the whole table. As in
`archlm.Generator` the predictor itself has the last word on the first few, about `EACH` neighbours of each, and ranks
them; the score is taught as many fewer architectures, so that a row has `CALLS` calls of the predictor in all.

Beside each row stand random architectures ranked by the same predictor with as many calls, and regularised evolution
with as many. `best of first n` is the best measured accuracy of the first n, by rank; `guided mean` is the mean over
1,000 architectures of one pass, copies counted (for random sampling and evolution, over the 1,000 best by the
predictor). How strongly that pass is guided is found by trial passes, in which the score and the number of different
networks are looked at, no predictor and no label (`MANY`).
NAS-Bench-101 has labels for 7 % of its cells: cells are generated until 200 are found among these, and `MORE` are
ranked to find the first few. Random sampling draws from all cells too, so 7 % of its draws are measured; beside it
stands sampling that knows which are and spends every call on one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, cached_property
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import Tensor

from encoders.features import compute_many
from generators.draw import Aim, Settings, draw_architectures
from generators.evolution import evolve
from generators.last_word import Judge
from generators.targets import normal_scores
from generators.taught_score import TaughtScore
from generators.training.samples import SpaceSample
from generators.training.teach import TEACHING, teach
from onnx_bench import spaces
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph
from train.blind_generator import BlindGenerator, blind_generator
from train.common import write_results
from train.few_labels import Start, fit_few, start_without_space
from train.fit import fit_head
from train.records import LABELS, LEFT_OUT, Labelled, load

TASKS = {
    "nasbench201": ("cifar10", "cifar100"), "nasbench101": ("cifar10",), "transnas_micro": ("transnas/class_scene",),
}  # fmt: skip
SHARES = {"nasbench101": 30_001 / 423_624}
"""Of the cells that were measured, where not all were."""
LOOK_UP = "look-up"
LABEL_COUNTS = ("0", "16", "100", LOOK_UP)
CALLS = 2000
GUIDED = 1000
SOME, MORE = 16, 48
"""Architectures that are ranked to find the first few; more where only some of them were measured."""
EACH = 8
FIRST = Settings(steps=20, guidance_scale=15.0, rounds=8, distinct=True)
"""For the first few: as good as can be told, all different."""
MANY = [Settings(steps=20, guidance_scale=0.0, rounds=rounds, distinct=False, calls=0) for rounds in (2, 1)]
SCALES, HALVINGS, VARIED = (2.0, 12.0), 5, 100
"""For a thousand each of `MANY` is as strong, within `SCALES`, as leaves `VARIED` different ones (`HALVINGS` of the
range find it to within 6 %, if variety falls with strength; where nothing leaves them, it is the weakest), and of those
that leave them the one is taken of which the score expects more.
That many different ones of a thousand are asked for, and what guidance costs is variety: chosen after three seeds of
TransNAS micro beside the table's had shown how much, and found by halving instead of among ten scales after the table's
ten seeds with 16 labels had left the median .013 below its bar with 101 to 128 different ones. Only TransNAS micro's
rows of 16 and 100 labels are of this rule. The table's other commits are of earlier ones: of four scales, the strongest
that left two thirds of the variety of 200 networks without guidance, or 60 of 200 (4ea45bf1bbb0, e63500ccf75a), set
with NAS-Bench-101, seeds 3 and 4 with 16 labels, 0 and 1 with 100, and one seed of NAS-Bench-201 in view; 224e9dc6b615
of the strongest gradient that left as many, without exact guidance (`rounds`). To teach the score the worse end of the
predictor's interval was no better in NAS-Bench-101."""
UNGUIDED = Settings(steps=20, guidance_scale=0.0, rounds=0, distinct=False)
LOOK_UP_TEACHING = replace(TEACHING, steps=4000, batch=256, learning_rate=2e-3)
_WANTED, _MOST = 200, 6000


class Part(NamedTuple):
    """A part of the result table."""

    space: str
    task: str
    labels: str

    def shares(self, seeds: int) -> list[range]:
        """Seeds that one process runs: each alone, but for the look-up, whose score is taught once."""
        return [range(seeds)] if self.labels == LOOK_UP else [range(seed, seed + 1) for seed in range(seeds)]


@dataclass(frozen=True)
class Table:
    """What is measured of a space.

    Attributes:
        space: Labelled networks.
        values: Of each. Shapes: [B].
        share: Of the architectures of the space that it holds, a uniform sample of all.
    """

    space: Labelled
    values: Floats
    share: float = 1.0

    @property
    def complete(self) -> bool:
        """Whether it holds every architecture."""
        return self.share == 1.0

    @cached_property
    def names(self) -> dict[str, int]:
        """Rows by architecture."""
        return {arch: row for row, arch in enumerate(self.space.archs.tolist())}

    def row(self, arch: str) -> int | None:
        """The row of an architecture or of one that is the same network."""
        return self.names.get(arch, self.prints.get(self.fingerprint(arch)))

    @cached_property
    def prints(self) -> dict[str, int]:
        """Rows by fingerprint."""
        return {found: row for row, found in enumerate(self.space.fingerprints.tolist())}

    @cached_property
    def fingerprint(self) -> Callable[[str], str]:
        """The fingerprint of an architecture."""
        space = spaces.get(self.space.space)

        @cache
        def of(arch: str) -> str:
            row = self.names.get(arch)
            return space.build(arch).fingerprint() if row is None else str(self.space.fingerprints[row])

        return of

    def measured(self, archs: Sequence[str]) -> Floats:
        """Measured values of architectures, NaN where there is none. Shapes: [B]."""
        return np.array([np.nan if row is None else self.values[row] for row in map(self.row, archs)])

    def distinct(self, archs: Sequence[str]) -> int:
        """Number of fingerprints."""
        return len({self.fingerprint(arch) for arch in archs})


class RowPredictor(NamedTuple):
    """The predictor of a row.

    Attributes:
        table: What it says of every network of the table. Shapes: [B].
        others: What it says of other networks, normalised.
    """

    table: Floats
    others: Callable[[Sequence[ArchGraph]], Floats]

    @classmethod
    def fit(cls, spaces_: dict[str, Labelled], start: Start, task: str, labels: int, seed: int) -> RowPredictor:
        """From so many labels."""
        space = start.space
        if labels == 0:
            (absent,) = (members for members in LEFT_OUT.values() if space.space in members)
            head = fit_head([s for name, s in spaces_.items() if name not in absent], 1.0, seed)
            return cls(head.score(space.features), lambda graphs: head.score(compute_many(graphs)))
        fitted = fit_few(start, task, labels, seed, networks=False)
        table = fitted.part.answer(fitted.whole).mean[space.known.place]
        return cls(table, lambda graphs: fitted.part.answer(start.of(graphs, task)).mean)

    def judge(self, table: Table) -> Judge:
        """What it says of architectures, each asked once."""
        building, known = spaces.get(table.space.space), dict[str, float]()

        def judge(archs: Sequence[str]) -> list[float]:
            new = [arch for arch in dict.fromkeys(archs) if arch not in known]
            rows = {arch: row for arch in new if (row := table.row(arch)) is not None}
            absent = [arch for arch in new if arch not in rows]
            known.update({arch: float(self.table[row]) for arch, row in rows.items()})
            if absent:
                found = self.others([building.build(arch) for arch in absent])
                known.update(zip(absent, found.tolist(), strict=True))
            return [known[arch] for arch in archs]

        return judge


def taught(blind: BlindGenerator, archs: list[str], values: Floats, look_up: bool, seed: int) -> TaughtScore:
    """The score that a row is guided by."""
    (space,) = blind.pipeline.denoiser.spaces
    scores = torch.from_numpy(normal_scores(values)).float()[:, None]
    config = replace(LOOK_UP_TEACHING if look_up else TEACHING, seed=seed)
    sample = SpaceSample(blind.codes(archs), scores)
    return teach(blind.pipeline.score, space, blind.pipeline.denoiser.frame(space), sample, "quality", config)


def generated(
    blind: BlindGenerator, score: TaughtScore | None, table: Table, num: int, settings: Settings, seed: int,
    judge: Judge | None = None,
) -> list[str]:  # fmt: skip
    """Architectures of a pass, best first by the judge, or else by the score."""
    (space,) = blind.pipeline.denoiser.spaces
    asked = score or blind.pipeline.score
    weights = torch.zeros(len(asked.targets))
    weights[-1] = float(score is not None)
    aim = Aim(asked, weights, {}, lambda _: {}, table.fingerprint, judge=judge)
    drawn = [one.arch for one in draw_architectures(blind.pipeline, space, num, aim, None, settings, seed)]
    if score is None:
        return drawn
    value = expected(blind, score, drawn) if judge is None else torch.tensor(judge(drawn))
    return [drawn[i] for i in value.argsort(descending=True, stable=True).tolist()]


def expected(blind: BlindGenerator, score: TaughtScore, archs: list[str]) -> Tensor:
    """What the score expects of architectures. Shapes: [B]."""
    (space,) = blind.pipeline.denoiser.spaces
    with torch.no_grad():
        return score(blind.codes(archs).float(), torch.ones(len(archs)), space)[:, -1]


def first_and_mean(table: Table, first: list[str], many: list[str]) -> dict[str, Any]:
    """The columns of a row."""
    values = table.measured(first)
    values = values[np.isfinite(values)]
    mean = table.measured(many)
    return {
        **{f"best of first {n}": float(values[:n].max()) if len(values) >= n else np.nan for n in (1, 2, 5, 10)},
        "guided mean": float(np.nanmean(mean)), "found": int(np.isfinite(mean).sum()), "generated": len(many),
        "distinct": table.distinct(many),
    }  # fmt: skip


def many_generated(
    blind: BlindGenerator, score: TaughtScore, table: Table, seed: int
) -> tuple[Settings, list[str]]:
    """A thousand architectures; where the table is not complete, until enough of them are in it."""
    found = [_strongest(blind, score, table, settings, seed) for settings in MANY]
    settings, many = max(
        found, key=lambda one: (table.distinct(one[1]) >= VARIED, float(expected(blind, score, one[1]).mean()))
    )
    if table.complete:
        return settings, many
    many = []
    while len(many) < _MOST:
        many += generated(blind, score, table, GUIDED, settings, seed * 100 + len(many))
        if np.isfinite(table.measured(many)).sum() >= _WANTED:
            break
    return settings, many


def _strongest(
    blind: BlindGenerator, score: TaughtScore, table: Table, settings: Settings, seed: int
) -> tuple[Settings, list[str]]:  # fmt: skip
    """The strongest guidance that leaves `VARIED` different ones of a thousand, and these."""
    weak, strong = SCALES
    best = settings._replace(guidance_scale=weak)
    many = generated(blind, score, table, GUIDED, best, seed)
    for _ in range(HALVINGS):
        tried = settings._replace(guidance_scale=round((weak * strong) ** 0.5, 2))
        found = generated(blind, score, table, GUIDED, tried, seed)
        if table.distinct(found) >= VARIED:
            best, many, weak = tried, found, tried.guidance_scale
        else:
            strong = tried.guidance_scale
    return best, many


def baseline_rows(
    table: Table, predicted: Floats, calls: int, seed: int
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Random sampling and evolution with the same predictor and as many calls."""
    drawn = np.random.default_rng((seed, calls)).permutation(len(predicted))[:calls]
    found = {"random + predictor": _ranked(table, predicted, drawn, table.share)}
    if not table.complete:
        return found | {"random of the measured + predictor": _ranked(table, predicted, drawn, 1.0)}
    of_name = dict(zip(table.space.archs.tolist(), predicted.tolist(), strict=True))
    fitness: Callable[[Sequence[str]], list[float]] = lambda archs: [of_name[arch] for arch in archs]  # noqa: E731
    tried = sorted(evolve(table.space.space, fitness, calls, seed), key=lambda one: -one.fitness)
    names = [one.arch for one in tried]
    return found | {"evolution + predictor": first_and_mean(table, names[:50], names[:GUIDED])}


def _ranked(table: Table, predicted: Floats, drawn: NDArray[np.int64], share: float) -> dict[str, Any]:
    """The columns of random sampling: of `drawn`, all measured, the part that `share` leaves, best first."""
    rows = drawn[: round(len(drawn) * share)]
    names = table.space.archs[rows[np.argsort(-predicted[rows], kind="stable")]].tolist()
    return first_and_mean(table, names[:50], names[: round(GUIDED * share)])


def main(
    space: list[str] | None = None, task: list[str] | None = None, labels: list[str] | None = None, seeds: int = 10,
    data: str | None = None, jobs: int = 1,
) -> None:  # fmt: skip
    """Run the protocol, or the parts that are named, and write train/results/p7_generation.csv.

    Args:
        space: These spaces alone.
        task: These tasks alone.
        labels: These rows alone: 0, 16, 100, look-up.
        seeds: Number of seeds.
        data: Folder of the records.
        jobs: Seeds that run at the same time, each on one core.
    """
    parts = [
        Part(name, one, count) for name in space or TASKS for one in task or TASKS[name]
        for count in labels or LABEL_COUNTS
    ]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = [[pool.submit(_rows, part, some, data) for some in part.shares(seeds)] for part in parts]
        for shares in running:
            write_results("p7_generation", [row for one in shares for row in one.result()], parts=Part._fields)


def _rows(part: Part, seeds: Sequence[int], data: str | None) -> list[dict[str, Any]]:
    """Some seeds of a part; they are printed as they come."""
    torch.set_num_threads(1)
    labelled, blind, start = _prepared(part.space, data)
    table = Table(labelled[part.space], labelled[part.space].targets[part.task], SHARES.get(part.space, 1.0))
    rows = _unguided(blind, table, part.task) if part.labels == LABEL_COUNTS[0] and 0 in seeds else []
    for row in _guided(labelled, blind, start, table, part, seeds):
        rows.append(row)
        print(row, flush=True)
    return rows


@cache
def _prepared(space: str, data: str | None) -> tuple[dict[str, Labelled], BlindGenerator, Start]:
    """What all rows of a space start from."""
    labelled = {name: load(name, data=data) for name in LABELS}
    return labelled, blind_generator(space), start_without_space(labelled, space, 0)


def _guided(
    labelled: dict[str, Labelled], blind: BlindGenerator, start: Start, table: Table, part: Part, seeds: Sequence[int]
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The rows of a number of labels."""
    score, look_up = None, part.labels == LOOK_UP
    ranked = SOME if table.complete else MORE
    for seed in seeds:
        predictor = (
            RowPredictor(table.values, _unmeasured) if look_up
            else RowPredictor.fit(labelled, start, part.task, int(part.labels), seed)
        )  # fmt: skip
        predicted = predictor.table
        rng = np.random.default_rng((seed, 7))
        judge = predictor.judge(table) if table.complete or not look_up else None
        taught_calls = CALLS - ranked * (EACH + 1)
        chosen = rng.permutation(np.flatnonzero(np.isfinite(predicted)))[: None if look_up else taught_calls]
        if score is None or not look_up:  # the table is the same for all seeds
            score = taught(blind, table.space.archs[chosen].tolist(), predicted[chosen], look_up, seed)
        first = generated(blind, score, table, ranked, FIRST._replace(calls=ranked * EACH), seed, judge)
        settings, many = many_generated(blind, score, table, seed)
        found = first_and_mean(table, first, many)
        found |= {"guidance": settings.guidance_scale, "rounds": settings.rounds}
        others = {} if look_up else baseline_rows(table, predicted, CALLS, seed)
        base = part._asdict() | {"seed": seed, "calls": len(chosen) if look_up else CALLS}
        for method, columns in {"generated": found, **others}.items():
            yield base | {"method": method} | columns


def _unmeasured(graphs: Sequence[ArchGraph]) -> Floats:
    raise AssertionError("the table is complete")


def _unguided(blind: BlindGenerator, table: Table, task: str) -> list[dict[str, Any]]:
    """A thousand architectures without guidance, and as many uniform ones: how valid, different and new they are."""
    name, trained = table.space.space, set(blind.archs)
    rng = np.random.default_rng(0)
    uniform = table.space.archs[rng.integers(len(table.space.archs), size=GUIDED)].tolist()
    rows = []
    for method, archs in (("unguided", generated(blind, None, table, GUIDED, UNGUIDED, 0)), ("uniform", uniform)):
        rows.append({
            "space": name, "task": task, "labels": LABEL_COUNTS[0], "seed": 0, "calls": 0, "method": method,
            "guided mean": float(np.nanmean(table.measured(archs))), "generated": len(archs),
            "unique": len(set(archs)), "new": len(set(archs) - trained),
            "p85": float(np.nanquantile(table.values, 0.85)), "p95": float(np.nanquantile(table.values, 0.95)),
            "optimum": float(np.nanmax(table.values)),
        })  # fmt: skip
        print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    typer.run(main)
