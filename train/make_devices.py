"""Make the shipped devices from the benchmark records: what work costs on each, and how far predictions are off.

    python -m train.make_devices

Adds the devices to the weights that `train.make_weights` wrote, and writes to train/results how well each is predicted
on fingerprints held out, of real networks on families.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from archlm.checkpoint import Checkpoint, write_checkpoint
from archlm.devices.device import Device
from archlm.devices.known_devices import KnownDevices
from archlm.devices.shipped_devices import ShippedDevices
from archlm.members.task_model import TaskModel
from archlm.predictor import SHIPPED
from archlm.weights_store import DEVICES
from encoders import work
from onnx_bench.arrays import Floats
from train.common import one_per_group, spearman, write_results
from train.timed import TABLES, Timed, load_timed

_HELD_OUT = 0.2
_DRAWS = 5
_DIGITS = 6
_MACS, _PARAMS = (work.NAMES.index(f"stored.{name}") for name in ("weighted_macs", "weighted_params"))
_WHOLE = [work.NAMES.index(f"stored.{name}") for name in ("weighted_macs", "pool_count")]


def whole(networks: Timed) -> NDArray[np.bool_]:
    """Networks whose canonical form has all the layers that were timed. Shapes: [B]."""
    found: NDArray[np.bool_] = (networks.columns[:, _WHOLE] == networks.canonical[:, _WHOLE]).all(axis=1)
    return found


def held_out_rows(space: str, form: str, columns: Floats, networks: Timed, seed: int) -> list[dict[str, Any]]:
    """How well each device is predicted on a fifth of the groups, beside sizes and LightGBM on the same work.

    Shapes: columns [B, Q].
    """
    groups = networks.groups
    count = int(_HELD_OUT * len(np.unique(groups)))
    held = np.isin(groups, groups[one_per_group(groups, np.random.default_rng(seed), count)])
    known = KnownDevices.fit(
        columns[~held], {name: v[~held] for name, v in networks.latencies.items()}, groups[~held]
    )
    rows = []
    for name, device in known.devices.items():
        timed = np.isfinite(networks.latencies[name])
        test, seen = held & timed, ~held & timed
        truth = networks.latencies[name][test]
        trees = TaskModel.fit(columns[seen], networks.latencies[name][seen], seed=seed).predict(columns[test])
        mean = device.predict(columns[test])
        low, _, high = device.interval(columns[test])
        rows.append({
            "device": name, "space": space, "form": form, "seed": seed, "n": len(truth),
            "groups": len(np.unique(groups[test])), "rho": spearman(mean, truth),
            "rho_macs": spearman(columns[test, _MACS], truth), "rho_params": spearman(columns[test, _PARAMS], truth),
            "rho_trees": spearman(trees, truth), "trees_error": float(np.median(np.abs(trees / truth - 1))),
            "relative_error": float(np.median(np.abs(mean / truth - 1))),
            "coverage": float(np.mean((low <= truth) & (truth <= high))), "width": float(np.median(high / low)),
            "rivals": len(device.rivals),
        })  # fmt: skip
    return rows


def rounded(body: Any) -> Any:
    """The same plain data with numbers of six digits: costs are not known better, and the file is smaller."""
    if isinstance(body, dict):
        return {key: rounded(value) for key, value in body.items()}
    if isinstance(body, (list, tuple)):
        return [rounded(value) for value in body]
    return float(f"{body:.{_DIGITS}g}") if isinstance(body, float) else body


def main(data: str | None = None, seed: int = 0, out: Path = SHIPPED) -> None:
    """Fit all devices, add them to the checkpoint at `out`, and write train/results/devices.csv."""
    as_trained: dict[str, Device] = {}
    canonical: dict[str, Device] = {}
    spaces: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    for space in TABLES:
        networks = load_timed(space, data)
        complete = networks.take(whole(networks))
        canonical |= KnownDevices.fit(complete.canonical, complete.latencies, complete.groups).devices
        for draw in range(seed, seed + (_DRAWS if space == "timm" else 1)):  # families are few, and differ
            rows += held_out_rows(space, "canonical", complete.canonical, complete, draw)
        if space != "timm":  # files of networks have one form
            as_trained |= KnownDevices.fit(networks.columns, networks.latencies, networks.groups).devices
            rows += held_out_rows(space, "as trained", networks.columns, networks, seed)
        spaces |= dict.fromkeys(networks.latencies, space)
        print(f"{space}: {len(networks)} networks, {len(complete)} whole in canonical form", flush=True)
    shipped = ShippedDevices(KnownDevices(as_trained), KnownDevices(canonical), spaces)
    weights = Checkpoint(out)
    files = {name: weights.read(name) for name in weights.names()}
    write_checkpoint(out, files | {DEVICES: json.dumps(rounded(shipped.to_json())).encode()}, weights.about)
    print(f"{len(canonical)} devices, {(out / DEVICES).stat().st_size / 1024:.0f} KiB")
    write_results("devices", rows)


if __name__ == "__main__":
    typer.run(main)
