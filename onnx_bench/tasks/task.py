"""`Task`: what a network is asked to be good at, as a described object rather than a bare id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from onnx_bench.tasks.typed_fields import build


@dataclass(frozen=True, slots=True)
class Protocol:
    """How the recorded values of one search space were measured. Values of different protocols do not mix.

    Attributes:
        space: Name of the search space (see `onnx_bench.spaces`).
        split: Part of the data set that was scored; `none` for costs such as latency.
        epochs: Training epochs, or `None` where unknown or where every network followed its own recipe.
        runs: Training runs that a recorded value averages; 1 means that it carries the noise of a single run.
        note: What a reader must know before comparing values.
    """

    space: str
    split: Literal["validation", "test", "none"]
    epochs: int | None
    runs: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One question with a number for an answer: data, metric, and how the networks were trained.

    Name, title, modality, metric and direction must be said; what else is known makes for a better description.

    Attributes:
        name: Stable identifier, as in `archlm predict --task NAME`; a family goes before a slash.
        title: A few words for tables.
        dataset: Data set the networks were trained and scored on; empty for costs such as latency.
        modality: Kind of input.
        classes: Classes to tell apart, or `None` where the task is not classification.
        resolution: Side of the square input in pixels, or `None` where networks choose their own or see no images.
        metric: Name of the recorded value.
        direction: Whether more (`max`) or less (`min`) is better.
        unit: Unit of the recorded value; empty where it has none.
        split: Part of the data that is scored, where all protocols agree, else `varies`; `none` for costs.
        device: Device the value depends on, with the batch size; empty for quality metrics.
        training: The training budget in words (epochs or GPU hours, recipe); empty where nothing is trained.
        description: One sentence that says all of it to a reader, or to a language model.
        protocols: One entry for each search space with recorded values.
    """

    name: str
    title: str
    dataset: str = ""
    modality: Literal["image", "graph", "text", "audio", "video", "other"]
    classes: int | None = None
    resolution: int | None = None
    metric: str
    direction: Literal["max", "min"]
    unit: str = ""
    split: Literal["validation", "test", "varies", "none"] = "varies"
    device: str = ""
    training: str = ""
    description: str = ""
    protocols: tuple[Protocol, ...] = ()

    @classmethod
    def from_dict(cls, body: Mapping[str, Any], where: str = "task") -> Task:
        """The task that `to_dict` described.

        Args:
            body: A value for every attribute; those with a default may be left out.
            where: What error messages call it.

        Raises:
            InvalidTaskError: A key is missing, unknown, or has a value of another kind; the message names the key.
        """
        return build(cls, body, where)

    @classmethod
    def from_yaml(cls, path: str | Path) -> Task:
        """Read a task from a small YAML file with the attributes of this class as keys.

        Raises:
            InvalidTaskError: The file cannot be read, is no plain YAML mapping, or describes no task.
        """
        from onnx_bench.tasks.yaml_file import read_mapping  # here, since a prediction must not wait for a YAML parser

        return cls.from_dict(read_mapping(Path(path)), str(path))

    def protocol(self, space: str) -> Protocol | None:
        """How `space` was measured on this task; `None` where it was not."""
        return next((p for p in self.protocols if p.space == space), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)
