"""Fit a task to measured networks, or fit it again with more of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from archlm.devices.known_devices import KnownDevices
from archlm.finetuning.finetuned import FinetunedTask
from archlm.finetuning.sample import Sample
from archlm.finetuning.selection import Candidates, choose
from archlm.finetuning.table import LabelledNetworks, names_cost
from encoders import text
from encoders.task_descriptor import describe
from onnx_bench.errors import InvalidTableError
from onnx_bench.graph import ArchGraph
from onnx_bench.tasks.task import Task


def finetune(
    labelled: LabelledNetworks, sample: Callable[[Sequence[ArchGraph], Task], Sample], starts: Sequence[bytes],
    known: KnownDevices, *, seed: int = 0, threads: int = 2, progress: Callable[[str], None] = lambda _: None,
) -> FinetunedTask:  # fmt: skip
    """Choose learners by cross-validation on the labels, and fit them to all of them.

    Args:
        labelled: N measured networks.
        sample: From graphs and the task to what the learners see, graphs included.
        starts: ONNX files of the pretrained graph networks.
        known: Devices that a new one may be like.
        seed: Of everything random.
        threads: Of LightGBM.
        progress: Told what is done next.
    """
    progress("asking the pretrained members")
    networks = sample(labelled.graphs, labelled.task)
    values, logarithmic = labelled.values, is_cost(labelled)
    candidates = Candidates.suited(
        len(values), starts, describe(labelled.task), known=known if adds_up(labelled.task) and logarithmic else None,
        seed=seed, threads=threads,
    )  # fmt: skip
    choice = choose(candidates, networks, values, logarithmic, seed=seed, progress=progress)
    progress("fitting to all labels")
    texts = [text.encode(graph) for graph in labelled.graphs]
    return FinetunedTask.fit(labelled.task, labelled.names, texts, networks, values, candidates, choice, logarithmic)


def is_cost(labelled: LabelledNetworks) -> bool:
    """Whether values are fitted by their logarithm: less is better, and none is zero (latency, energy, perplexity)."""
    return labelled.task.direction == "min" and bool((labelled.values > 0).all())


def adds_up(task: Task) -> bool:
    """Whether the layers of a network each have their part in the target: time, energy, memory."""
    return bool(task.device) or names_cost(f"{task.metric} {task.name}")


def with_earlier(labelled: LabelledNetworks, earlier: FinetunedTask) -> LabelledNetworks:
    """The measured networks of both; a network that was measured again has its new value.

    Raises:
        InvalidTableError: They are of tasks with another direction or unit.
    """
    if (labelled.task.direction, labelled.task.unit) != (earlier.task.direction, earlier.task.unit):
        raise InvalidTableError(
            f"the labels fitted before are of {earlier.task.name!r} ({earlier.task.direction}, unit "
            f"{earlier.task.unit!r}), the new ones {labelled.task.direction}, unit {labelled.task.unit!r}; give the "
            "same task"
        )
    fresh = {graph.fingerprint() for graph in labelled.graphs}
    graphs = [text.decode(written) for written in earlier.texts]
    kept = [i for i, graph in enumerate(graphs) if graph.fingerprint() not in fresh]
    notes = [f"{len(kept)} labels fitted before, {len(labelled.values)} new"]
    if again := len(graphs) - len(kept):
        notes.append(f"{again} networks were measured again: their new values count")
    return replace(
        labelled, names=(*(earlier.names[i] for i in kept), *labelled.names),
        graphs=(*(graphs[i] for i in kept), *labelled.graphs),
        values=np.concatenate([earlier.values[kept], labelled.values]), notes=(*labelled.notes, *notes),
    )  # fmt: skip
