"""Sixteen labels of a task on a space that pretraining has not seen: fine-tuning against starting from scratch.

    python -m train.protocols.p3_sixteen_labels

For every left-out space, task and draw of sixteen distinct networks the fine-tuned predictor is compared with LightGBM
on features from the same labels and with MACs, by Spearman's rho on all other networks of the space.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import torch
import typer

from train.common import write_results
from train.few_labels import few_label_rows, start_without_space
from train.records import LABELS, SPACE_TASK, load

NUM_LABELS = 16


def wins(table: pd.DataFrame) -> pd.Series[float]:
    """Share of (space, task, draw) in which fine-tuning ranks better than each other score."""
    wide = table.pivot_table(index=["space", "task", "draw"], columns="score", values="rho", sort=False)
    mine = wide["fine-tuned"]
    share = {f"better than {name}": float((mine > wide[name]).mean()) for name in wide if name != "fine-tuned"}
    both = (mine > wide["LightGBM on features"]) & (mine > wide["MACs"])
    return pd.Series(share | {"better than LightGBM and MACs": float(both.mean()), "triples": float(len(wide))})


def main(data: str | None = None, draws: int = 3, seed: int = 0, threads: int = 1) -> None:
    """Run the protocol and write train/results/p3_sixteen_labels.csv."""
    torch.set_num_threads(threads)
    spaces = {name: load(name, data=data) for name in LABELS}
    rows: list[dict[str, Any]] = []
    for name in SPACE_TASK:
        start = start_without_space(spaces, name, seed)
        for task in start.space.targets:
            for draw in range(draws):
                rows += few_label_rows(start, task, NUM_LABELS, draw, threads=threads)
        mine = pd.DataFrame([row for row in rows if row["space"] == name])
        print(name, mine.groupby("score", sort=False).rho.mean().round(3).to_dict(), flush=True)
    print(wins(pd.DataFrame(rows)).to_string(float_format="%.3f"))
    write_results("p3_sixteen_labels", rows)


if __name__ == "__main__":
    typer.run(main)
