"""Batches of networks that are all of one space, drawn so that every space has its say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Ints = NDArray[np.int64]

POWER = 0.45
"""A space is drawn with its number of networks to this power: 1 would drown the small ones, 0 wear them out."""


@dataclass(frozen=True)
class TrainingSpace:
    """G networks of one search space with what was measured on them.

    Attributes:
        name: Of the space.
        inputs: From positions [B] of networks to what the encoder takes, by name.
        targets: [G, T] normal scores of quality, NaN where not measured.
        tasks: [T, K] descriptors of the tasks.
        costs: [G] nodes or tokens of each network, which a batch is limited by.
    """

    name: str
    inputs: Callable[[Ints], Mapping[str, NDArray[Any]]]
    targets: NDArray[np.float32]
    tasks: NDArray[np.float32]
    costs: Ints


@dataclass(frozen=True)
class BatchConfig:
    """Size of a batch."""

    networks: int = 64
    cost: int = 8000


class SpaceBatches(torch.utils.data.Dataset[dict[str, Any]]):
    """`steps` batches; which networks are in a batch depends on the seed and its number alone, so a run can resume."""

    def __init__(
        self, spaces: Sequence[TrainingSpace], steps: int, seed: int = 0, config: BatchConfig | None = None
    ) -> None:
        self.spaces, self.steps, self.seed = spaces, steps, seed
        self.config = config or BatchConfig()
        sizes = np.array([len(s.targets) for s in spaces], float) ** POWER
        self.shares = sizes / sizes.sum()

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, number: int) -> dict[str, Any]:
        rng = np.random.default_rng((self.seed, number))
        space = self.spaces[rng.choice(len(self.spaces), p=self.shares)]
        rows = rng.permutation(len(space.targets))[: self.config.networks]
        within = int(np.searchsorted(np.cumsum(space.costs[rows]), self.config.cost, side="right"))
        rows = rows[: max(2, within)]
        return as_tensors(space.inputs(rows)) | {
            "tasks": torch.from_numpy(space.tasks), "targets": torch.from_numpy(space.targets[rows]),
        }  # fmt: skip


def as_tensors(arrays: Mapping[str, NDArray[Any]]) -> dict[str, torch.Tensor]:
    """The same as tensors."""
    return {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in arrays.items()}
