"""`KnownDevices`: devices on which many networks were timed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.devices.design import column_units, non_negative, with_constant
from archlm.devices.device import Device
from archlm.devices.relative_band import RelativeBand
from encoders import work
from onnx_bench.arrays import Floats

_PENALTY = 1e-4
"""Ridge on the costs for each measured network. Totals of similar networks grow together, and it shares among them."""
_FOLDS = 5
_QUANTITIES = ("count", "macs", "elements", "params")
RIVAL = 1.25
"""How many times larger the error of costs may be for them to be a rival explanation."""
LEAST_SHARE = 0.01
"""Of the fastest measured network: less is not predicted."""


@dataclass(frozen=True)
class KnownDevices:
    """D devices by name.

    Attributes:
        devices: Their costs and bands.
    """

    devices: Mapping[str, Device]

    @classmethod
    def fit(cls, columns: Floats, latencies: Mapping[str, Floats], groups: NDArray[np.str_]) -> KnownDevices:
        """Fit every device to the networks that were timed on it; bands come from groups that were held out.

        Args:
            columns: [B, Q] work of networks as they were timed.
            latencies: For each device [B] milliseconds, above 0; NaN where a network was not timed.
            groups: [B] what must not be on both sides: fingerprints, of real networks families.
        """
        found = {}
        for name, values in latencies.items():
            timed = np.isfinite(values)
            found[name] = _fit(columns[timed], values[timed], list(_held_out(groups[timed])))
        return cls(found)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.devices)

    @property
    def costs(self) -> Floats:
        """Shapes: [Q + 1, D]."""
        return np.stack([device.costs for device in self.devices.values()], axis=1)

    def only(self, names: Collection[str]) -> KnownDevices:
        """The devices called so, in the order of `self`."""
        return KnownDevices({name: device for name, device in self.devices.items() if name in names})

    def to_json(self) -> dict[str, Any]:
        return {name: device.to_json() for name, device in self.devices.items()}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> KnownDevices:
        """Inverse of `to_json`. Raises as `Device.from_json`."""
        return cls({name: Device.from_json(device) for name, device in body.items()})


def fit_costs(columns: Floats, latencies: Floats) -> Floats:
    """Costs of 0 or more with the least squared error relative to what was measured. Shapes: [B, Q], [B] -> [Q + 1]."""
    units, mean = column_units(columns), latencies.mean()
    table = with_constant(columns) * units * (mean / latencies)[:, None]
    shares = non_negative(table, np.ones(len(table)), _PENALTY * len(table), np.zeros(len(units)))
    costs: Floats = mean * units * shares
    return costs


def _fit(columns: Floats, latencies: Floats, masks: list[NDArray[np.bool_]]) -> Device:
    predicted = np.empty(len(latencies))
    for mask in masks:
        predicted[mask] = with_constant(columns[mask]) @ fit_costs(columns[~mask], latencies[~mask])
    least = LEAST_SHARE * float(latencies.min())
    band = RelativeBand.fit(np.maximum(predicted, least), latencies)
    return Device(fit_costs(columns, latencies), _rivals(columns, latencies), band, least)


def _rivals(columns: Floats, latencies: Floats) -> Floats:
    """Costs that leave out one quantity, where they fit nearly as well. Shapes: [B, Q], [B] -> [R, Q + 1]."""
    totals = with_constant(columns)

    def error(costs: Floats) -> float:
        return float(np.sqrt(np.mean(np.square(totals @ costs / latencies - 1))))

    usual = error(fit_costs(columns, latencies))
    tried = [fit_costs(columns * ~_of_quantity(quantity), latencies) for quantity in _QUANTITIES]
    return np.array([costs for costs in tried if error(costs) <= RIVAL * usual]).reshape(-1, columns.shape[1] + 1)


def _of_quantity(quantity: str) -> NDArray[np.bool_]:
    """Shapes: -> [Q]."""
    return np.array([name.endswith(f"_{quantity}") for name in work.NAMES])


def _held_out(groups: NDArray[np.str_]) -> Iterator[NDArray[np.bool_]]:
    """Masks of the folds; groups, sorted as they are by hash, are drawn as if by chance. Shapes: [B]."""
    _, place = np.unique(groups, return_inverse=True)
    for fold in range(_FOLDS):
        yield place % _FOLDS == fold
