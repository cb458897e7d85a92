"""The trained parts of a predictor, and how they lie in a checkpoint folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from archlm.booster_text import read_booster, write_booster
from archlm.checkpoint import Checkpoint, write_checkpoint
from archlm.conformal import ConformalBands
from archlm.known import KnownArchitectures
from archlm.members.cross_domain import CrossDomainHead
from archlm.members.cross_scale import CrossScale
from archlm.members.monotone_bag import MonotoneBag
from archlm.members.prior import TrainingFreePrior
from archlm.members.task_model import TaskModel
from archlm.members.value_scale import ValueScale
from encoders import features
from onnx_bench.errors import CheckpointError, UnknownNameError


@dataclass(frozen=True)
class TaskPart:
    """What answers one task.

    Attributes:
        model: For networks like the known ones.
        bands: Its conformal residuals.
        cross: For all others.
        spaces: Spaces whose networks were measured on the task.
    """

    model: TaskModel
    bands: ConformalBands
    cross: CrossScale
    spaces: tuple[str, ...]


def write_weights(
    folder: Path, head: CrossDomainHead, known: KnownArchitectures, tasks: Mapping[str, TaskPart],
    about: Mapping[str, Any],
) -> None:  # fmt: skip
    """Write a checkpoint that `Weights` reads."""
    config = {
        "features": features.NAMES, "feature_version": features.VERSION, "prior": head.prior.to_json(),
        "bag_weight": head.bag_weight, "bag": [list(s) for s in head.bag.subsets], "bag_means": head.bag.means,
        "bag_stds": head.bag.stds, "known_names": known.names, "known_spaces": known.spaces,
        "tasks": {
            name: {"spaces": part.spaces, "scale": part.model.scale.to_json(), "bands": part.bands.to_json(),
                   "cross": part.cross.to_json()}
            for name, part in tasks.items()
        },
    }  # fmt: skip
    arrays = {"points": known.points, "centre": known.centre, "scale": known.scale}
    arrays |= {f"familiar.{space}": values for space, values in known.familiar.items()}
    files = {
        "config.json.gz": json.dumps(config).encode(),
        "known.safetensors": save_safetensors({k: np.ascontiguousarray(v) for k, v in arrays.items()}),
        "bag.json.gz": json.dumps([write_booster(b) for b in head.bag.boosters]).encode(),
    }
    files |= {_task_file(name): write_booster(part.model.booster).encode() for name, part in tasks.items()}
    write_checkpoint(folder, files, about)


def _task_file(task: str) -> str:
    return f"task-{task.replace('/', '.')}.txt.gz"


class Weights:
    """A checkpoint whose parts are read when they are first needed.

    Raises:
        CheckpointError: From any member, where a file is missing, altered or of another version.
    """

    def __init__(self, folder: Path) -> None:
        self.checkpoint = Checkpoint(folder)
        self._config: dict[str, Any] = self.checkpoint.read_json("config.json.gz")
        if tuple(self._config["features"]) != features.NAMES or self._config["feature_version"] != features.VERSION:
            raise CheckpointError(
                f"{folder} was trained on feature version {self._config['feature_version']}, this archlm computes "
                f"version {features.VERSION}; use the archlm that wrote it, or the weights of this one"
            )
        self._parts: dict[str, TaskPart] = {}

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that have a model."""
        return tuple(self._config["tasks"])

    @cached_property
    def head(self) -> CrossDomainHead:
        """The cross-domain head."""
        texts = self.checkpoint.read_json("bag.json.gz")
        subsets = tuple(tuple(s) for s in self._config["bag"])
        boosters = tuple(
            read_booster(text, len(subset), f"bag member {i}")
            for i, (text, subset) in enumerate(zip(texts, subsets, strict=True))
        )
        bag = MonotoneBag(boosters, subsets, tuple(self._config["bag_means"]), tuple(self._config["bag_stds"]))
        return CrossDomainHead(TrainingFreePrior.from_json(self._config["prior"]), bag, self._config["bag_weight"])

    @cached_property
    def known(self) -> KnownArchitectures:
        """The index of known architectures."""
        arrays = load_safetensors(self.checkpoint.read("known.safetensors"))
        familiar = {k.removeprefix("familiar."): v for k, v in arrays.items() if k.startswith("familiar.")}
        return KnownArchitectures(
            tuple(self._config["known_names"]), tuple(self._config["known_spaces"]), arrays["points"],
            arrays["centre"], arrays["scale"], familiar,
        )  # fmt: skip

    def task(self, name: str) -> TaskPart:
        """What answers the task called `name`.

        Raises:
            UnknownNameError: No model was trained for it.
        """
        if name not in self._config["tasks"]:
            raise UnknownNameError(f"these weights answer no task called {name!r}; they answer {', '.join(self.tasks)}")
        if name not in self._parts:
            body = self._config["tasks"][name]
            file = _task_file(name)
            booster = read_booster(self.checkpoint.read(file).decode(), len(features.NAMES), file)
            self._parts[name] = TaskPart(
                TaskModel(booster, ValueScale.from_json(body["scale"])), ConformalBands.from_json(body["bands"]),
                CrossScale.from_json(body["cross"]), tuple(body["spaces"]),
            )  # fmt: skip
        return self._parts[name]
