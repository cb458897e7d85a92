"""`fit_new_device`: a device from a few measurements, starting from what is known of others.

Latency is the mean of known devices plus costs of its own, none of them negative; leave-one-out on the labels says how
near to known devices it stays, and whether it starts from them at all. The idea of a start that other devices have
taught: Lee et al., HELP, NeurIPS 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archlm.devices.design import column_units, non_negative, with_constant
from archlm.devices.device import Device
from archlm.devices.known_devices import LEAST_SHARE, RIVAL, KnownDevices
from archlm.devices.relative_band import RelativeBand
from onnx_bench.arrays import Floats
from onnx_bench.errors import InvalidTableError

LEAST = 3
"""Measurements without which nothing is fitted."""
MOST_FOLDS = 100
"""Measurements up to which each is left out alone; more are left out in so many parts."""
PENALTIES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_DOUBT = 1.25
"""How many times smaller the error of measurements left out must be for a device to do without a start."""
_SHOWN = 3
_OWN = np.sqrt(0.1)
"""How freely a device departs from known ones: deviation of its own costs against shares of the start."""


@dataclass(frozen=True)
class FittedDevice:
    """A new device, and how it was found.

    Attributes:
        device: What predicts.
        shares: For each known device its share of the mean measured network; empty where none was the start.
        own: Share of the device's own costs.
        penalty: Chosen pull towards the start.
        error: Root mean square error of measurements left out, relative to them.
    """

    device: Device
    shares: dict[str, float]
    own: float
    penalty: float
    error: float

    @property
    def explanation(self) -> str:
        """What the device is made of, in a sentence."""
        likest = sorted(self.shares, key=lambda name: -self.shares[name])[:_SHOWN]
        start = ", ".join(f"{name} {self.shares[name]:.0%}" for name in likest) or "no known device is like it"
        return f"{start}; costs of its own {self.own:.0%}; measurements left out are missed by {self.error:.1%}"


@dataclass(frozen=True)
class _Equations:
    """Relative errors of measurements, as functions of shares: of D known devices, then of Q + 1 own columns.

    Attributes:
        table: [N, D + Q + 1] what each share adds to each network, relative to its measurement.
        costs: [Q + 1, D + Q + 1] milliseconds of a unit of work for each share.
        start: [D + Q + 1] the shares that are believed without measurements.
    """

    table: Floats
    costs: Floats
    start: Floats

    @classmethod
    def of(cls, columns: Floats, latencies: Floats, known: Floats) -> _Equations:
        """Shapes: [N, Q], [N], known costs [Q + 1, D]."""
        totals, mean, count = with_constant(columns), latencies.mean(), known.shape[1]
        usual = np.maximum((totals @ known).mean(axis=0), np.finfo(float).tiny)
        own = np.diag(column_units(columns) * (_OWN if count else 1.0))
        costs = mean * np.concatenate([known / usual, own], axis=1)
        start = np.append(np.full(count, 1 / max(count, 1)), np.zeros(len(own)))
        return cls(totals @ costs / latencies[:, None], costs, start)

    def solve(self, rows: NDArray[np.bool_], penalty: float) -> Floats:
        """The shares that the measurements at `rows` ask for. Shapes: [N] -> [D + Q + 1]."""
        return non_negative(self.table[rows], np.ones(int(rows.sum())), penalty, self.start)

    def left_out(self, penalty: float) -> Floats:
        """Each measurement predicted from the others, relative to it. Shapes: [N]."""
        part = np.arange(len(self.table)) % MOST_FOLDS
        found = np.empty(len(part))
        for fold in np.unique(part):
            found[part == fold] = self.table[part == fold] @ self.solve(part != fold, penalty)
        return found


class _Tried(NamedTuple):
    equations: _Equations
    penalty: float
    left_out: Floats  # [N], relative to the measurements
    cost: float  # error of measurements left out, doubt included


def fit_new_device(columns: Floats, latencies: Floats, known: KnownDevices) -> FittedDevice:
    """Fit a device to N measured networks.

    Args:
        columns: [N, Q] work of the networks as they were timed, see `encoders.work.compute_many`.
        latencies: [N] milliseconds.
        known: Devices to start from; may be none.

    Raises:
        InvalidTableError: There are fewer than three measurements, or one is not above 0.
    """
    _check(latencies)
    everything = np.ones(len(latencies), bool)
    nothing = np.zeros((columns.shape[1] + 1, 0))
    starts = [(known.costs, 1.0), (nothing, _DOUBT)] if known.devices else [(nothing, 1.0)]
    tried = []
    for start, doubt in starts:
        equations = _Equations.of(columns, latencies, start)
        for penalty in PENALTIES:
            left_out = equations.left_out(penalty)
            tried.append(_Tried(equations, penalty, left_out, doubt * _rms(left_out - 1)))
    best = min(tried, key=lambda t: t.cost)
    solved = best.equations.solve(everything, best.penalty)
    rivals = [t.equations.costs @ t.equations.solve(everything, t.penalty) for t in tried
              if t is not best and t.cost <= RIVAL * best.cost]  # fmt: skip
    least = LEAST_SHARE * float(latencies.min())
    device = Device(
        best.equations.costs @ solved, np.array(rivals).reshape(-1, len(nothing)),
        RelativeBand.fit(np.maximum(best.left_out * latencies, least), latencies), least,
    )  # fmt: skip
    shares = solved * (with_constant(columns).mean(axis=0) @ best.equations.costs) / latencies.mean()
    started = len(solved) - len(nothing)
    names = known.names[:started]
    return FittedDevice(
        device, dict(zip(names, shares[:started].tolist(), strict=True)), float(shares[started:].sum()),
        best.penalty, _rms(best.left_out - 1),
    )  # fmt: skip


def _rms(errors: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))


def _check(latencies: Floats) -> None:
    if len(latencies) < LEAST:
        raise InvalidTableError(
            f"{len(latencies)} measurements of a device are too few: at least {LEAST} are needed, ten are good"
        )
    wrong = np.flatnonzero(~(np.isfinite(latencies) & (latencies > 0)))
    if len(wrong):
        raise InvalidTableError(
            f"measurement {wrong[0] + 1} is {latencies[wrong[0]]:g} ms: a latency is finite and above 0; leave it out "
            "or measure it again"
        )
