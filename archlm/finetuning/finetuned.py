"""`FinetunedTask`: what answers a task that a user has measured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from archlm.checkpoint import parsing
from archlm.conformal import CONFORMAL_LEAST, LEVEL, student_reach
from archlm.finetuning.block_process import BlockProcess, BlockScale
from archlm.finetuning.device_costs import DeviceCosts
from archlm.finetuning.learning_curve import LearningCurve
from archlm.finetuning.sample import SIGNALS, Sample
from archlm.finetuning.selection import (
    ALL,
    CHOSEN,
    DEVICE,
    LINES,
    NETWORKS,
    PROCESSES,
    TREES,
    Candidates,
    Choice,
    Learner,
)
from archlm.finetuning.signal_line import SignalLine
from archlm.finetuning.target_kind import bounds
from archlm.finetuning.target_scale import TargetScale
from archlm.finetuning.trees import Trees
from archlm.finetuning.tuned_networks import TunedNetworks
from archlm.members.gaussian_process import distances
from encoders.features import NAMES
from onnx_bench.arrays import Floats
from onnx_bench.errors import CheckpointError
from onnx_bench.tasks.task import Task

VERSION = 2
"""Of what a checkpoint holds of a task; 1 did not say so."""
NEAREST = 3
_PER_NETWORK = ("values", "scores", "points", "usual")
"""Arrays of a checkpoint with a row for each measured network."""
_FADING = 4
"""Power of the distance with which a network ceases to be familiar, beyond all that were measured."""


class Answers(NamedTuple):
    """In the task's unit. Shapes: [B] each, but `places` and `distances` [B, K] of the nearest measured networks."""

    mean: Floats
    low: Floats
    middle: Floats
    high: Floats
    percentile: Floats
    familiar: Floats
    places: NDArray[np.int64]
    distances: Floats


@dataclass(frozen=True)
class FinetunedTask:
    """Learners of one target, with what an honest answer needs.

    Attributes:
        task: What was measured.
        names: [N] of the measured networks.
        texts: [N] the same networks as text, so that they can be fitted again with more.
        values: [N] measured values.
        scale: Of the values.
        learners: By name.
        choice: Shares of the learners and what cross-validation found.
        band: Residuals at the lower 5 %, the middle and the upper 5 %, as multiples of the deviation of an answer.
        places: Standardises networks, to tell how near they are to the measured ones.
        points: [N, D] the measured networks, standardised.
        usual: [N] sorted distances of each measured network from the nearest others.
        baselines: [N] trivial scores of the measured networks, by name.
        curve: The error with fewer labels; `None` where nobody asked.
        notes: What was assumed of the labels when it was fitted, for the user to read; not stored.
    """

    task: Task
    names: tuple[str, ...]
    texts: tuple[str, ...]
    values: Floats
    scale: TargetScale
    learners: Mapping[str, Learner]
    choice: Choice
    band: tuple[float, float, float]
    places: BlockScale
    points: Floats
    usual: Floats
    baselines: Mapping[str, Floats]
    curve: LearningCurve | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls, task: Task, names: Sequence[str], texts: Sequence[str], sample: Sample, values: Floats,
        candidates: Candidates, choice: Choice, logarithmic: bool, *, curve: LearningCurve | None = None,
        notes: tuple[str, ...] = (),
    ) -> FinetunedTask:  # fmt: skip
        """Fit the chosen learners to all labels, and the interval to the cross-validated residuals.

        Shapes:
            names, texts: [N]; sample: N networks; values: [N].
        """
        scale = TargetScale.fit(values, logarithmic)
        target = scale.to_scores(values)
        learners = {name: candidates.fits[name](sample, target, scale) for name in choice.shares}
        known = np.isfinite(choice.scores)
        places = BlockScale.fit(sample, ALL)
        points = places.apply(sample)
        apart = distances(points, points)
        np.fill_diagonal(apart, np.inf)
        nearest = np.sort(apart, axis=1)[:, : min(NEAREST, len(values) - 1)].mean(axis=1)
        band = _band(target[known] - choice.scores[known])
        return cls(
            task, tuple(names), tuple(texts), values, scale, learners, choice, band, places, points,
            np.sort(nearest), dict(zip(SIGNALS, sample.blocks["size"].T, strict=True)), curve, notes,
        )  # fmt: skip

    def answer(self, sample: Sample) -> Answers:
        """Values, intervals and how near the networks are to the measured ones.

        The interval widens with the deviation of the Gaussian process, where there is one, and with the distance from
        the measured networks, where there is none.
        """
        score = self._score(sample)
        apart = distances(self.places.apply(sample), self.points)
        order = np.argsort(apart, axis=1, kind="stable")[:, :NEAREST]
        near = np.take_along_axis(apart, order, axis=1)
        beyond = len(self.usual) - np.searchsorted(self.usual, near.mean(axis=1), side="left")
        spread = self._spread(sample, near.mean(axis=1))
        low, middle, high = (self.to_values(score + q * spread) for q in self.band)
        mean = self.to_values(score)
        better = np.searchsorted(np.sort(self._sign * self.values), self._sign * mean, side="left")
        # Farther than all of a few labels is no evidence yet; much farther is.
        reach = np.minimum(self.usual[-1] / np.maximum(near.mean(axis=1), 1e-12), 1.0) ** _FADING
        familiar = (beyond + reach) / (len(self.usual) + 1)
        return Answers(mean, low, middle, high, 100.0 * better / len(self.values), familiar, order, near)

    def expect(self, sample: Sample) -> Floats:
        """The `mean` of `answer` alone; what the learners do not read is not computed. Shapes: B networks -> [B]."""
        return self.to_values(self._score(sample))

    def _score(self, sample: Sample) -> Floats:
        """What the learners say together. Shapes: B networks -> [B]."""
        score = np.zeros(len(sample))
        for name, share in self.choice.shares.items():
            score += share * self.learners[name].predict(sample)
        return score

    def doubt(self, sample: Sample) -> Floats:
        """How many times as unsure as usual the answers are, at least 1. Shapes: B networks -> [B]."""
        apart = np.sort(distances(self.places.apply(sample), self.points), axis=1)
        return self._spread(sample, apart[:, :NEAREST].mean(axis=1))

    def _spread(self, sample: Sample, novelty: Floats) -> Floats:
        """Deviation of each answer against the usual one. Shapes: B networks, [B] -> [B]."""
        for name in self.learners:
            learner = self.learners[name]
            if isinstance(learner, BlockProcess):
                usual = learner.process.typical_deviation
                return np.maximum(learner.deviation(sample) / usual, 1.0)
        return np.maximum(novelty / max(float(np.quantile(self.usual, LEVEL)), 1e-9), 1.0)

    def to_values(self, scores: Floats) -> Floats:
        """In the task's unit, within what is possible. Shapes: [B] -> [B]."""
        return np.clip(self.scale.to_values(scores), *bounds(self.task, self.values))

    @cached_property
    def held_out(self) -> tuple[float | None, ...]:
        """[N] what learners that had not seen it say of each measured network; `None` where it was never held out."""
        known = np.isfinite(self.choice.scores)
        said = self.to_values(np.where(known, self.choice.scores, 0.0))
        return tuple(value if held else None for value, held in zip(said.tolist(), known.tolist(), strict=True))

    @property
    def _sign(self) -> int:
        return 1 if self.task.direction == "max" else -1

    @property
    def reads_graphs(self) -> bool:
        """Whether a learner reads the graphs themselves."""
        return any(isinstance(learner, TunedNetworks) for learner in self.learners.values())

    @property
    def as_trained(self) -> bool:
        """Whether a learner reads networks as they were trained, where that is known."""
        return any(isinstance(one, DeviceCosts) and one.as_trained is not None for one in self.learners.values())

    @property
    def explanation(self) -> str:
        """Which learners answer, and why, in a sentence."""
        shares = ", ".join(f"{name} {share:.0%}" for name, share in self.choice.shares.items())
        errors = {name: error for name, error in self.choice.errors.items() if name != CHOSEN}
        others = ", ".join(f"{name} {error:.2f}" for name, error in sorted(errors.items(), key=lambda item: item[1]))
        return (
            f"{len(self.values)} networks: {shares}. Cross-validated error in standard deviations of the labels: "
            f"{self.choice.errors[CHOSEN]:.2f} (alone: {others})"
        )

    def to_files(self, stem: str) -> dict[str, bytes]:
        """The files of a checkpoint, all beginning with `stem`."""
        body = {
            "version": VERSION, "task": self.task.to_dict(), "names": self.names, "texts": self.texts,
            "scale": self.scale.to_json(), "band": self.band, "shares": dict(self.choice.shares),
            "errors": dict(self.choice.errors),
            "curve": None if self.curve is None else self.curve.to_json(),
        }  # fmt: skip
        arrays: dict[str, NDArray[Any]] = {
            "values": self.values, "scores": self.choice.scores, "points": self.points, "usual": self.usual,
            "baselines": np.stack(list(self.baselines.values())),
            "mean": self.places.mean, "factor": self.places.factor, "decorrelation": self.places.decorrelation,
        }  # fmt: skip
        for place, name in enumerate(self.choice.shares):
            arrays |= {f"learner{place}.{key}": values for key, values in self.learners[name].to_arrays().items()}
        return {
            f"{stem}.json.gz": json.dumps(body).encode(),
            f"{stem}.safetensors": save_safetensors({k: np.ascontiguousarray(v) for k, v in arrays.items()}),
        }

    @classmethod
    def from_files(cls, body: Mapping[str, Any], content: bytes, source: str, tasks: int) -> FinetunedTask:
        """Inverse of `to_files`.

        Args:
            body: The JSON.
            content: The arrays.
            source: What to call them in errors.
            tasks: Of how many the pretrained members give scores.

        Raises:
            CheckpointError: Something is missing, does not fit together, or is of another version.
        """
        with parsing(source):
            if (found := int(body.get("version", 1))) != VERSION:
                other = "an earlier" if found < VERSION else "a later"
                raise CheckpointError(
                    f"{source} was fitted by {other} archlm (version {found} of fine-tuned tasks, this one reads "
                    f"{VERSION}): fit it again from its table (archlm finetune), or use the archlm that wrote it"
                )
            arrays = load_safetensors(content)
            lengths = {len(body[k]) for k in ("names", "texts")} | {len(arrays[k]) for k in _PER_NETWORK}
            if lengths != {arrays["baselines"].shape[1]}:
                raise ValueError(f"it is of {sorted(lengths)} networks")
            # Scores are NaN where a label was never held out.
            if odd := [name for name, values in arrays.items() if name != "scores" and not np.isfinite(values).all()]:
                raise ValueError(f"{', '.join(odd)} with numbers that are not finite")
            shares = {str(name): float(share) for name, share in body["shares"].items()}
            learners = {}
            for place, name in enumerate(shares):
                stem = f"learner{place}."
                own = {k.removeprefix(stem): v for k, v in arrays.items() if k.startswith(stem)}
                learners[name] = _read_learner(name, own)
            choice = Choice(shares, {k: float(v) for k, v in body["errors"].items()}, arrays["scores"])
            places = BlockScale(ALL, arrays["mean"], arrays["factor"], arrays["decorrelation"])
            low, middle, high = map(float, body["band"])
            made = cls(
                Task.from_dict(body["task"]), tuple(body["names"]), tuple(body["texts"]), arrays["values"],
                TargetScale.from_json(body["scale"]), learners, choice, (low, middle, high), places,
                arrays["points"], arrays["usual"], dict(zip(SIGNALS, arrays["baselines"], strict=True)),
                None if body["curve"] is None else LearningCurve.from_json(body["curve"]),
            )  # fmt: skip
            vectors = len(places.mean) - len(SIGNALS) - len(NAMES) - 2 * tasks
            made.try_out(Sample.made_up(vectors, tasks))
            return made

    def try_out(self, sample: Sample) -> None:
        """Ask what answers without graphs, so that what does not fit together is found before a user asks.

        Raises:
            ValueError: The answers are not finite; shapes that do not fit raise others as well.
        """
        asked = [name for name, learner in self.learners.items() if not isinstance(learner, TunedNetworks)]
        choice = replace(self.choice, shares={name: self.choice.shares[name] for name in asked})
        with np.errstate(all="ignore"):
            answers = replace(self, choice=choice).answer(sample)
        if not all(np.isfinite(values).all() for values in answers):
            raise ValueError("its answers are not finite")


def _read_learner(name: str, arrays: Mapping[str, NDArray[Any]]) -> Learner:
    if name == NETWORKS:
        return TunedNetworks.from_arrays(arrays)
    if name == DEVICE:
        return DeviceCosts.from_arrays(arrays)
    if name in LINES:
        return SignalLine.from_arrays(arrays, LINES[name])
    if name in TREES:
        return Trees.from_arrays(arrays, TREES[name])
    return BlockProcess.from_arrays(arrays, PROCESSES[name])


def _band(residuals: Floats) -> tuple[float, float, float]:
    """5 %, 50 % and 95 % of the residual of a fresh network. Shapes: [N]."""
    if len(residuals) < CONFORMAL_LEAST:
        reach = student_reach(residuals)
        return -reach, 0.0, reach
    found = np.quantile(residuals, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], method="weibull")  # of one more than N
    return float(found[0]), float(found[1]), float(found[2])
