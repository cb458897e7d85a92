"""Make the shipped weights of the LightGBM predictor from the benchmark records.

    python -m train.make_weights

Writes archlm/weights (all members, the index, the manifest). The numbers of the model card come from the protocols.
"""

from __future__ import annotations

from pathlib import Path

import typer

from archlm.predictor import SHIPPED
from archlm.weights_store import write_weights
from train.common import commit
from train.fit import choose_bag_weight, cross_errors, fit_head, fit_known, fit_task, leave_one_out
from train.records import SPACE_TASK, load


def main(data: str | None = None, out: Path = SHIPPED, seed: int = 0) -> None:
    """Fit every part on all records and write a checkpoint to `out`."""
    spaces = [load(name, data=data) for name in SPACE_TASK]
    left_out = leave_one_out(spaces, seed)
    weight = choose_bag_weight(left_out)
    errors = cross_errors(left_out, spaces)
    print(f"bag weight {weight}; errors on left-out spaces, in standard deviations: {errors}", flush=True)
    head = fit_head(spaces, weight, seed)
    known = fit_known(spaces, seed)
    parts = {}
    for task in dict.fromkeys(task for space in spaces for task in space.targets):
        parts[task] = fit_task(spaces, task, head, errors[task], seed)
        print(f"{task}: fitted on {', '.join(parts[task].spaces)}", flush=True)
    about = {
        "command": f"python -m train.make_weights --seed {seed}", "commit": commit(), "seed": seed,
        "networks": {space.space: len(space) for space in spaces},
        "distinct": {space.space: len(set(space.fingerprints)) for space in spaces},
        "licence": "Apache-2.0",
    }  # fmt: skip
    write_weights(out, head, known, parts, about)
    size = sum(file.stat().st_size for file in out.iterdir()) / 2**20
    print(f"written to {out} ({size:.1f} MiB)")


if __name__ == "__main__":
    typer.run(main)
