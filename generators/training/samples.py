"""What the networks of the generator are trained on: architectures of a space with what is known of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from generators.codes import Codes


@dataclass(frozen=True)
class SpaceSample:
    """B architectures of one space.

    Attributes:
        codes: Their block graphs, as bytes.
        values: On the scales of the space, NaN where a target is not known there. Shapes: [B, T].
    """

    codes: Codes
    values: Tensor

    def batch(self, rows: NDArray[np.int64]) -> tuple[Codes, Tensor]:
        """Some of them."""
        places = torch.from_numpy(rows)
        return self.codes.take(places).float(), self.values[places]


class SpaceDraws(Dataset[dict[str, Any]]):
    """A batch of one space for every step, the spaces in equal shares; each batch depends on seed and step alone.

    Args:
        samples: By space.
        steps: Number of batches.
        size: Architectures of a batch.
        seed: Of the draws.
    """

    def __init__(self, samples: Mapping[str, SpaceSample], steps: int, size: int, seed: int) -> None:
        self.samples, self.steps, self.size, self.seed = samples, steps, size, seed

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> dict[str, Any]:
        if not 0 <= step < self.steps:
            raise IndexError(step)
        rng = np.random.default_rng((self.seed, step))
        names = list(self.samples)
        # A new order of the spaces in every round: their shares stay equal.
        turn, place = divmod(step, len(names))
        space = names[np.random.default_rng((self.seed, turn, len(names))).permutation(len(names))[place]]
        sample = self.samples[space]
        codes, values = sample.batch(rng.integers(len(sample.values), size=self.size))
        return {"space": space, "nodes": codes.nodes, "edges": codes.edges, "values": values,
                "seed": int(rng.integers(1 << 62))}  # fmt: skip

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[step] for step in range(self.steps))
