"""How features go together within search spaces, so that in a distance what is told twice does not count twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from onnx_bench.arrays import Floats

_LEAST_DEVIATION = 1e-6
_LEAST_EIGENVALUE = 1e-3
"""Of the largest: what hardly ever varies by itself is not blown up without end."""


def decorrelation(spaces: Sequence[Floats]) -> Floats:
    """What standardised features are multiplied by, to take half of their correlation out.

    Many features say much the same (sizes, counts of layers), and a distance hears it as often. Whitening would let
    what is left of each, noise among it, count as much as what they share; half of it (the fourth root of the
    covariance instead of the square root) lies between. The correlation is the mean over spaces of that within each,
    no measured value enters, and a feature that varies in no space is left as it is.

    Args:
        spaces: Features of networks of each space. Shapes: [B, F] each.

    Returns:
        [F, F], symmetric; standardised features have the same variance in all before and after.
    """
    together = np.mean([_correlation(features) for features in spaces], axis=0)
    varies = np.diag(together)
    # A feature varies in some spaces only: these alone say what it goes with.
    often = np.sqrt(np.where(varies > 0, varies, 1.0))
    together /= often * often[:, None]
    np.fill_diagonal(together, 1.0)
    values, vectors = np.linalg.eigh(together)
    values = np.maximum(values, _LEAST_EIGENVALUE * values.max())
    half: Floats = (vectors * values**-0.25) @ vectors.T
    return half * np.sqrt(len(half) / np.trace(half @ together @ half))


def _correlation(features: Floats) -> Floats:
    """Within a space, 0 where a feature does not vary. Shapes: [B, F] -> [F, F]."""
    away = features - features.mean(axis=0, dtype=np.float64)
    deviation = away.std(axis=0)
    away *= np.where(deviation > _LEAST_DEVIATION, 1.0 / np.maximum(deviation, _LEAST_DEVIATION), 0.0)
    return np.asarray(away.T @ away / len(away))
