"""Fitting every part on small made-up spaces, and writing them as weights that answer."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from archlm import Predictor
from archlm.members import monotone_bag
from archlm.weights_store import write_weights
from encoders import features
from onnx_bench import spaces
from train import fit
from train.records import Labelled

NETWORKS = 240


def labelled(name: str, task: str) -> Labelled:
    """Networks whose value is their size less their pooling, with noise."""
    space, rng = spaces.get(name), random.Random(1)
    archs = [space.sample(rng) for _ in range(NETWORKS)]
    graphs = [space.build(arch) for arch in archs]
    table = features.compute_many(graphs)
    size, pooling = (table[:, features.NAMES.index(n)] for n in ("log_sqrt_macs", "pool_share"))
    values = 80 + 2 * size - 5 * pooling + np.random.default_rng(0).normal(0, 0.2, NETWORKS)
    prints = np.array([g.fingerprint() for g in graphs])
    sizes = np.array([(g.params, g.macs) for g in graphs], dtype=float)
    return Labelled(name, np.array(archs), prints, prints, table, sizes[:, 0], sizes[:, 1], {task: values})


@pytest.fixture(scope="module")
def sources() -> list[Labelled]:
    return [
        labelled("nasbench101", "cifar10"), labelled("nasbench201", "cifar10"),
        labelled("mnasnet", "imagenet-1k-proxy"),
    ]  # fmt: skip


def test_every_part_is_fitted_and_answers(
    sources: list[Labelled], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monotone_bag, "BagConfig", partial(monotone_bag.BagConfig, members=3, rounds=20))
    left_out = fit.leave_one_out(sources)
    weight = fit.choose_bag_weight(left_out)
    assert weight in fit.BAG_WEIGHTS
    errors = fit.cross_errors(left_out, sources)
    assert set(errors) == {"cifar10", "imagenet-1k-proxy"}
    assert all(error > 0 for error in errors.values())
    head = fit.fit_head(sources, weight)
    known = fit.fit_known(sources)
    assert set(known.spaces) == {s.space for s in sources}
    tasks = {task: fit.fit_task(sources, task, head, errors[task]) for task in errors}
    assert tasks["cifar10"].spaces == ("nasbench101", "nasbench201")
    write_weights(tmp_path, head, known, tasks, {"seed": 0})
    table = Predictor.from_pretrained(tmp_path).predict([("nasbench201", sources[1].archs[0])], list(errors))
    assert table.error.isna().all()
    assert abs(table["mean"][0] - sources[1].values[0]) < 3


def test_take_keeps_rows_together(sources: list[Labelled]) -> None:
    some = sources[0].take(np.array([5, 2]))
    assert some.archs.tolist() == sources[0].archs[[5, 2]].tolist()
    assert some.values.tolist() == sources[0].values[[5, 2]].tolist()
    assert len(some) == 2
