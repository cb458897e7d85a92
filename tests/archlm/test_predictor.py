"""The shipped predictor: the schema of its answers, their sense, and its refusal to change silently."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import load, save

from archlm import Predictor
from archlm.answer import COLUMNS, FAMILIAR
from archlm.checkpoint import write_checkpoint
from archlm.items import as_graph
from archlm.known import KnownArchitectures
from archlm.measured_answer import familiarity, measured_rows
from archlm.signals import Signals
from archlm.weights_store import Weights
from encoders.features import NAMES, compute_many
from onnx_bench import spaces
from onnx_bench.errors import CheckpointError, MalformedModelError, UnknownNameError, UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph
from onnx_bench.tasks import get_task

GOOD = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
POOR = "|avg_pool_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"
DEAD = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
EXAMPLE = Path(__file__).parents[2] / "archlm" / "examples" / "resnet18.onnx"
GOLDEN = Path(__file__).parent / "golden_predictions.json"


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.from_pretrained()


def test_rows_follow_items_and_tasks(predictor: Predictor) -> None:
    table = predictor.predict([("nasbench201", GOOD), b"not a model", ("nasbench201", POOR)], ["cifar10", "cifar100"])
    assert list(table.columns) == list(COLUMNS)
    assert table.task.tolist() == ["cifar10", "cifar100"] * 3
    assert table.arch[0] == f"nasbench201:{GOOD}"
    assert table.error[2]["type"] == MalformedModelError.__name__
    assert table.loc[2:3, ["mean", "q05", "q95", "score"]].isna().all(axis=None)
    fine = table[table.error.isna()]
    assert (fine.q05 <= fine["mean"]).all()
    assert (fine["mean"] <= fine.q95).all()
    assert fine.percentile.between(0, 100).all()


def test_a_good_cell_beats_a_poor_one_and_both_are_familiar(predictor: Predictor) -> None:
    table = predictor.predict([("nasbench201", GOOD), ("nasbench201", POOR)], ["cifar10"])
    assert table["mean"][0] > table["mean"][1] + 5
    assert (table.in_distribution >= 0.05).all()
    assert {n["space"] for n in table.neighbours[0]} == {"nasbench201"}
    assert (table.score.diff().dropna() < 0).all()


def test_latencies_on_known_devices(predictor: Predictor) -> None:
    skips = "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|"
    devices = [task for task in predictor.tasks if task.startswith("latency/")]
    assert {"latency/pixel3", "latency/1080ti_1", "latency/fpga"} <= set(devices) and len(devices) >= 47
    table = predictor.predict([("nasbench201", GOOD), ("nasbench201", skips), EXAMPLE], devices)
    good, light, stranger = (table[place * len(devices) : (place + 1) * len(devices)] for place in range(3))
    assert (good["mean"].to_numpy() > light["mean"].to_numpy()).all(), "convolutions cost time on every device"
    assert (table.q05 <= table["mean"]).all() and (table["mean"] <= table.q95).all() and (table.q05 > 0).all()
    assert table.percentile.isna().all()
    told = {row.task: bool(row.warnings) for row in good.itertuples()}
    assert not told["latency/pixel3"] and told["latency/zcu102"], "cells were timed on phones, MnasNets on the FPGA"
    for row in stranger.itertuples():
        real = row.task.startswith("latency/timm")
        assert real == (not row.warnings), "timm timed real networks, the others cells and MnasNets alone"
        assert real or "nobody measured" in row.warnings[-1]
    with pytest.raises(UserInputError, match="adds up"):
        predictor.explain(EXAMPLE, "latency/pixel3")


def test_a_task_that_nobody_measured_is_ranked_by_its_description(predictor: Predictor) -> None:
    food = replace(get_task("cifar100"), name="food-101", dataset="Food-101", classes=101, protocols=())
    table = predictor.predict([("nasbench201", GOOD), ("nasbench201", POOR), b"no model"], [food, "cifar10"])
    assert table.task.tolist() == ["food-101", "cifar10"] * 3
    asked = table[table.task == "food-101"]
    assert asked[["mean", "q05", "q50", "q95"]].isna().all(axis=None)
    assert asked.score.iloc[0] > asked.score.iloc[1] and asked.percentile.iloc[0] > asked.percentile.iloc[1]
    assert "nobody has measured" in asked.warnings.iloc[0][-1] and asked.error.iloc[2] is not None
    alone = predictor.predict([("nasbench201", GOOD)], ["cifar10"])
    pd.testing.assert_frame_equal(table[1:2].reset_index(drop=True), alone)


def test_one_network_alone_as_in_a_batch(predictor: Predictor) -> None:
    items = [("nasbench201", GOOD), ("nasbench201", POOR), ("nasbench201", DEAD)]
    together = predictor.predict(items, ["cifar10"])
    alone = pd.concat([predictor.predict([item], ["cifar10"]) for item in items], ignore_index=True)
    numbers = ["mean", "q05", "q95", "score", "in_distribution"]
    np.testing.assert_allclose(together[numbers].astype(float), alone[numbers].astype(float), rtol=1e-6)


def test_equal_networks_are_answered_once(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    of = Signals.of

    def counted(weights: Weights, graphs: Sequence[ArchGraph]) -> Signals:
        asked.append(len(graphs))
        return of(weights, graphs)

    monkeypatch.setattr(Signals, "of", counted)
    copies = [read_graph(EXAMPLE).renamed(str(number)) for number in range(70)]  # more than are answered at once
    table = predictor.predict([copies[0], b"no model", ("nasbench201", GOOD), *copies[1:]], ["imagenet-1k", "cifar10"])
    assert asked == [2, 0]
    assert table.arch[::2].tolist() == ["0", "item 1", f"nasbench201:{GOOD}", *map(str, range(1, 70))]
    assert table["mean"][table.task == "cifar10"].nunique() == 2 and table.error.notna().sum() == 2
    pd.testing.assert_series_equal(table.iloc[0][1:], table.iloc[-2][1:], check_names=False)


def test_every_kind_of_item(predictor: Predictor) -> None:
    graph = read_graph(EXAMPLE)
    layers = (torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(7200, 10))
    module = torch.nn.Sequential(*layers)
    items = [EXAMPLE, str(EXAMPLE), EXAMPLE.read_bytes(), graph, (module, torch.zeros(1, 3, 32, 32))]
    table = predictor.predict(items, ["imagenet-1k"])
    assert table.error.isna().all()
    assert table["mean"][:4].nunique() == 1
    with_nonsense = predictor.predict([3.5], ["cifar10"])
    assert "pass an ONNX path" in with_nonsense.error[0]["message"]


def test_one_item_and_one_task_need_no_list(predictor: Predictor) -> None:
    listed = predictor.predict([EXAMPLE], ["cifar10"])
    for alone in (EXAMPLE, str(EXAMPLE)):
        pd.testing.assert_frame_equal(predictor.predict(alone, "cifar10"), listed)
    assert predictor.predict(EXAMPLE.read_bytes(), "cifar10")["mean"][0] == listed["mean"][0]


def test_the_column_of_a_table_names_members_of_a_space(predictor: Predictor) -> None:
    table = pd.DataFrame({"arch": [GOOD, POOR, "8:8"], "seed": [1, 2, 3]})
    answers = predictor.predict(table["arch"], "cifar10", space="nasbench201")
    pairs = predictor.predict([("nasbench201", GOOD), ("nasbench201", POOR)], "cifar10")
    assert answers["arch"].tolist() == table["arch"].tolist()  # so that the two can be merged
    assert answers["mean"][:2].tolist() == pairs["mean"].tolist() and answers["error"][2] is not None
    assert predictor.predict(GOOD, "cifar10", space="nasbench201")["mean"][0] == pairs["mean"][0]
    with pytest.raises(UserInputError, match="pass its column of names"):  # not the names of its columns as files
        predictor.predict(table, "cifar10", space="nasbench201")
    with pytest.raises(UnknownNameError, match="nb201"):
        predictor.predict(table["arch"], "cifar10", space="nb201")


@pytest.mark.parametrize("kind", [tuple, iter, dict.fromkeys, pd.Series])
def test_tasks_in_any_collection(predictor: Predictor, kind: Any) -> None:
    names = ["cifar10", "imagenet-1k"]
    assert predictor.predict(("nasbench201", GOOD), tasks=kind(names)).task.tolist() == names


@pytest.mark.parametrize(("tasks", "found"), [(None, "NoneType"), ([3], "int")])
def test_what_is_no_task(predictor: Predictor, tasks: Any, found: str) -> None:
    with pytest.raises(UserInputError, match=f"a task is a name or a Task; found {found}"):
        predictor.predict(("nasbench201", GOOD), tasks=tasks)


def test_a_predictor_that_has_answered_can_be_sent_to_another_process(predictor: Predictor) -> None:
    item = ("nasbench201", GOOD)
    expected = predictor.predict([item], "cifar10")
    sent = ForkingPickler.loads(ForkingPickler.dumps(predictor))
    pd.testing.assert_frame_equal(sent.predict([item], "cifar10"), expected)


def test_a_stranger_is_said_to_be_one(predictor: Predictor) -> None:
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    row = predictor.predict([(module, torch.zeros(1, 12))], ["cifar10"]).iloc[0]
    assert row.in_distribution < 0.05
    assert any("unlike the networks" in note for note in row.warnings)
    familiar = predictor.predict([("nasbench201", GOOD)], ["cifar10"]).iloc[0]
    assert row.q95 - row.q05 > 3 * (familiar.q95 - familiar.q05)


def test_at_the_edge_both_answer(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The members' answer passes to the head's as a network becomes a stranger, and the notes say how far."""
    signals = Signals.of(predictor.weights, [spaces.get("nats_size").build("64:64:64:64:64")])
    part, task = predictor.weights.task("cifar10"), get_task("cifar10")
    standing = familiarity(predictor.weights, signals, task, part)
    share = standing.strange[0]
    found = {}
    for strange in (0.0, share, 1.0):
        asked = standing._replace(strange=np.array([strange]))
        monkeypatch.setattr(KnownArchitectures, "familiarity", lambda self, points, only, asked=asked: asked)
        (found[strange],) = measured_rows(predictor.weights, signals, task, part)
    members, edge, head = found.values()
    assert 0 < share < 1 and edge["in_distribution"] < FAMILIAR
    for middle in ("mean", "q50"):
        assert abs(members[middle] - head[middle]) > 0.1
        assert edge[middle] == pytest.approx(members[middle] + share * (head[middle] - members[middle]))
    assert edge["q05"] == min(members["q05"], head["q05"]) and edge["q95"] == max(members["q95"], head["q95"])
    assert members["q05"] != head["q05"] and members["q95"] != head["q95"]
    assert any(f"has {share:.0%} of the answer" in note for note in edge["warnings"])
    assert not any("cross-domain head" in note for note in members["warnings"])


def test_a_stranger_beyond_what_was_measured_says_so(predictor: Predictor) -> None:
    tiny = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(4 * 30 * 30, 10))
    table = predictor.predict([(tiny, torch.zeros(1, 3, 32, 32)), EXAMPLE], ["imagenet-1k"])
    said = [[note for note in notes if "ranked below all networks measured on imagenet-1k" in note]
            for notes in table.warnings]  # fmt: skip
    assert list(map(len, said)) == [1, 0] and table.percentile[0] < 1


def test_a_cell_without_a_path_says_so(predictor: Predictor) -> None:
    row = predictor.predict([("nasbench201", DEAD)], ["cifar10"]).iloc[0]
    assert any("no path" in note for note in row.warnings)
    assert row["mean"] < 30


def test_explanation(predictor: Predictor) -> None:
    found = predictor.explain(("nasbench201", GOOD), "cifar10")
    assert {"name", "value", "effect"} <= found["features"][0].keys()
    graph = spaces.get("nasbench201").build(GOOD)
    ops = {graph.nodes[layer["index"]].op for layer in found["layers"]}
    assert ops == {"Conv"}
    effects = [abs(f["effect"]) for f in found["features"]]
    assert effects == sorted(effects, reverse=True)


@pytest.mark.parametrize(
    ("item", "task"),
    [(EXAMPLE, "cifar10"), (("nasbench201", GOOD), "cifar10"), (EXAMPLE, "transnas/room_layout"),
     (EXAMPLE, "imagenet-1k")],
)  # fmt: skip
def test_what_raises_the_score_is_explained_as_raising_the_value(predictor: Predictor, item: Any, task: str) -> None:
    weights, part, graph = predictor.weights, predictor.weights.task(task), as_graph(item)
    table = compute_many([graph])
    found = predictor.explain(item, task)["features"]
    strange = familiarity(weights, Signals.of(weights, [graph]), get_task(task), part).strange[0]
    moved = (part.model if strange < 0.5 else weights.head).contributions(table)[0]
    sign = 1 if get_task(task).direction == "max" else -1
    effects = {one["name"]: one["effect"] for one in found}
    assert any(effects.values())
    for name, effect in effects.items():
        assert effect * sign * moved[NAMES.index(name)] >= 0


def test_save_and_load(predictor: Predictor, tmp_path: Path) -> None:
    predictor.save_pretrained(tmp_path / "mine")
    again = Predictor.from_pretrained(tmp_path / "mine")
    first, second = (p.predict([("nasbench201", GOOD)], ["cifar10"])["mean"][0] for p in (predictor, again))
    assert first == second
    (tmp_path / "mine" / "known.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match="altered"):
        Predictor.from_pretrained(tmp_path / "mine").predict([("nasbench201", GOOD)], ["cifar10"])


@pytest.mark.parametrize(
    ("name", "content"),
    [("config.json.gz", b"{}"), ("config.json.gz", b"[]"), ("known.safetensors", b"no arrays"),
     ("known.safetensors", save({"x": np.zeros(1)})), ("rank-trees.json.gz", b"7"), ("task-cifar10.txt.gz", b"\xff")],
    ids=["no keys", "a list", "no arrays", "other arrays", "no texts", "no text"],
)  # fmt: skip
def test_hostile_weights_are_a_checkpoint_error(
    predictor: Predictor, tmp_path: Path, name: str, content: bytes
) -> None:
    whole = predictor.weights.checkpoint
    kept = {other: whole.stored(other) for other in whole.names() if other != name}
    write_checkpoint(tmp_path, {name: content}, whole.about, kept=kept)
    with pytest.raises(CheckpointError):
        weights = Predictor.from_pretrained(tmp_path).weights
        assert weights.known and weights.head and weights.task("cifar10")


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [("known_names", lambda x: x[1:], "names"), ("known_spaces", lambda x: x[1:], "spaces"),
     ("known_kinds", lambda x: x[1:], "kinds"), ("known_kinds", lambda x: ["mine", *x[1:]], "distances of 'mine'"),
     ("known_kinds", lambda x: [7, *x[1:]], "distances of 7"), ("known_kinds", lambda x: [["a"], *x[1:]], "TypeError"),
     ("known_spaces", lambda x: ["mine", *x[1:]], "distances of 'mine'"), ("points", lambda x: x[1:], "points"),
     ("points", lambda x: x[:, 1:], "lengths"), ("centre", lambda x: x[1:], "lengths"),
     ("scale", lambda x: x[1:], "lengths"), ("predicted", lambda x: x[1:], "lengths"),
     ("predicted", lambda x: x[:, 1:], "lengths"), ("familiar.bert", lambda x: x[None], "distances of 'bert'")],
)  # fmt: skip
def test_an_index_whose_parts_do_not_fit_is_a_checkpoint_error(
    predictor: Predictor, tmp_path: Path, key: str, change: Callable[[Any], Any], message: str
) -> None:
    whole = predictor.weights.checkpoint
    config, arrays = whole.read_json("config.json.gz"), load(whole.read("known.safetensors"))
    part: dict[str, Any] = config if key in config else arrays
    part[key] = change(part[key])
    files = {
        "config.json.gz": json.dumps(config).encode(),
        "known.safetensors": save({name: np.ascontiguousarray(array) for name, array in arrays.items()}),
    }
    write_checkpoint(tmp_path, files, whole.about, kept={n: whole.stored(n) for n in whole.names() if n not in files})
    with pytest.raises(CheckpointError, match=f"index of known architectures is damaged.*{message}"):
        assert Weights(tmp_path).known


def test_unknown_tasks_and_folders(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="cifar10"):
        predictor.predict([("nasbench201", GOOD)], ["cifar11"])
    with pytest.raises(CheckpointError):
        Predictor.from_pretrained(tmp_path)


def golden(predictor: Predictor) -> dict[str, float]:
    """A few answers; write them anew with `python -m tests.archlm.test_predictor` when weights change on purpose."""
    items = [("nasbench201", GOOD), ("nasbench201", POOR), ("transnas_micro", "64-41414-3_33_333"), EXAMPLE]
    table = predictor.predict(items, ["cifar10", "imagenet-1k", "transnas/class_scene"])
    names = [f"{Path(a).name}, {t}" for a, t in zip(table.arch, table.task, strict=True)]
    return dict(zip(names, table["mean"].astype(float).round(3).tolist(), strict=True))


def test_golden_predictions(predictor: Predictor) -> None:
    assert golden(predictor) == pytest.approx(json.loads(GOLDEN.read_text()), abs=2e-3)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden(Predictor.from_pretrained()), indent=1) + "\n")
