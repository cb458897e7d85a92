"""Made-up networks and devices, on which latency is exactly a sum of work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archlm.devices.design import column_units, with_constant
from archlm.devices.known_devices import KnownDevices
from encoders import work
from onnx_bench.arrays import Floats

_SCALE = np.exp(np.random.default_rng(99).uniform(0, 8, len(work.NAMES)))


def networks(count: int, seed: int = 0) -> Floats:
    """Work of networks that differ in depth and mix of operators. Shapes: -> [B, Q]."""
    rng = np.random.default_rng(seed)
    depth = rng.uniform(1, 4, (count, 1))
    return np.round(_SCALE * depth * rng.uniform(0.2, 1.8, (count, len(work.NAMES))) * 10)


@dataclass(frozen=True)
class Kind:
    """Devices that charge for some columns alone."""

    columns: tuple[str, ...]

    def costs(self, table: Floats, rng: np.random.Generator) -> Floats:
        """Random costs. Shapes: [B, Q] -> [Q + 1]."""
        charged = np.array([any(name.endswith(c) for c in self.columns) for name in work.NAMES])
        shares = np.append(charged * rng.uniform(0.5, 1.5, len(charged)), 0.2)
        return shares * column_units(table) * rng.uniform(1, 100)


PROCESSOR = Kind(("macs", "elements"))
LAUNCHES = Kind(("count",))


def latencies(table: Floats, kind: Kind, seed: int, noise: float = 0.0) -> Floats:
    """Shapes: [B, Q] -> [B]."""
    rng = np.random.default_rng(seed)
    exact = with_constant(table) @ kind.costs(table, rng)
    return exact * np.exp(noise * rng.normal(size=len(table)))


def processors(count: int = 6) -> KnownDevices:
    """Known devices of one kind."""
    table = networks(300, seed=1)
    groups = np.arange(len(table)).astype(str)
    return KnownDevices.fit(table, {f"cpu{i}": latencies(table, PROCESSOR, 10 + i) for i in range(count)}, groups)
