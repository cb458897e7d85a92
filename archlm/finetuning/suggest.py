"""`suggest`: which networks to measure next, so that few labels say the most about all the others.

A Gaussian process says beforehand how much a label would leave unknown. Taking the most uncertain network again and
again picks outliers, which say little about the rest; here the next one is that whose label lowers the variance summed
over all candidates most (Cohn, Ghahramani, Jordan: Active Learning with Statistical Models, JAIR 1996).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.spatial.distance import cdist

from archlm.finetuning import network_text
from archlm.finetuning.table_rows import read_rows
from archlm.known import embed
from encoders import features
from onnx_bench import spaces
from onnx_bench.arrays import Floats
from onnx_bench.errors import InvalidTableError, UnsupportedGraphError, UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.normalise import NO_PATH
from onnx_bench.reading.text import quote

if TYPE_CHECKING:
    import pandas as pd

    from archlm.finetuning.finetuned import FinetunedTask
    from archlm.predictor import Predictor


LIMIT = 2000
"""Candidates that the variance is summed over, and measured networks that count; of more, every so manieth."""
NOISE = 1e-2
"""Variance of the error of a measurement, where that of the measured values is 1."""
_SAME = 1e-6
"""Lengths of the kernel below which two networks are the same."""
_CHUNK = 64
_TRIES = 20
"""Draws for each network wanted; a space that has not given enough by then is taken to have no more."""


class Choice(NamedTuple):
    """Chosen candidates, in the order to measure.

    Attributes:
        places: [num] their positions.
        novelty: [num] the share of its variance that all measured and earlier ones left each: 0 known, 1 like none.
    """

    places: NDArray[np.int64]
    novelty: Floats


def choose(points: Floats, measured: Floats, num: int, *, informative: Floats | None = None) -> NDArray[np.int64]:
    """Positions [num] of the candidates to measure next, in that order; see `choose_with_novelty`."""
    return choose_with_novelty(points, measured, num, informative=informative).places


def choose_with_novelty(points: Floats, measured: Floats, num: int, *, informative: Floats | None = None) -> Choice:
    """Choose greedily what lowers the summed variance of a Gaussian process most. None equals a measured or chosen one.

    Args:
        points: [C, D] standardised embeddings of the candidates.
        measured: [M, D] those of networks that are measured already; M may be 0.
        num: How many to choose.
        informative: [C] non-negative, how much it matters to know a candidate; all the same if left out.

    Raises:
        UserInputError: `num` is below 1, or above the number of distinct candidates.
    """
    _check_number(num)
    process = _Process(points, measured, num)
    weights = np.ones(len(points)) if informative is None else informative
    free = process.apart(measured)
    places: list[int] = []
    novelty = []
    for step in range(num):
        if not free.any():
            raise UserInputError(_too_few(num, step))
        best = int(np.argmax(np.where(free, process.gain(weights), -1.0)))
        places.append(best)
        novelty.append(float(process.variance[best]))
        process.measure(best)
        free &= process.apart(points[best : best + 1])
    return Choice(np.array(places, dtype=np.int64), np.array(novelty))


class _Process:
    """A Gaussian process over C candidates, given what is measured: an incremental Cholesky factorisation.

    Attributes:
        variance: [C].
    """

    def __init__(self, points: Floats, measured: Floats, num: int) -> None:
        self._points = points
        self._judged = _evenly(len(points))
        self._length = _typical_distance(points[self._judged])
        known = measured[_evenly(len(measured))]
        root = cholesky(self._kernel(known, known) + NOISE * np.eye(len(known)), lower=True) if len(known) else known
        # [C, M + num]: covariances without what the first columns explain are kernel - factor @ factor.T.
        self._factor = np.zeros((len(points), len(known) + num))
        self._measured = len(known)
        if len(known):
            self._factor[:, : len(known)] = solve_triangular(root, self._kernel(known, points), lower=True).T
        self._shared = self._kernel(points, points[self._judged]) - self._factor @ self._factor[self._judged].T
        self.variance: Floats = np.maximum(1.0 - np.square(self._factor).sum(axis=1), 0.0)

    def gain(self, weights: Floats) -> Floats:
        """By how much the weighted sum of variances falls if a candidate is measured. Shapes: [C] -> [C]."""
        return np.square(self._shared) @ weights[self._judged] / (self.variance + NOISE)

    def measure(self, place: int) -> None:
        """From here on the candidate at `place` is measured."""
        column = self._kernel(self._points, self._points[place : place + 1])[:, 0]
        column = (column - self._factor @ self._factor[place]) / np.sqrt(self.variance[place] + NOISE)
        self._factor[:, self._measured] = column
        self._measured += 1
        self._shared -= np.outer(column, column[self._judged])
        self.variance = np.maximum(self.variance - np.square(column), 0.0)

    def apart(self, others: Floats) -> NDArray[np.bool_]:
        """Which candidates equal none of `others`. Shapes: [O, D] -> [C]."""
        if not len(others):
            return np.ones(len(self._points), dtype=bool)
        return cdist(self._points, others).min(axis=1) > _SAME * self._length

    def _kernel(self, a: Floats, b: Floats) -> Floats:
        return np.exp(-0.5 * cdist(a, b, "sqeuclidean") / self._length**2)


def _evenly(count: int) -> NDArray[np.int64]:
    """Up to `LIMIT` of `count` positions."""
    return np.linspace(0, count - 1, min(count, LIMIT)).round().astype(np.int64)


def _typical_distance(points: Floats) -> float:
    """Median distance between different points; 1 where all are the same."""
    distances = cdist(points, points)
    apart = distances[distances > 0]
    return float(np.median(apart)) if len(apart) else 1.0


def suggest(
    predictor: Predictor, graphs: Sequence[ArchGraph], measured: Sequence[ArchGraph] = (), num: int = 10,
    task: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Which of `graphs` to measure next: what their labels say about the rest counts, not what they score.

    Args:
        predictor: Its index of known architectures says how alike networks are.
        graphs: The candidates, by name.
        measured: Networks that are measured already, or about to be.
        num: How many to suggest.
        task: A fine-tuned one: what it was fitted to is measured too, and a network counts by the variance of the
            answer on it.

    Returns:
        `num` rows, first to measure first: `arch`, the name; `order`, from 1; `novelty`, see `Choice`.

    Raises:
        UserInputError: `num` is below 1, or above the number of distinct candidates that are not measured; or the
            predictor was not fine-tuned to `task`.
    """
    import pandas as pd

    _check_number(num)
    part = None if task is None else fitted_part(predictor, task)
    measured = [*measured, *([] if part is None else map(network_text.read, part.texts))]
    taken = {graph.fingerprint() for graph in measured}
    distinct = {graph.fingerprint(): graph for graph in reversed(graphs)}
    candidates = [graph for graph in graphs if distinct[graph.fingerprint()] is graph]
    candidates = [graph for graph in candidates if graph.fingerprint() not in taken]
    if num > len(candidates):
        raise UserInputError(_too_few(num, len(candidates)))
    chosen = choose_with_novelty(
        _standardised(predictor, candidates), _standardised(predictor, measured), num,
        informative=None if part is None else _variances(predictor, part, candidates),
    )  # fmt: skip
    names = [candidates[place].name for place in chosen.places]
    return pd.DataFrame({"arch": names, "order": range(1, num + 1), "novelty": chosen.novelty})


def _standardised(predictor: Predictor, graphs: Sequence[ArchGraph]) -> Floats:
    """Where networks lie among the known ones; without the text encoder, which adds nothing. Shapes: B -> [B, D]."""
    known, neural = predictor.weights.known, predictor.weights.neural
    parts = [np.zeros((0, len(known.centre)))]
    for start in range(0, len(graphs), _CHUNK):
        chunk = [graph.normalise() for graph in graphs[start : start + _CHUNK]]
        table = features.compute_many(chunk)
        _, vectors = neural.graph.ask(chunk, table, neural.descriptors)
        parts.append((embed(table, vectors) - known.centre) / known.scale)
    return np.concatenate(parts)


def fitted_part(predictor: Predictor, task: str) -> FinetunedTask:
    """What answers a fine-tuned task. Raises UserInputError where the predictor was not fitted to it."""
    if task not in predictor.finetuned:
        known = ", ".join(predictor.finetuned) or "none"
        raise UserInputError(f"the predictor was not fine-tuned to {quote(task)}; its own tasks: {known}")
    return predictor.finetuned[task]


def _variances(predictor: Predictor, part: FinetunedTask, graphs: Sequence[ArchGraph]) -> Floats:
    """Of the answers, where those on usual networks have 1. Shapes: B -> [B]."""
    chunks = (graphs[start : start + _CHUNK] for start in range(0, len(graphs), _CHUNK))
    return np.concatenate([np.square(part.doubt(predictor.sample(chunk, part.task))) for chunk in chunks])


def _check_number(num: int) -> None:
    if num < 1:
        raise UserInputError(f"cannot suggest {num} networks; ask for at least 1")


def _too_few(num: int, found: int) -> str:
    return (
        f"{num} networks are asked for, but only {found} distinct ones are not measured yet; ask for fewer, or offer "
        "more candidates (archlm suggest --space draws as many as --pool says)"
    )


def draw(space: str, number: int, seed: int = 0) -> list[ArchGraph]:
    """Distinct random networks of a space that read their input, named by their strings; fewer if there are no more.

    Raises:
        UnknownNameError: There is no such space.
        MissingExtraError: It needs a package that is not installed.
    """
    source, rng = spaces.get(space), random.Random(seed)
    seen: set[str] = set()
    found: dict[str, ArchGraph] = {}
    for _ in range(_TRIES * number):
        if len(found) == number:
            break
        arch = source.sample(rng)
        if arch in seen:
            continue
        seen.add(arch)
        try:
            graph = source.build(arch).renamed(arch)
        except UnsupportedGraphError:  # a model that its package cannot export is no candidate
            continue
        if NO_PATH not in graph.warnings:  # nothing would be measured but a head
            found.setdefault(graph.fingerprint(), graph)
    return list(found.values())


def read_measured(path: Path) -> list[tuple[str, str | None]]:
    """The first column of a CSV or parquet file, the names of networks, each with what the column `space` says of it.

    Raises:
        InvalidTableError: There is no such file, it cannot be read, or a row names no network.
    """
    named = []
    for number, (name, *space) in read_rows(path, None):
        if not isinstance(name, str) or not name.strip():
            raise InvalidTableError(f"row {number} of {path} names no network in its first column")
        named.append((name.strip(), str(space[0] or "").strip() or None if space else None))
    return named
