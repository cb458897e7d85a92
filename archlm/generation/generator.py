"""`Generator`: architectures for a task and budgets, proposed by diffusion that the predictor guides."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from archlm.generation.generated import Generated
from archlm.generation.one_core import one_core
from archlm.generation.oracle import Oracle
from archlm.generation.pareto import front, loss
from archlm.generation.wanted import Wanted
from archlm.predictor import Predictor
from generators.codes import Codes
from generators.condition import Condition, InvalidConditionError, UnmetConditionError, seeks_more
from generators.draw import Aim, Settings, draw_architectures
from generators.expectation import Expectation
from generators.layouts import get_layout
from generators.limit import shown, unit_of
from generators.pipeline import ArchitecturePipeline, read_pipeline
from generators.polish import Polished
from generators.score import NoiseAwareScore
from generators.targets import COSTS, LinearScale, LogScale, is_quality
from generators.taught_score import TaughtScore
from onnx_bench.normalise import NO_PATH
from onnx_bench.tasks import get_task, register_task

Score = NoiseAwareScore | TaughtScore

SHIPPED = Path(__file__).parent.parent / "generator_weights"


class Generator:
    """Generates architectures.

    Example:
        >>> from archlm import Condition, Generator
        >>> generator = Generator.from_pretrained()
        >>> found = generator.generate(Condition(task="cifar10", space="nasbench201", max_params=5e5), num=4, seed=0)
        >>> all(one.costs["params"] <= 5e5 for one in found)
        True
    """

    def __init__(self, pipeline: ArchitecturePipeline, predictor: Predictor) -> None:
        self.pipeline, self.predictor = pipeline, predictor
        self._taught: dict[tuple[str, str | None, tuple[Wanted, ...]], TaughtScore] = {}

    @classmethod
    def from_pretrained(cls, path: str | Path | None = None, *, predictor: Predictor | None = None) -> Generator:
        """Load a generator.

        Args:
            path: A folder written by `save_pretrained`; the shipped generator if left out.
            predictor: Guides it; the shipped predictor if left out. One that was fine-tuned guides to its own tasks.

        Raises:
            CheckpointError: The folder is no generator, or one of other search spaces.
        """
        return cls(read_pipeline(SHIPPED if path is None else Path(path)), predictor or Predictor.from_pretrained())

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the generator, to be read by `from_pretrained`."""
        self.pipeline.save_pretrained(folder)

    def spaces_for(self, condition: Condition) -> tuple[str, ...]:
        """The space that is asked for, else those in which the task was measured, else those that have it."""
        if condition.space is not None:
            return (condition.space,)
        known = tuple(self.pipeline.score.spaces)
        found = tuple(space for space in known if condition.task in self.pipeline.score.targets_in(space))
        weights = self.predictor.weights
        if condition.task in weights.tasks:
            measured = tuple(space for space in found if space in weights.task(condition.task).spaces)
            found = measured or found
        if not found:
            raise InvalidConditionError(
                f"no space of the generator has the task {condition.task}; name one with `space` (there are "
                f"{', '.join(known)}) to generate for it by its description"
            )
        return found

    def generate(
        self, condition: Condition, num: int = 16, seed: int = 0, *, settings: Settings = Settings(),  # noqa: B008  # immutable
        progress: Callable[[str], None] = lambda _: None,
    ) -> list[Generated]:  # fmt: skip
        """Architectures that meet a condition, those predicted best first: within all budgets, and no two the same.

        One guided reverse pass over a batch of that size draws them. At its end the predictor itself is asked about
        `settings.calls` neighbours of the batch, and the best of both are the answer.

        Args:
            condition: What is asked.
            num: How many; fewer come where no more that differ were found. Where the condition leaves the space open,
                each space gives two, and the one whose two are predicted better the rest.
            seed: Of everything random.
            settings: How the pass is made.
            progress: Told what is done next.

        Raises:
            InvalidConditionError: What is asked for cannot be meant.
            UnmetConditionError: No space has a network within the budgets; the message names the nearest.
        """
        if num < 1:
            raise InvalidConditionError(f"num is {num}; at least one architecture must be asked for")
        if not math.isfinite(settings.guidance_scale):
            raise InvalidConditionError(f"the guidance is {settings.guidance_scale}; it must be a finite number")
        oracles = {space: self.oracle(space, condition) for space in self.spaces_for(condition)}
        found: list[Generated] = []
        for (space, oracle), share in zip(oracles.items(), _shares(num, len(oracles)), strict=True):
            if not share:
                continue
            progress(f"generating {share} of {space}")
            found += self.generate_of(oracle, condition, share, seed, _part(settings, share, num))
        for turn in range(_MORE_PASSES):
            if not (rest := num - len(_unbeaten(usable(found), condition))):
                break
            best = by_quality(found, condition)[0].space
            progress(f"generating {rest} more of {best}, which is predicted best")
            known = [one.arch for one in found if one.space == best]
            part = _part(settings, rest, num)
            more = self.generate_of(oracles[best], condition, rest, seed + 1 + turn, part, known)
            found += more
            if all(one.exceeded for one in more):
                break  # nor will another pass find one
        self.check_met(found, condition)
        return by_quality(_unbeaten(usable(found), condition), condition)

    def generate_of(
        self, oracle: Oracle, condition: Condition, num: int, seed: int, settings: Settings, known: Iterable[str] = ()
    ) -> list[Generated]:  # fmt: skip
        """The architectures of one pass over one space, none of them `known`, whether or not they meet the budgets."""
        polished = self.draw(oracle, condition, num, seed, settings, known)
        return self.described(oracle, condition, [one.arch for one in polished])

    def oracle(self, space: str, condition: Condition) -> Oracle:
        """What knows everything of a space that the condition speaks of."""
        for task in self.predictor.own_tasks.values():  # another predictor of this process may have others so called
            register_task(task)
        names = [*(limit.name for limit in condition.limits), *condition.objectives]
        return Oracle(self.predictor, space, condition.task, tuple(dict.fromkeys(n for n in names if n not in COSTS)))

    def described(self, oracle: Oracle, condition: Condition, archs: Sequence[str]) -> list[Generated]:
        """Architectures with their predictions and costs."""
        oracle.ahead(archs)
        return [
            Generated(oracle.space, arch, oracle.head, answer, costs, condition.exceeded(costs))
            for arch, answer in zip(archs, oracle.answers(archs), strict=True)
            for costs in [oracle.costs(arch)]
        ]

    @staticmethod
    def check_met(found: Sequence[Generated], condition: Condition) -> None:
        """Make sure that something meets the budgets.

        Raises:
            UnmetConditionError: Nothing does; the message names the nearest.
        """
        if all(one.exceeded for one in found):
            raise UnmetConditionError(_nearest(found, condition))

    @one_core()
    def draw(
        self, oracle: Oracle, condition: Condition, num: int, seed: int, settings: Settings, known: Iterable[str] = ()
    ) -> list[Polished]:  # fmt: skip
        """The architectures of one pass over a space, in the order drawn."""
        space, denoiser = oracle.space, self.pipeline.denoiser
        score, place, place_of = self.guide(oracle, condition)
        targets, names = list(score.targets), list(denoiser.targets)
        limits = {place_of(limit.name, limit.least): limit for limit in condition.limits}
        scales = {at: score.scale(space, targets[at]) for at in limits}
        budgets = {at: _normal(scales[at], limit.bound) for at, limit in limits.items()}
        sought = [place_of(name, seeks_more(name)) for name in condition.objectives]
        weights = _weights(num, len(targets), place, sought)
        if not is_quality(targets[place]):  # a cost as the task: less of it is better
            weights[..., place] *= -1
        told = torch.full((num, len(names)), torch.nan)
        for at, most in budgets.items():
            if targets[at] in names:
                told[:, names.index(targets[at])] = most
        if not settings.guidance_scale:  # at random within the budgets
            settings = settings._replace(rounds=0, calls=0)
        elif not condition.objectives and condition.task in denoiser.targets and is_quality(condition.task):
            told[:, names.index(condition.task)] = _BEST

        def measure(arch: str) -> dict[int, float]:
            if not limits or not oracle.works(arch):  # what ignores its input keeps to no budget
                return dict.fromkeys(limits, math.inf)
            costs = oracle.costs(arch)
            return {at: _normal(scales[at], costs[limit.name]) for at, limit in limits.items()}

        def in_all(archs: Sequence[str]) -> list[tuple[float, ...]]:
            oracle.ahead(archs)
            costs = [[-loss(name, oracle.costs(arch)[name]) for name in condition.objectives] for arch in archs]
            return [(quality, *cost) for quality, cost in zip(oracle.quality(archs), costs, strict=True)]

        taken = frozenset(map(oracle.identity, known))
        judge = in_all if condition.objectives else oracle.quality
        aim = Aim(score, weights, budgets, measure, oracle.identity, taken, judge, oracle.ahead)
        return draw_architectures(self.pipeline, space, num, aim, told, settings, seed)

    def guide(self, oracle: Oracle, condition: Condition) -> tuple[Score, int, Callable[[str, bool], int]]:
        """The score that guides to a condition, the place of the task in it, and those of limits and objectives.

        The last are found by name and whether more is wanted: of an upper limit less, of an objective `seeks_more`.
        """
        wanted = self._to_teach(oracle.space, condition)
        score, place = self.score_for(oracle, tuple(wanted.values()))
        targets = list(score.targets)

        def place_of(name: str, high: bool) -> int:
            return targets.index(wanted[name, high].target if (name, high) in wanted else name)

        return score, place, place_of

    def expectation(self, score: Score, space: str) -> Expectation:
        """What a score expects of architectures of a space."""

        def clean(codes: Codes) -> Tensor:
            return score(codes, torch.ones(len(codes.nodes)), space)

        return Expectation(get_layout(space), self.pipeline.denoiser.vocabulary, clean)

    def _to_teach(self, space: str, condition: Condition) -> dict[tuple[str, bool], Wanted]:
        """What the condition limits or seeks beside the task, and the shipped score does not know in a space."""
        named = [(limit.name, limit.least) for limit in condition.limits]
        named += [(name, seeks_more(name)) for name in condition.objectives]
        known = self.pipeline.score.targets_in(space)
        return {
            (name, high): Wanted(name, high)
            for name, high in named
            if high or name in self.predictor.finetuned or name not in known or is_quality(name)
        }

    def score_for(self, oracle: Oracle, wanted: tuple[Wanted, ...] = ()) -> tuple[Score, int]:
        """The score that guides to the task of an oracle and what is wanted beside it; the place of the task in it.

        What the shipped score does not know (a fine-tuned task, or one that was never measured in the space), it is
        taught: what the predictor says of a sample of the space, which takes seconds and is remembered.
        """
        score: NoiseAwareScore = self.pipeline.score
        knows = oracle.task not in self.predictor.finetuned and oracle.task in score.targets_in(oracle.space)
        place = list(score.targets).index(oracle.task) if knows else len(score.targets)
        if knows and not wanted:
            return score, place
        key = (oracle.space, None if knows else oracle.task, wanted)
        if key not in self._taught:
            from archlm.generation.teaching import taught_score  # its trainer is slow to import

            self._taught[key] = taught_score(self.pipeline, oracle, wanted, with_task=not knows)
        return self._taught[key], place


def _normal(scale: LogScale | LinearScale, value: float) -> float:
    """A value on the scale of a space."""
    return float(scale.to_normal(np.array([value]))[0])


_BEST = 2.5
"""Normal score of the quality that the denoiser is told to aim at: the best of 150."""
_CHEAPEST = 1.2
"""Weight of costs against quality at the cheap end of a Pareto set; with more, networks turn bad, not cheap."""


def _weights(num: int, targets: int, task: int, costs: Sequence[int]) -> Tensor:
    """Of each graph: the task alone, or from the task alone to mostly the costs. Shapes: [T] or [B, T]."""
    if not costs:
        weights = torch.zeros(targets)
        weights[task] = 1.0
        return weights
    weights = torch.zeros(num, targets)
    weights[:, task] = 1.0
    weights[:, costs] = -torch.linspace(0, _CHEAPEST, num)[:, None]
    return weights


_MORE_PASSES = 3
"""Passes after the first, for what is left of the number that is asked for."""
_EACH = 2
"""Networks of each space before the rest goes to the best one."""


def _shares(num: int, spaces: int) -> list[int]:
    """How many of each space at first."""
    if spaces == 1:
        return [num]
    return [min(_EACH, max(0, num - _EACH * place)) for place in range(spaces)]


def _part(settings: Settings, share: int, num: int) -> Settings:
    """The settings for a part of the architectures, with its part of the calls."""
    return settings._replace(calls=settings.calls * share // num)


def usable(found: Sequence[Generated]) -> list[Generated]:
    """Those that meet all budgets, without networks that ignore their input, unless nothing else does."""
    met = [one for one in found if not one.exceeded]
    return [one for one in met if NO_PATH not in one.answer["warnings"]] or met


def _unbeaten(met: Sequence[Generated], condition: Condition) -> Sequence[Generated]:
    """Of several objectives and spaces those that none beats in everything: each space was drawn for itself."""
    if not condition.objectives or len({one.space for one in met}) == 1:
        return met
    return [met[place] for place in front(met, condition.objectives).members] if met else met


def by_quality(found: Sequence[Generated], condition: Condition) -> list[Generated]:
    """Those that meet all budgets first, the best of them first."""
    sign = -1 if get_task(condition.task).direction == "max" else 1
    return sorted(found, key=lambda one: (bool(one.exceeded), sign * one.answer["mean"]))


def _nearest(found: Sequence[Generated], condition: Condition) -> str:
    """What to say where nothing meets the budgets."""

    def excess(one: Generated) -> float:
        return max(limit.excess(one.costs[limit.name]) for limit in condition.limits)

    where = f"no network in {', '.join(dict.fromkeys(one.space for one in found))} was found for {condition}"
    real = [one for one in found if NO_PATH not in one.answer["warnings"]]
    if not real:
        return f"{where}: {NO_PATH}; allow more"
    near = min(real, key=excess)
    costs: dict[str, Any] = {name: near.costs[name] for name in dict.fromkeys(limit.name for limit in condition.limits)}
    listed = ", ".join(f"{name} {shown(value)}{unit_of(name)}" for name, value in costs.items())
    return (
        f"{where}; the nearest has {listed} ({near.space} {near.arch}): "
        f"{'ask for no more than that' if condition.at_least else 'allow at least as much'}"
    )
