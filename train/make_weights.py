"""Make the shipped weights from the benchmark records.

    python -m train.pretrain_text     # once: the text encoder, without labels
    python -m train.make_weights      # --keep-neural: with the graph networks and the text encoder that ship,
                                      # --further: with these graph networks trained further, not from nothing
    python -m train.make_devices      # afterwards: what networks cost on known devices

Writes archlm/weights (all members, the index, the manifest). The numbers of the model card come from the protocols.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import typer
from rich.progress import track

from archlm.predictor import SHIPPED
from archlm.weights_store import write_weights
from train.common import commit
from train.fit import (
    calibrate,
    choose_tree_weight,
    cross_errors,
    fit_head,
    fit_known,
    fit_task,
    leave_one_out,
    usual_moments,
)
from train.members import all_scores, embeddings, held_out_scores, shipping
from train.zoos import as_recorded, load_all


def main(
    data: str | None = None, out: Path = SHIPPED, seed: int = 0, threads: int = 2, keep_neural: bool = False,
    further: bool = False,
) -> None:  # fmt: skip
    """Fit every part on all records and write a checkpoint to `out`."""
    torch.set_num_threads(threads)
    spaces = load_all(data)
    members = shipping(spaces, keep_neural, further)
    unseen = held_out_scores(members, spaces)
    recorded = as_recorded(spaces, data)
    left_out = leave_one_out(recorded, seed)
    weight = choose_tree_weight(left_out)
    errors = cross_errors(left_out, recorded)
    print(f"tree weight {weight}; errors on left-out spaces, in standard deviations: {errors}", flush=True)
    head = fit_head(recorded, weight, seed)
    found = {task: calibrate(spaces, task, unseen, seed) for task in track(members.tasks, "calibrating")}
    usual = usual_moments([c.moments(c.everything()) for c in found.values()])
    parts = {}
    for task, calibration in found.items():
        parts[task] = fit_task(spaces, task, head, errors[task], calibration, usual, seed)
        print(f"{task}: {({name: blend.to_json() for name, blend in parts[task].blends.items()})}", flush=True)

    known, indexed = fit_known(spaces, embeddings(members, spaces), seed)
    predicted = []
    for entry in indexed:
        drawn = entry.drawn
        graph, text = all_scores(members, drawn)
        predicted.append(np.stack([
            part.blend_for(entry.space.space).score(
                np.stack([part.model.score(drawn.features), graph[:, t], text[:, t]], axis=1)
            )
            for t, part in enumerate(parts.values())
        ], axis=1))  # fmt: skip
    known = known.with_predictions(np.concatenate(predicted))
    about = {
        "command": f"python -m train.make_weights --seed {seed}{' --keep-neural' * keep_neural}"
        f"{' --further' * further}", "commit": commit(),
        "seed": seed,
        "networks": {space.space: len(space) for space in spaces},
        "distinct": {space.space: len(set(space.fingerprints)) for space in spaces},
        "licence": "Apache-2.0",
    }  # fmt: skip
    write_weights(out, head, known, members, parts, about)
    size = sum(file.stat().st_size for file in out.iterdir()) / 2**20
    print(f"written to {out} ({size:.1f} MiB)")


if __name__ == "__main__":
    typer.run(main)
