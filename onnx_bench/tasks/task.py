"""`Task`: what a network is asked to be good at, as a described object rather than a bare id."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Protocol:
    """How the recorded values of one search space were measured. Values of different protocols do not mix.

    Attributes:
        space: Name of the search space (see `onnx_bench.spaces`).
        split: Part of the data set that was scored: `validation` or `test`.
        epochs: Training epochs, or `None` where every network followed its own recipe.
        runs: Training runs that a recorded value averages; 1 means that it carries the noise of a single run.
        note: What a reader must know before comparing values.
    """

    space: str
    split: Literal["validation", "test"]
    epochs: int | None
    runs: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One question with a number for an answer: data, metric, and how the networks were trained.

    Attributes:
        name: Stable identifier, as in `archlm predict --task NAME`.
        title: A few words for tables.
        dataset: Data set the networks were trained and scored on.
        modality: Kind of input.
        classes: Classes to tell apart, or `None` where the task is not classification.
        resolution: Side of the square input in pixels, or `None` where networks choose their own.
        metric: Name of the recorded value.
        direction: Whether more (`max`) or less (`min`) is better.
        unit: Unit of the recorded value; empty where it has none.
        split: Part of the data that is scored, where all protocols agree, else `varies`.
        device: Device the value depends on; empty for quality metrics.
        training: How the networks were trained, in words.
        description: One sentence that says all of it to a reader, or to a language model.
        protocols: One entry for each search space with recorded values.
    """

    name: str
    title: str
    dataset: str
    modality: Literal["image"]
    classes: int | None
    resolution: int | None
    metric: str
    direction: Literal["max", "min"]
    unit: str
    split: Literal["validation", "test", "varies"]
    device: str
    training: str
    description: str
    protocols: tuple[Protocol, ...] = ()

    def protocol(self, space: str) -> Protocol | None:
        """How `space` was measured on this task; `None` where it was not."""
        return next((p for p in self.protocols if p.space == space), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)
