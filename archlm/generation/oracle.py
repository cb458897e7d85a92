"""`Oracle`: what real networks of a space cost and how good the predictor finds them, each asked once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from archlm.items import from_space
from archlm.predictor import Predictor
from generators.costs import costs
from onnx_bench import spaces
from onnx_bench.errors import UnknownNameError
from onnx_bench.graph import ArchGraph
from onnx_bench.normalise import NO_PATH
from onnx_bench.tasks import get_task
from onnx_bench.tasks.latency import PREFIX as LATENCY


@dataclass
class Oracle:
    """Asks about architectures of one space.

    Predictions are of the networks that are written, with the head of the task where the space has one; of a fine-tuned
    task, which was fitted to networks with the default head, of those. Costs are of the network as it would be trained,
    batch norms and all.

    Attributes:
        predictor: Answers.
        space: Of the architectures.
        task: To be good at.
        counted: Tasks that count as costs: `latency/<device>`, or any other that is limited or an objective.
    """

    predictor: Predictor
    space: str
    task: str
    counted: Sequence[str] = ()
    _answers: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)
    _counts: dict[str, dict[str, float]] = field(default_factory=dict, init=False)
    _costs: dict[str, dict[str, float]] = field(default_factory=dict, init=False)
    _identities: dict[str, str] = field(default_factory=dict, init=False)
    _works: dict[str, bool] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.found = spaces.get(self.space)
        self.head = head_of(self.space, self.task)

    def graph(self, arch: str) -> ArchGraph:
        """The network for the task, as it would be trained."""
        return self.found.build(arch, task=self.head, normalised=False)

    def _seen(self, arch: str) -> ArchGraph:
        """The same as the predictor sees the written file."""
        return self.found.build(arch, task=self.head)

    def identity(self, arch: str) -> str:
        """The fingerprint of the network."""
        if arch not in self._identities:
            self._identities[arch] = self._seen(arch).fingerprint()
        return self._identities[arch]

    def works(self, arch: str) -> bool:
        """Whether a path leads from the input of the network to its output."""
        if arch not in self._works:
            self._works[arch] = NO_PATH not in self._seen(arch).warnings
        return self._works[arch]

    def costs(self, arch: str) -> dict[str, float]:
        """Parameters, multiply-accumulates, depth, and what is counted beside them, in the unit of its task."""
        if arch not in self._costs:
            found: dict[str, float] = dict(costs(self.graph(arch)))
            self._costs[arch] = found | {name: self.counts([arch], name)[0] for name in self.counted}
        return self._costs[arch]

    def ahead(self, archs: Sequence[str]) -> None:
        """Ask the predictor at once about architectures whose costs are wanted next: one by one takes longer."""
        for name in self.counted:
            if not is_device(self.predictor, name):
                self.counts(archs, name)

    def counts(self, archs: Sequence[str], name: str) -> list[float]:
        """What counts as the cost `name`, a task: milliseconds on a known device, else what the predictor expects."""
        if is_device(self.predictor, name):
            seen = [self._seen(arch) for arch in archs]
            return [float(x) for x in self.predictor.weights.devices.predict(name.removeprefix(LATENCY), seen).mean]
        if name == self.task and name not in self.predictor.finetuned:  # nothing is asked twice
            return [answer["mean"] for answer in self.answers(archs)]
        known = self._counts.setdefault(name, {})
        new = [arch for arch in dict.fromkeys(archs) if arch not in known]
        known |= zip(new, self.predictor.expected(self._asked(new, name), name), strict=True)
        return [known[arch] for arch in archs]

    def _asked(self, archs: Sequence[str], task: str) -> Iterator[ArchGraph]:
        """The networks that the predictor is asked about."""
        as_trained = self.predictor.reads_as_trained(task)
        head = None if task in self.predictor.finetuned else head_of(self.space, task)
        return (from_space(self.space, arch, task=head, as_trained=as_trained) for arch in archs)

    def answers(self, archs: Iterable[str]) -> list[dict[str, Any]]:
        """What the predictor says."""
        listed = list(archs)
        new = [arch for arch in dict.fromkeys(listed) if arch not in self._answers]
        for arch, answer in zip(new, self.predictor.answers(self._asked(new, self.task), [self.task]), strict=True):
            self._answers[arch] = answer | {"arch": arch}
        return [self._answers[arch] for arch in listed]

    @property
    def asked(self) -> list[str]:
        """Architectures whose quality the predictor was asked about."""
        return list(self._counts.get(self.task, {}) | self._answers)

    def quality(self, archs: Sequence[str]) -> list[float]:
        """What the predictor says, more being better; of a fine-tuned task no more than that is computed."""
        sign = 1 if get_task(self.task).direction == "max" else -1
        if self.task in self.predictor.finetuned:
            return [sign * value for value in self.counts(archs, self.task)]
        return [sign * answer["mean"] for answer in self.answers(archs)]


def is_device(predictor: Predictor, task: str) -> bool:
    """Whether a task is the latency on a device that archlm knows, and not fitted by the user."""
    return task not in predictor.finetuned and task.removeprefix(LATENCY) in predictor.weights.devices.spaces


def head_of(space: str, task: str) -> str | None:
    """The task whose head a network of the space for `task` has; `None` for the default head."""
    try:
        spaces.get(space).head(task)
    except UnknownNameError:
        return None
    return task
