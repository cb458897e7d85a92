"""`Generated`: one generated architecture with what is predicted of it, ready to be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from generators.limit import shown, unit_of
from onnx_bench import spaces
from onnx_bench.graph import ArchGraph

if TYPE_CHECKING:
    import onnx
    import torch


@dataclass(frozen=True)
class Generated:
    """A generated architecture.

    Attributes:
        space: Its search space.
        arch: Its notation there.
        head: The task whose input and output its network has; `None` for the default of the space.
        answer: What is predicted of it on the task asked for, see `archlm.answer`.
        costs: Parameters, multiply-accumulates, depth, and latencies in ms that were asked for, of the network that
            `to_onnx` writes; beside them what the predictor expects on other tasks that were limited or sought.
        exceeded: Limits that it does not keep to, with their bounds; empty where it meets all budgets.
    """

    space: str
    arch: str
    head: str | None
    answer: Mapping[str, Any]
    costs: Mapping[str, float]
    exceeded: Mapping[str, float]

    @cached_property
    def graph(self) -> ArchGraph:
        """The network for the task, as it would be trained: batch norms are there."""
        return spaces.get(self.space).build(self.arch, task=self.head, normalised=False)

    @property
    def verdict(self) -> str:
        """Whether it meets the budgets, for people."""
        missed = self.exceeded.items()
        return ", ".join(f"{'exceeds' if self.costs[n] > bound else 'misses'} {n}" for n, bound in missed) or "met"

    @property
    def source(self) -> str:
        """Readable PyTorch source of the network, a class `Network`."""
        return self.graph.to_source()

    def to_onnx(self, weights: bool = False, seed: int = 0) -> onnx.ModelProto:
        """The network as ONNX, with random weights if asked for."""
        return self.graph.to_onnx(weights=weights, seed=seed)

    def to_pytorch(self) -> torch.nn.Module:
        """The network as a runnable module."""
        return self.graph.to_module()

    def to_json(self) -> dict[str, Any]:
        """All of it but the network."""
        return {
            "space": self.space, "arch": self.arch, "fingerprint": self.graph.fingerprint(),
            "costs": dict(self.costs), "exceeded": dict(self.exceeded), "prediction": dict(self.answer),
        }  # fmt: skip

    def __str__(self) -> str:
        costs = ", ".join(f"{name} {shown(value)}{unit_of(name)}" for name, value in self.costs.items())
        return f"{self.space} {self.arch}: {self.answer['mean']:.4g} ({costs})"
