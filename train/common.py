"""What protocols share: rank correlations, splits by group, bags of rows, result tables."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr

from onnx_bench.arrays import Floats
from train.records import ROOT

RESULTS = ROOT / "train" / "results"


def spearman(a: Floats, b: Floats) -> float:
    """Spearman's rho; 0 where one side is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b).statistic)


def kendall(a: Floats, b: Floats) -> float:
    """Kendall's tau-b; 0 where one side is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(kendalltau(a, b).statistic)


def partial_spearman(score: Floats, values: Floats, given: Floats) -> float:
    """Rank correlation of score and values that `given` does not explain."""
    sv, sg, vg = spearman(score, values), spearman(score, given), spearman(values, given)
    rest = np.sqrt((1 - sg**2) * (1 - vg**2))
    return float((sv - sg * vg) / rest) if rest > 0 else 0.0


def group_folds(groups: NDArray[np.str_], folds: int, seed: int) -> Iterator[NDArray[np.bool_]]:
    """Test masks of a cross-validation in which a group (a fingerprint, a family) is never on both sides."""
    distinct = np.random.default_rng(seed).permutation(np.unique(groups))
    for part in np.array_split(distinct, folds):
        yield np.isin(groups, part)


def one_per_group(groups: NDArray[np.str_], rng: np.random.Generator, most: int) -> NDArray[np.int64]:
    """Up to `most` rows, at most one from each group."""
    order = rng.permutation(len(groups))
    _, first = np.unique(groups[order], return_index=True)
    return np.sort(rng.permutation(order[first])[:most])


def commit() -> str:
    """The commit that computes the results, with `+` where the tree differs from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    dirty = git("status", "--porcelain", "--untracked-files=no", "--", "*.py")
    return git("rev-parse", "--short=12", "HEAD") + ("+" if dirty else "")


def write_results(name: str, rows: Iterable[Mapping[str, Any]], parts: Sequence[str] = ()) -> Path:
    """Write a table to train/results with the command and commit that made it.

    Args:
        name: Of the table.
        rows: What was found.
        parts: Columns by which a run is a part of the table: what was written before about other parts stays. None: a
            run is the whole table.
    """
    module = Path(sys.argv[0]).resolve()
    words = ["python", "-m", ".".join(module.relative_to(ROOT).with_suffix("").parts), *sys.argv[1:]]
    table = pd.DataFrame(list(rows)).assign(command=" ".join(words), commit=commit())
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.csv"
    if parts and path.is_file():
        texts = {part: str for part in parts if pd.api.types.is_string_dtype(table[part])}
        whole = replace_parts(pd.read_csv(path, dtype=texts), table, parts)
    else:
        whole = table
    whole.to_csv(path, index=False, float_format="%.4f")
    print(table.drop(columns=["command", "commit"]).to_string(index=False, float_format="%.4f"))
    print(f"written to {path.relative_to(ROOT)}")
    return path


def replace_parts(before: pd.DataFrame, table: pd.DataFrame, parts: Sequence[str]) -> pd.DataFrame:
    """`table` among the rows of `before` whose columns `parts` say something else, sorted by these columns."""
    columns = list(parts)
    mine = pd.MultiIndex.from_frame(table[columns])
    others = before[~pd.MultiIndex.from_frame(before[columns]).isin(mine)]
    return pd.concat([others, table]).sort_values(columns, kind="stable")
