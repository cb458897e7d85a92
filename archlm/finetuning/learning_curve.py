"""`LearningCurve`: how far off answers would be if fewer networks had been measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archlm.finetuning.sample import Sample
from archlm.finetuning.selection import (
    Candidates,
    Choice,
    Round,
    cross_validate,
    divided,
    means,
    rms,
    weigh_honestly,
)
from archlm.finetuning.target_scale import TargetScale
from onnx_bench.arrays import Floats

HALVINGS = 3
"""Points below all labels: each has half of the labels of the next."""
LEAST = 5
"""Labels below which there is no point: a fold more would be luck."""


@dataclass(frozen=True)
class LearningCurve:
    """The error on labels that were not seen, for growing numbers of labels that were.

    Attributes:
        labels: Numbers of labels fitted to, rising.
        errors: Root mean square errors, in standard deviations of the labels.
    """

    labels: tuple[int, ...]
    errors: tuple[float, ...]

    @classmethod
    def of(
        cls, candidates: Candidates, choice: Choice, sample: Sample, values: Floats, logarithmic: bool, *,
        seed: int = 0, progress: Callable[[str], None] = lambda _: None,
    ) -> LearningCurve:  # fmt: skip
        """Fit the chosen learners to parts of the labels; with all labels the cross-validation of `choice` says it.

        Every point is an error on the same labels, each predicted by learners that have not seen it and weighed by
        other folds. Graph networks, whose training takes minutes, are trained for one fold alone.

        Args:
            candidates: That `choice` was made from.
            choice: Made from all labels.
            sample: N networks.
            values: [N] in the target's unit.
            logarithmic: See `TargetScale`.
            seed: That of `choice`.
            progress: Told what is done next.
        """
        chosen, target = candidates.only(choice.shares), TargetScale.fit(values, logarithmic).to_scores(values)
        whole = divided(len(values), seed)
        usual = min(int(one.seen.sum()) for one in whole)
        points = {usual: choice.scores}
        for part in (usual >> halving for halving in range(1, HALVINGS + 1)):
            if part < LEAST:
                break
            progress(f"learning curve, {part} labels")
            rounds = _parts(whole, part, seed)
            found = cross_validate(chosen, sample, values, logarithmic, rounds, network_folds_most=0)
            points[part] = means(weigh_honestly(found, values, logarithmic, rounds))
        same = np.all([np.isfinite(scores) for scores in points.values()], axis=0)
        labels = tuple(sorted(points))
        return cls(labels, tuple(rms(points[part][same] - target[same]) for part in labels))

    def to_json(self) -> dict[str, Any]:
        return {"labels": self.labels, "errors": self.errors}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> LearningCurve:
        return cls(tuple(map(int, body["labels"])), tuple(map(float, body["errors"])))


def _parts(rounds: Sequence[Round], part: int, seed: int) -> list[Round]:
    """The rounds, each with `part` of its labels drawn."""
    rng = np.random.default_rng([seed, part])
    drawn = []
    for one in rounds:
        seen = np.zeros(len(one.seen), bool)
        seen[rng.choice(np.flatnonzero(one.seen), part, replace=False)] = True
        drawn.append(one._replace(seen=seen))
    return drawn
