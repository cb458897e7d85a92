"""The feature vector and the proxies together, as named columns for training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoders import features
from encoders.proxies.measuring import BATCH, Cache, Progress, compute_many
from encoders.proxies.registry import NAMES
from onnx_bench.graph import ArchGraph

PREFIX = "proxy_"


def with_features(
    graphs: Sequence[ArchGraph], names: Sequence[str] | None = None, *, batch: int = BATCH, seed: int = 0,
    cache: Cache | None = None, progress: Progress | None = None,
) -> dict[str, NDArray[np.float64]]:  # fmt: skip
    """Columns for a table of B networks: those of `encoders.features` first, then `proxy_<name>` for each proxy.

    A proxy that is not defined is NaN, which gradient-boosted trees take as missing. Proxies run every network, at
    seconds each, where features take milliseconds; give a `cache`.

    Args:
        graphs: The networks.
        names: The proxies; all of `NAMES` if left out.
        batch: As for `compute_many`, as are `seed`, `cache`, `progress` and the errors.

    Returns:
        Column name -> values [B]; `pandas.DataFrame` takes it as it is.

    Example:
        >>> columns = with_features([], ["naswot"])
        >>> list(columns)[-2:]
        ['log_code_units', 'proxy_naswot']
    """
    names = NAMES if names is None else names
    told = features.compute_many([graph.normalise() for graph in graphs])
    scores = compute_many(graphs, names, batch=batch, seed=seed, cache=cache, progress=progress)
    titles = (*features.NAMES, *(PREFIX + name for name in names))
    return dict(zip(titles, np.concatenate([told, scores], axis=1).T, strict=True))
