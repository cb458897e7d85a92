"""Statistics of a built data set: how much of what there is, how large, how good, how far the spaces lie apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon

from archlm.bench.dataset import architectures, measurements, read_manifest, read_packed
from onnx_bench.splits import position

PER_SPACE = 1000
"""Architectures of each space whose operators are counted."""
SIZES = ("params", "macs", "num_nodes")


@dataclass(frozen=True)
class Statistics:
    """What `summarise` finds.

    Attributes:
        manifest: That of the build.
        sizes: One row for each distinct architecture: space, params, macs, num_nodes.
        values: One row for each measurement: space, task, split, epochs (empty where not known), value.
        divergence: Jensen-Shannon divergence in bits (0 to 1) between the mean operator shares of each two spaces.
    """

    manifest: dict[str, Any]
    sizes: pd.DataFrame
    values: pd.DataFrame
    divergence: pd.DataFrame

    def spaces(self) -> pd.DataFrame:
        """For each space its number of distinct architectures and quantiles of their sizes."""
        groups = self.sizes.groupby("space", sort=False)
        table = groups.size().rename("architectures").to_frame()
        for size in SIZES:
            for name, q in (("5%", 0.05), ("median", 0.5), ("95%", 0.95)):
                table[f"{size} {name}"] = groups[size].quantile(q)
        return table

    def tasks(self) -> pd.DataFrame:
        """For each task, space, split and length of training: number of measurements, quantiles of their values."""
        groups = self.values.groupby(["task", "space", "split", "epochs"])["value"]
        return groups.describe(percentiles=[0.05, 0.5, 0.95]).rename(columns={"count": "measurements", "50%": "median"})


def summarise(folder: str | Path) -> Statistics:
    """Statistics of the data set in `folder`, read piece by piece.

    Raises:
        UserInputError: It holds no finished data set, or a damaged one.
    """
    manifest = read_manifest(folder)
    sizes = pd.concat([t.to_pandas() for t in architectures(folder, ["space", *SIZES], 50_000)], ignore_index=True)
    values = measurements(folder).select(["space", "task", "split", "epochs", "value"]).to_pandas()
    values["epochs"] = [f"{epochs:.0f}" if epochs > 0 else "" for epochs in values["epochs"]]
    shares = operator_shares(folder, sizes.space.value_counts().to_dict())
    return Statistics(manifest, sizes, values, divergence(shares))


def operator_shares(folder: str | Path, counts: dict[str, int]) -> pd.DataFrame:
    """Mean share of each operator among the nodes of a network, over about `PER_SPACE` networks of each space.

    Args:
        folder: The data set.
        counts: Architectures of each space.
    """
    sums: dict[str, defaultdict[str, float]] = {space: defaultdict(float) for space in counts}
    seen: Counter[str] = Counter()
    for table in architectures(folder, ["space", "fingerprint", "graph"]):
        for space, fingerprint, graph in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
            if position(fingerprint, 0) * counts[space] < PER_SPACE:
                nodes = read_packed(folder, fingerprint, graph).nodes
                seen[space] += 1
                for op, number in Counter(node.op for node in nodes).items():
                    sums[space][op] += number / len(nodes)
    means = {space: pd.Series(sums[space], dtype=float) / max(seen[space], 1) for space in counts}
    return pd.DataFrame(means).fillna(0)


def divergence(shares: pd.DataFrame) -> pd.DataFrame:
    """Jensen-Shannon divergence in bits between the columns of `shares`."""
    columns = [shares[space].to_numpy() for space in shares]
    table = np.array([[jensenshannon(a, b, base=2) ** 2 for b in columns] for a in columns])
    return pd.DataFrame(np.nan_to_num(table), index=shares.columns, columns=shares.columns)
