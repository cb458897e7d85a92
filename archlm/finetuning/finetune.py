"""Fit a task to measured networks, or fit it again with more of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from archlm.devices.shipped_devices import ShippedDevices
from archlm.finetuning import network_text
from archlm.finetuning.finetuned import FinetunedTask
from archlm.finetuning.learning_curve import LearningCurve
from archlm.finetuning.sample import Sample
from archlm.finetuning.selection import Candidates, choose, named_slow
from archlm.finetuning.table import LabelledNetworks, check_spread, identity
from archlm.finetuning.target_kind import adds_up, is_cost, is_logarithmic
from encoders.task_descriptor import describe
from onnx_bench.errors import InvalidTableError
from onnx_bench.graph import ArchGraph
from onnx_bench.tasks.task import Task


def finetune(
    labelled: LabelledNetworks, sample: Callable[[Sequence[ArchGraph], Task], Sample], starts: Sequence[bytes],
    known: ShippedDevices, *, seed: int = 0, threads: int = 2, progress: Callable[[str], None] = lambda _: None,
) -> FinetunedTask:  # fmt: skip
    """Choose learners by cross-validation on the labels, and fit them to all of them.

    Args:
        labelled: N measured networks.
        sample: From graphs and the task to what the learners see, graphs included.
        starts: ONNX files of the pretrained graph networks; none: these are not trained.
        known: Devices that a new one may be like.
        seed: Of everything random.
        threads: Of LightGBM.
        progress: Told what is done next.
    """
    progress("asking the pretrained members")
    networks = sample(labelled.graphs, labelled.task)
    values, logarithmic = labelled.values, is_logarithmic(labelled.task, labelled.values)
    devices = known if adds_up(labelled.task) and is_cost(labelled.task, values) else None
    candidates = Candidates.suited(
        len(values), starts, describe(labelled.task), known=devices, seed=seed, threads=threads
    )  # fmt: skip
    choice = choose(candidates, networks, values, logarithmic, seed=seed, progress=progress)

    def timed(step: str) -> None:
        progress(named_slow(step, choice.shares))

    curve = LearningCurve.of(candidates, choice, networks, values, logarithmic, seed=seed, progress=timed)
    timed("fitting to all labels")
    texts = [network_text.write(graph) for graph in labelled.graphs]
    return FinetunedTask.fit(
        labelled.task, labelled.names, texts, networks, values, candidates, choice, logarithmic, curve=curve,
        notes=labelled.notes,
    )  # fmt: skip


def with_earlier(labelled: LabelledNetworks, earlier: FinetunedTask) -> LabelledNetworks:
    """The measured networks of both; a network that was measured again has its new value.

    Raises:
        InvalidTableError: They are of tasks with another direction or unit, or all values are the same now.
    """
    if (labelled.task.direction, labelled.task.unit) != (earlier.task.direction, earlier.task.unit):
        raise InvalidTableError(
            f"the labels fitted before are of {earlier.task.name!r} (direction {earlier.task.direction}, unit "
            f"{earlier.task.unit!r}), the new ones have direction {labelled.task.direction} and unit "
            f"{labelled.task.unit!r}; give the same task, or fit all labels anew"
        )
    graphs = list(map(network_text.read, earlier.texts))
    fresh = set(map(identity, labelled.graphs))
    kept = [i for i, graph in enumerate(graphs) if identity(graph) not in fresh]
    again = len(graphs) - len(kept)
    note = f"labels: {len(kept)} from before, {len(fresh) - again} of new networks, {again} of networks measured again"
    if again:
        note += "; the new values count"
    values = np.concatenate([earlier.values[kept], labelled.values])
    check_spread(values, labelled.task.name)
    return replace(
        labelled, names=(*(earlier.names[i] for i in kept), *labelled.names),
        graphs=(*(graphs[i] for i in kept), *labelled.graphs),
        values=values, notes=(*labelled.notes, note),
    )  # fmt: skip
