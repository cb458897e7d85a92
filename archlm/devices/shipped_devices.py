"""`ShippedDevices`: latency of any network on the devices that were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from archlm.checkpoint import parsing
from archlm.devices.known_devices import KnownDevices
from encoders import work
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph

START_SPACES = ("nasbench201", "timm")
"""Spaces of which as many networks were timed as a device needs to be known well."""


class Latencies(NamedTuple):
    """In milliseconds. Shapes: [B] each."""

    mean: Floats
    low: Floats
    middle: Floats
    high: Floats


@dataclass(frozen=True)
class ShippedDevices:
    """The same devices fitted to both forms of the networks that were timed.

    A canonical graph leaves out what does not reach the output, and shares equal operators, so its work costs more. Of
    devices that only files of networks were timed on, the canonical form alone is known.

    Attributes:
        as_trained: For graphs of search spaces built with `normalised=False`.
        canonical: For normalised graphs, such as those of files.
        spaces: For each device the space whose networks were timed.
    """

    as_trained: KnownDevices
    canonical: KnownDevices
    spaces: Mapping[str, str]

    def predict(self, device: str, graphs: Sequence[ArchGraph]) -> Latencies:
        """Shapes: B graphs -> [B] each."""
        if device not in self.as_trained.devices:
            graphs = [graph.normalise() for graph in graphs]
        columns = work.compute_many(graphs)
        normalised = np.array([graph.normalised for graph in graphs], bool)
        found = Latencies(*np.zeros((4, len(graphs))))
        for known, rows in ((self.canonical, normalised), (self.as_trained, ~normalised)):
            if not rows.any():
                continue
            chosen = known.devices[device]
            parts = (chosen.predict(columns[rows]), *chosen.interval(columns[rows]))
            for values, part in zip(found, parts, strict=True):
                values[rows] = part
        return found

    def start(self, *, canonical: bool) -> KnownDevices:
        """Devices for a new one to start from: those of `START_SPACES`.

        Args:
            canonical: The form of the networks that were measured on the new device.
        """
        known = self.canonical if canonical else self.as_trained
        return known.only([name for name, space in self.spaces.items() if space in START_SPACES])

    def to_json(self) -> dict[str, Any]:
        return {
            "as_trained": self.as_trained.to_json(), "canonical": self.canonical.to_json(), "spaces": dict(self.spaces),
        }  # fmt: skip

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> ShippedDevices:
        """Inverse of `to_json`.

        Raises:
            CheckpointError: Something is missing or of another version.
        """
        with parsing("what is known of devices"):
            return cls(
                KnownDevices.from_json(body["as_trained"]), KnownDevices.from_json(body["canonical"]),
                {str(name): str(space) for name, space in body["spaces"].items()},
            )  # fmt: skip
