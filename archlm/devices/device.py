"""`Device`: what the work of a network costs on one device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from archlm.checkpoint import parsing
from archlm.devices.relative_band import RelativeBand
from encoders import work
from onnx_bench.arrays import Floats
from onnx_bench.errors import CheckpointError


@dataclass(frozen=True)
class Device:
    """Latency as a sum of work with costs of 0 or more, so that more work never takes less time.

    Attributes:
        costs: [Q + 1] milliseconds for a unit of each column of `encoders.work`, then those that every network takes.
        rivals: [R, Q + 1] other costs that explain the measured networks nearly as well. Of these they say the same; of
            networks in which operators, arithmetic and elements are in another proportion they do not.
        band: Of measurements around predictions, on networks like those that were measured.
        least: Milliseconds below which nothing is predicted; above 0.
    """

    costs: Floats
    rivals: Floats
    band: RelativeBand
    least: float

    def predict(self, columns: Floats) -> Floats:
        """Expected latency in milliseconds. Shapes: [B, Q] -> [B]."""
        return np.maximum(columns @ self.costs[:-1] + self.costs[-1], self.least)

    def interval(self, columns: Floats) -> tuple[Floats, Floats, Floats]:
        """5 %, 50 % and 95 % points in milliseconds. Shapes: [B, Q] -> three of [B].

        The band around all explanations: of networks like the measured ones at least 90 % lie in it. Of others nobody
        measured how many do; it widens there as far as the explanations disagree.
        """
        costs = np.concatenate([self.costs[None], self.rivals])
        found = np.maximum(columns @ costs[:, :-1].T + costs[:, -1], self.least)  # [B, R + 1]
        middle = self.band.middle * found[:, 0]
        return self.band.low * found.min(axis=1), middle, self.band.high * found.max(axis=1)

    def to_json(self) -> dict[str, Any]:
        return {
            "work_version": work.VERSION, "costs": self.costs.tolist(), "rivals": self.rivals.tolist(),
            "band": self.band.to_json(), "least": self.least,
        }  # fmt: skip

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Device:
        """Inverse of `to_json`.

        Raises:
            CheckpointError: Something is missing, or it was fitted to columns of another version.
        """
        with parsing("what is known of a device"):
            version, width = body["work_version"], len(work.NAMES) + 1
            costs = np.array(body["costs"], np.float64)
            rivals = np.array(body["rivals"], np.float64).reshape(len(body["rivals"]), width)
            if version != work.VERSION or costs.shape != (width,):
                raise CheckpointError(
                    f"a device was fitted to version {version} of work totals, this archlm computes version "
                    f"{work.VERSION}; fit it again from its table"
                )
            return cls(costs, rivals, RelativeBand.from_json(body["band"]), float(body["least"]))
