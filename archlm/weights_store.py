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
from archlm.checkpoint import Checkpoint, parsing, write_checkpoint
from archlm.conformal import ConformalBands
from archlm.devices.known_devices import KnownDevices
from archlm.devices.shipped_devices import ShippedDevices
from archlm.known import KnownArchitectures
from archlm.members.blend import Blend
from archlm.members.cross_domain import CrossDomainHead
from archlm.members.cross_scale import CrossScale
from archlm.members.feature_model import FeatureModel
from archlm.members.feature_process import FeatureProcess
from archlm.members.graph_member import GraphMember
from archlm.members.neural_members import NeuralMembers
from archlm.members.onnx_network import OnnxNetwork
from archlm.members.prior import TrainingFreePrior
from archlm.members.rank_trees import RankTrees
from archlm.members.task_model import TaskModel
from archlm.members.text_member import TextMember
from archlm.members.value_scale import ValueScale
from encoders import features
from encoders.decorrelation import decorrelation
from onnx_bench.arrays import Floats
from onnx_bench.errors import CheckpointError, UnknownNameError


@dataclass(frozen=True)
class TaskPart:
    """What answers one task.

    Attributes:
        model: What is learnt from features, for networks like the known ones.
        blends: How they are joined with the neural members, for each space that was measured on the task.
        bands: Conformal residuals of the blends.
        widths: For each of these spaces the factor on the width of the bands, which all spaces of the task share.
        cross: For all other networks.
    """

    model: FeatureModel
    blends: Mapping[str, Blend]
    bands: ConformalBands
    widths: Mapping[str, float]
    cross: CrossScale

    @property
    def spaces(self) -> tuple[str, ...]:
        """Spaces whose networks were measured on the task."""
        return tuple(self.blends)

    def blend_for(self, space: str) -> Blend:
        """The blend of a space; of one that was not measured on the task the first one."""
        return self.blends.get(space) or next(iter(self.blends.values()))


def write_weights(
    folder: Path, head: CrossDomainHead, known: KnownArchitectures, neural: NeuralMembers,
    tasks: Mapping[str, TaskPart], about: Mapping[str, Any],
) -> None:  # fmt: skip
    """Write a checkpoint that `Weights` reads."""
    config = {
        "features": features.NAMES, "feature_version": features.VERSION, "prior": head.prior.to_json(),
        "tree_weight": head.weight, "known_names": known.names, "known_spaces": known.spaces,
        "known_kinds": known.kinds,
        "graph_networks": len(neural.graph.networks), "text_length": neural.text.max_length,
        "neural_tasks": neural.tasks, "descriptors": neural.descriptors.tolist(),
        "tasks": {
            name: {"scale": part.model.scale.to_json(), "bands": part.bands.to_json(), "cross": part.cross.to_json(),
                   "blends": {space: blend.to_json() for space, blend in part.blends.items()},
                   "widths": dict(part.widths)}
            for name, part in tasks.items()
        },
    }  # fmt: skip
    arrays = {
        "points": known.points.astype(np.float16), "predicted": known.predicted.astype(np.float16),
        "centre": known.centre, "scale": known.scale,
    }  # fmt: skip
    arrays |= {f"familiar.{kind}": values for kind, values in known.familiar.items()}
    files = {
        "config.json.gz": json.dumps(config).encode(),
        "known.safetensors": save_safetensors({k: np.ascontiguousarray(v) for k, v in arrays.items()}),
        "rank-trees.json.gz": json.dumps([write_booster(b) for b in head.trees.boosters]).encode(),
        "tokenizer.json.gz": neural.text.tokenizer.to_bytes(), "text.onnx": neural.text.network.content,
    }  # fmt: skip
    files |= {_graph_file(i): network.content for i, network in enumerate(neural.graph.networks)}
    files |= {_task_file(name): write_booster(part.model.trees.booster).encode() for name, part in tasks.items()}
    files |= {
        _process_file(name): save_safetensors({k: v.astype(np.float32) for k, v in process.to_arrays().items()})
        for name, part in tasks.items() if (process := part.model.process)
    }  # fmt: skip
    write_checkpoint(folder, files, about)


_CONFIG: dict[str, type | tuple[type, ...]] = {
    "features": list, "feature_version": int, "prior": dict, "tree_weight": (int, float), "known_names": list,
    "known_spaces": list, "known_kinds": list, "graph_networks": int, "text_length": int,
    "neural_tasks": list, "descriptors": list, "tasks": dict,
}  # fmt: skip
"""Keys of the configuration, and what they hold."""
DEVICES = "devices.json.gz"
"""Written by `train.make_devices`."""


def _graph_file(number: int) -> str:
    return f"graph-{number}.onnx"


def _task_file(task: str) -> str:
    return f"task-{task.replace('/', '.')}.txt.gz"


def _process_file(task: str) -> str:
    return f"process-{task.replace('/', '.')}.safetensors"


class Weights:
    """A checkpoint whose parts are read when they are first needed.

    Raises:
        CheckpointError: From any member, where a file is missing, altered or of another version.
    """

    def __init__(self, folder: Path) -> None:
        self.checkpoint = Checkpoint(folder)
        self._config: dict[str, Any] = self.checkpoint.read_json("config.json.gz")
        with parsing(f"config.json.gz of {folder}"):
            if wrong := [key for key, kind in _CONFIG.items() if not isinstance(self._config[key], kind)]:
                raise TypeError(f"{', '.join(wrong)} of another kind")
        if tuple(self._config["features"]) != features.NAMES or self._config["feature_version"] != features.VERSION:
            raise CheckpointError(
                f"{folder} was trained on feature version {self._config['feature_version']}, this archlm computes "
                f"version {features.VERSION}; fit it again from its table, or use the archlm that wrote it"
            )
        self._parts: dict[str, TaskPart] = {}

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that have a model."""
        return tuple(self._config["tasks"])

    @property
    def neural_tasks(self) -> tuple[str, ...]:
        """Tasks that the neural members give scores for, in the order of these."""
        return tuple(self._config["neural_tasks"])

    @cached_property
    @parsing("the cross-domain head")
    def head(self) -> CrossDomainHead:
        """The cross-domain head."""
        texts = self.checkpoint.read_json("rank-trees.json.gz")
        trees = RankTrees(
            tuple(read_booster(text, len(features.NAMES), f"rank trees {i}") for i, text in enumerate(texts))
        )
        return CrossDomainHead(TrainingFreePrior.from_json(self._config["prior"]), trees, self._config["tree_weight"])

    @cached_property
    @parsing("the description of the neural members")
    def neural(self) -> NeuralMembers:
        """The graph networks and the text encoder."""
        from encoders.text_tokenizer import ArchTokenizer  # a prediction reads the file while this is imported

        def network(name: str) -> OnnxNetwork:
            return OnnxNetwork(self.checkpoint.read(name), name)

        tokenizer = ArchTokenizer.from_bytes(self.checkpoint.read("tokenizer.json.gz"))
        return NeuralMembers(
            GraphMember(tuple(network(_graph_file(i)) for i in range(self._config["graph_networks"]))),
            TextMember(tokenizer, network("text.onnx"), self._config["text_length"]),
            self.neural_tasks, np.array(self._config["descriptors"], np.float32),
        )  # fmt: skip

    @cached_property
    @parsing("the index of known architectures")
    def known(self) -> KnownArchitectures:
        """The index of known architectures."""
        arrays = load_safetensors(self.checkpoint.read("known.safetensors"))
        familiar = {k.removeprefix("familiar."): v for k, v in arrays.items() if k.startswith("familiar.")}
        names, spaces, kinds = (tuple(self._config[key]) for key in ("known_names", "known_spaces", "known_kinds"))
        points, centre, scale, predicted = (arrays[key] for key in ("points", "centre", "scale", "predicted"))
        rows, width = points.shape
        if not rows or {len(names), len(spaces), len(kinds)} != {rows}:
            raise ValueError(f"{rows} points of {len(names)} names, {len(spaces)} spaces and {len(kinds)} kinds")
        if (centre.shape, scale.shape, predicted.shape) != ((width,), (width,), (rows, len(self.neural_tasks))):
            raise ValueError("arrays of different lengths")
        if strange := [kind for kind in {*spaces, *kinds} if kind not in familiar or familiar[kind].ndim != 1]:
            raise ValueError(f"no usual distances of {strange[0]!r}")
        return KnownArchitectures(names, spaces, kinds, points.astype(np.float32), centre, scale, familiar, predicted)

    @cached_property
    def decorrelation(self) -> Floats:
        """How features go together in the spaces of the known architectures. Shapes: -> [F, F]."""
        table = self.known.points[:, : len(features.NAMES)].astype(np.float64)
        return decorrelation([table[self.known.of_kind(space)] for space in dict.fromkeys(self.known.spaces)])

    @cached_property
    def devices(self) -> ShippedDevices:
        """What networks cost on known devices; none where the checkpoint holds none."""
        if DEVICES not in self.checkpoint.names():
            return ShippedDevices(KnownDevices({}), KnownDevices({}), {})
        return ShippedDevices.from_json(self.checkpoint.read_json(DEVICES))

    def network_files(self) -> list[bytes]:
        """The graph networks as ONNX files."""
        return [network.content for network in self.neural.graph.networks]

    @parsing("a task of the weights")
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
            trees = TaskModel(booster, ValueScale.from_json(body["scale"]))
            process = None
            if (few := _process_file(name)) in self.checkpoint.names():
                process = FeatureProcess.from_arrays(load_safetensors(self.checkpoint.read(few)))
            self._parts[name] = TaskPart(
                FeatureModel(trees, process),
                {space: Blend.from_json(blend) for space, blend in body["blends"].items()},
                ConformalBands.from_json(body["bands"]), body["widths"], CrossScale.from_json(body["cross"]),
            )  # fmt: skip
        return self._parts[name]
