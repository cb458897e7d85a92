"""`draw_architectures`: one guided reverse pass over a batch, from noise to architectures within budgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from generators.codes import Codes
from generators.guidance import ScoreObjective
from generators.last_word import Judge, LastWord
from generators.layouts import get_layout
from generators.pipeline import ArchitecturePipeline
from generators.polish import Measured, Polished, Polisher, different


class Settings(NamedTuple):
    """How a pass is made.

    Attributes:
        steps: Of the reverse pass.
        guidance_scale: How strongly the predictor pulls: 0 draws at random, 10 to 20 draws the best; beyond, variety
            is lost.
        classifier_free_scale: How strongly the conditions pull that the denoiser was trained with.
        rounds: Steps of exact guidance at the end.
        distinct: Whether no two architectures may be the same.
        calls: How often the predictor itself may be asked about neighbours of what was drawn: the last of the guidance.
            For more architectures than that it is not asked.
    """

    steps: int = 20
    guidance_scale: float = 12.0
    classifier_free_scale: float = 1.0
    rounds: int = 4
    distinct: bool = True
    calls: int = 128


class Aim(NamedTuple):
    """Where a pass is guided to.

    Attributes:
        score: Expected targets of noisy graphs of a space.
        weights: What is sought. Shapes: [T], or [B, T] for each graph its own.
        budgets: Most of targets, on the scale of the space.
        measure: What budgets limit, of a real network.
        identity: What makes two architectures the same.
        taken: Identities that no architecture may have.
        judge: What the predictor says of architectures, more being better; `None` where it is not to be asked.
        ahead: Told of several networks before they are measured one by one.
    """

    score: Callable[[Codes, Tensor, str], Tensor]
    weights: Tensor
    budgets: Mapping[int, float]
    measure: Callable[[str], Measured]
    identity: Callable[[str], str]
    taken: frozenset[str] = frozenset()
    judge: Judge | None = None
    ahead: Callable[[Sequence[str]], None] = lambda _: None


def draw_architectures(
    pipeline: ArchitecturePipeline, space: str, num: int, aim: Aim, conditions: Tensor | None, settings: Settings,
    seed: int,
) -> list[Polished]:  # fmt: skip
    """B architectures: those drawn, in that order, or where a judge is asked the best of them and of their neighbours.

    They are fewer where they must differ and no more that do were found within the budgets.

    Args:
        pipeline: Of the spaces.
        space: Of the architectures.
        num: B.
        aim: Where to.
        conditions: What the denoiser is told. Shapes: [B, T], NaN where it is told nothing.
        settings: How the pass is made.
        seed: Of everything random.
    """
    out = pipeline(
        space, num, conditions=conditions, objective=ScoreObjective(aim.score, aim.weights, aim.budgets),
        num_inference_steps=settings.steps, classifier_free_scale=settings.classifier_free_scale,
        guidance_scale=settings.guidance_scale, generator=torch.Generator().manual_seed(seed),
    )  # fmt: skip

    def clean(codes: Codes) -> Tensor:
        return aim.score(codes, torch.ones(len(codes.nodes)), space)

    layout = get_layout(space)
    polisher = Polisher(
        layout, pipeline.denoiser.vocabulary, clean, aim.weights, aim.budgets, aim.measure, aim.identity, aim.ahead
    )  # fmt: skip
    archs = polisher.climb([layout.decode(scores) for scores in out.scores], settings.rounds)
    found = polisher.settle(archs, settings.distinct, aim.taken)
    if aim.judge is not None and settings.calls >= num:
        found = LastWord(polisher, aim.judge, settings.calls).of(found, set(aim.taken))
    if settings.distinct:
        found = [found[place] for place in different(found, aim.identity, aim.taken)]
    return found
