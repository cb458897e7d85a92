"""The equations in which costs are sought: work in comparable units, and least squares without negative costs."""

from __future__ import annotations

import numpy as np

from encoders import work
from onnx_bench.arrays import Floats

_CONSTANT_WEIGHT = 1.0
_DETAIL_WEIGHT = 0.5


def with_constant(columns: Floats) -> Floats:
    """A last column of ones: what every network takes. Shapes: [B, Q] -> [B, Q + 1]."""
    return np.concatenate([columns, np.ones((len(columns), 1))], axis=1)


def column_units(columns: Floats) -> Floats:
    """What a unit of each column weighs in the prior: its share of the mean network, details half as much.

    Both views together weigh as much as one would. A column that does not vary says nothing that the constant does not
    say; it weighs 0.

    Shapes: [B, Q] -> [Q + 1].
    """
    weight = np.where(work.IS_DETAIL, _DETAIL_WEIGHT, 1.0) / len(work.VIEWS)
    mean, varies = columns.mean(axis=0), np.ptp(columns, axis=0) > 0
    units = np.divide(weight, mean, out=np.zeros_like(mean), where=varies)
    return np.append(units, _CONSTANT_WEIGHT)


def non_negative(table: Floats, values: Floats, penalty: float, towards: Floats) -> Floats:
    """Shares c >= 0 with the least |values - table c|^2 + penalty |c - towards|^2. Shapes: [B, K], [B], [K] -> [K]."""
    from scipy.optimize import nnls  # for fitting alone

    root = np.sqrt(penalty)
    found: Floats = nnls(
        np.concatenate([table, root * np.eye(len(towards))]), np.concatenate([values, root * towards])
    )[0]
    return found
