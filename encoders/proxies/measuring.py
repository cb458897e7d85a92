"""Measure one graph or many: the values of the proxies, from the cache where they are known."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoders.proxies.registry import NAMES, VERSION, check, get
from encoders.proxies.store import Key, Measurement, Store
from encoders.proxies.subject import Subject
from onnx_bench.errors import UndefinedProxyError, UserInputError
from onnx_bench.graph import ArchGraph

BATCH = 32
"""Examples in the random batch unless told otherwise.

Rank correlation of NASWOT with accuracy on 60 cells of NAS-Bench-201 for 8, 16, 32 examples: .76, .83, .85; the
published values, on 64 real images, reach .86.
"""

Cache = Store | Path | str
Progress = Callable[[int, int], None]


def measure(
    graph: ArchGraph, names: Sequence[str] | None = None, *, batch: int = BATCH, seed: int = 0,
    cache: Cache | None = None,
) -> dict[str, Measurement]:  # fmt: skip
    """Proxies of one network, each with the reason where it is not defined and with the time it took.

    Args:
        graph: Any architecture.
        names: Among `NAMES`; all of them if left out.
        batch: Examples in the random batch, at least 2.
        seed: Decides weights, inputs and labels.
        cache: A folder, or a `Store` where many calls share one.

    Raises:
        UnknownNameError: A name is no proxy's.
        UserInputError: The batch is smaller than 2.
        UnsupportedGraphError: The network has an operator or a shape that PyTorch cannot run.
        ModelTooLargeError: It has too many weights.
    """
    names = NAMES if names is None else names
    check(names)
    if batch < 2:
        raise UserInputError(f"a batch of {batch} was asked for; proxies compare examples, so take 2 or more")
    store = cache if isinstance(cache, Store) else Store(cache)
    graph = graph.normalise()
    subject = Subject(graph, batch, seed)
    found = {}
    for name in names:
        key = Key(graph.fingerprint(), name, batch, seed, VERSION)
        known = store.get(key)
        if known is None:
            known = _measure(subject, name)
            store.put(key, known)
        found[name] = known
    return found


def _measure(subject: Subject, name: str) -> Measurement:
    score = get(name)
    start = time.perf_counter()
    try:
        value, reason = score(subject), ""
    except UndefinedProxyError as error:
        value, reason = math.nan, str(error)
    return Measurement(value, reason, (time.perf_counter() - start) * 1e3)


def compute(
    graph: ArchGraph, names: Sequence[str] | None = None, *, batch: int = BATCH, seed: int = 0,
    cache: Cache | None = None,
) -> dict[str, float]:  # fmt: skip
    """Proxies of one network by name, NaN where one is not defined. Arguments and errors as for `measure`."""
    return {name: m.value for name, m in measure(graph, names, batch=batch, seed=seed, cache=cache).items()}


def compute_many(
    graphs: Sequence[ArchGraph], names: Sequence[str] | None = None, *, batch: int = BATCH, seed: int = 0,
    cache: Cache | None = None, progress: Progress | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    """Proxies of B networks, NaN where one is not defined; equal architectures are measured once.

    Args:
        graphs: The networks.
        names: As for `measure`, as are `batch`, `seed`, `cache` and the errors.
        progress: Called after each network with how many are done, and with B.

    Shapes: [B, len(names)].
    """
    names = NAMES if names is None else names
    check(names)
    store = cache if isinstance(cache, Store) else Store(cache)
    table = np.empty((len(graphs), len(names)))
    for row, graph in enumerate(graphs):
        table[row] = list(compute(graph, names, batch=batch, seed=seed, cache=store).values())
        if progress is not None:
            progress(row + 1, len(graphs))
    return table
