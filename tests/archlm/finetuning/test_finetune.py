"""A predictor fitted to a user's networks, from table to answer."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load, save

from archlm import Predictor
from archlm.finetuning import report, selection
from archlm.finetuning.block_process import BlockProcess
from archlm.finetuning.finetuned import FinetunedTask
from archlm.finetuning.report import write_report
from archlm.finetuning.selection import CHOSEN, NETWORKS
from archlm.finetuning.table import read_table
from archlm.finetuning.tuned_networks import TunedNetworks
from onnx_bench import spaces
from onnx_bench.errors import CheckpointError, InvalidTableError, UnknownNameError, UserInputError
from onnx_bench.tasks import get_task

SPACE = "nasbench201"


def measured(count: int, seed: int) -> pd.DataFrame:
    """Networks whose made-up value grows with their costs."""
    space, rng = spaces.get(SPACE), random.Random(seed)
    graphs = {space.build(arch).fingerprint(): (arch, space.build(arch)) for arch in
              (space.sample(rng) for _ in range(3 * count))}  # fmt: skip
    some = list(graphs.values())[:count]
    value = [np.log(1e6 + g.macs) + 0.2 * np.sqrt(sum(n.op == "Relu" for n in g.nodes)) for _, g in some]
    return pd.DataFrame({"arch": [arch for arch, _ in some], "speed": np.round(value, 4)})


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return measured(44, seed=0)


@pytest.fixture(scope="module")
def fitted(table: pd.DataFrame) -> Predictor:
    return Predictor.from_pretrained().finetune(table[:14], "speed", space=SPACE, direction="max")


def asked(predictor: Predictor, table: pd.DataFrame) -> pd.DataFrame:
    return predictor.predict([(SPACE, arch) for arch in table.arch], ["speed"])


def test_it_ranks_networks_that_it_has_not_seen(fitted: Predictor, table: pd.DataFrame) -> None:
    found = asked(fitted, table[14:])
    assert found["mean"].corr(table.speed[14:].reset_index(drop=True), method="spearman") > 0.9
    truth = table.speed[14:].to_numpy()
    assert ((found.q05 <= truth) & (truth <= found.q95)).mean() > 0.7
    assert (found.q05 < found["mean"]).all() and (found["mean"] < found.q95).all()
    assert found.error.isna().all()


def test_neighbours_have_their_label_and_what_was_said_without_it(fitted: Predictor, table: pd.DataFrame) -> None:
    labels = dict(zip(table.arch, table.speed, strict=True))
    near = [one for some in asked(fitted, table[:20]).neighbours for one in some]
    assert all(one["measured"] == labels[one["name"]] for one in near)
    assert all(np.isfinite(one["predicted"]) and one["predicted"] != one["measured"] for one in near)


def test_a_label_that_was_never_held_out_has_no_prediction_without_it(fitted: Predictor) -> None:
    part = fitted.finetuned["speed"]
    scores = np.where(np.arange(len(part.values)) == 2, np.nan, part.choice.scores)
    said = replace(part, choice=replace(part.choice, scores=scores)).held_out
    assert [place for place, value in enumerate(said) if value is None] == [2]


def test_features_are_decorrelated_as_in_the_known_spaces(fitted: Predictor) -> None:
    known = fitted.weights.decorrelation
    np.testing.assert_array_equal(fitted.finetuned["speed"].places.decorrelation, known)
    assert np.isfinite(known).all() and not np.allclose(known, np.diag(np.diag(known)))


def test_other_tasks_are_answered_as_before(fitted: Predictor, table: pd.DataFrame) -> None:
    items = [(SPACE, table.arch[0])]
    both = fitted.predict(items, ["cifar10", "speed"])
    pd.testing.assert_frame_equal(both[:1], Predictor.from_pretrained().predict(items, ["cifar10"]))
    assert fitted.tasks[0] == "speed"


def test_a_task_that_is_not_known_is_answered_with_its_own_ones_first(fitted: Predictor) -> None:
    with pytest.raises(UnknownNameError, match=r"no task is called 'the speed'; did you mean speed\?"):
        fitted.predict([(SPACE, "x")], ["the speed"])
    with pytest.raises(UnknownNameError, match="no task is called '12345'; this predictor answers speed, "):
        fitted.predict([(SPACE, "x")], ["12345"])


def test_it_is_saved_and_read(fitted: Predictor, table: pd.DataFrame, tmp_path: Path) -> None:
    fitted.save_pretrained(tmp_path)
    back = Predictor.from_pretrained(tmp_path)
    pd.testing.assert_frame_equal(asked(back, table[:5]), asked(fitted, table[:5]))
    file = next(tmp_path.glob("finetuned-*.safetensors"))
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match="altered"):
        Predictor.from_pretrained(tmp_path)


def test_more_labels_are_fitted_with_the_old_ones(fitted: Predictor, table: pd.DataFrame) -> None:
    more = table[12:20].copy()
    more.loc[more.index[0], "speed"] += 0.5
    again = fitted.finetune(more, "speed", space=SPACE, direction="max").finetuned["speed"]
    assert len(again.values) == 20, "two of the eight were measured before"
    assert again.notes == (
        "column 'speed' holds labels of your task speed, higher is better",
        "labels: 12 from before, 6 of new networks, 2 of networks measured again; the new values count",
    )
    assert again.values[again.names.index(more.arch.iloc[0])] == more.speed.iloc[0]
    with pytest.raises(InvalidTableError, match="direction"):
        fitted.finetune(more, "speed", space=SPACE, direction="min")


def test_a_stranger_is_flagged_and_its_interval_is_wide(fitted: Predictor, table: pd.DataFrame) -> None:
    stranger = fitted.predict([spaces.get("mnasnet").build(spaces.get("mnasnet").sample(random.Random(0)))], ["speed"])
    usual = asked(fitted, table[14:])
    assert stranger.in_distribution[0] < usual.in_distribution.median()
    assert stranger.q95[0] - stranger.q05[0] > 1.5 * (usual.q95 - usual.q05).median()
    assert any("farther" in note for note in stranger.warnings[0])


def test_five_labels_are_known_better_than_a_guess_from_them(table: pd.DataFrame) -> None:
    costs = table.assign(latency=np.exp(table.speed) / 1e7).drop(columns="speed").sample(frac=1, random_state=2)
    five, others = costs[:5], costs[5:]
    fitted = Predictor.from_pretrained().finetune(five, "latency", space=SPACE)
    found = fitted.predict([(SPACE, arch) for arch in others.arch], ["latency"])
    inside = (found.q05.to_numpy() <= others.latency) & (others.latency <= found.q95.to_numpy())
    ratio = found.q95 / found.q05
    assert inside.mean() >= 0.9 and ratio.median() < 100 and ratio.max() < 1e5  # the labels themselves: a factor of 12


def test_the_report_names_what_answers(fitted: Predictor, tmp_path: Path) -> None:
    part = fitted.finetuned["speed"]
    text = write_report(tmp_path, [part]).read_text()
    assert "14 measured networks" in text and max(part.choice.shares, key=lambda n: part.choice.shares[n]) in text
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.md", "predicted.png", "calibration.png", "learners.png", "curve.png",
    }  # fmt: skip
    assert f"{part.choice.errors[CHOSEN]:.2f}" in text
    assert part.curve is not None and part.curve.labels == (5, 11)
    assert all(f"| {labels} | {error:.2f} |" in text for labels, error in zip((5, 11), part.curve.errors, strict=True))


def test_the_report_of_several_tasks_has_a_section_and_pictures_of_each(
    fitted: Predictor, table: pd.DataFrame, tmp_path: Path
) -> None:
    both = fitted.finetune(table[:6].rename(columns={"speed": "second"}), "second", space=SPACE)
    text = write_report(tmp_path, list(both.finetuned.values())).read_text()
    assert [line for line in text.splitlines() if line.startswith("# ")] == ["# speed", "# second"]
    pictures = re.findall(r"\]\((.*?)\)", text)
    assert len(pictures) == len(set(pictures)) == 7
    assert {path.name for path in tmp_path.iterdir()} == {"report.md", *pictures}


@pytest.mark.parametrize("unit", ["ms", r"$\frac$"])
def test_a_picture_says_what_was_measured_and_in_which_unit(fitted: Predictor, unit: str) -> None:
    part = fitted.finetuned["speed"]
    named = replace(part, task=replace(part.task, title="Speed of my phone", unit=unit))
    figure = report._scatter(part.values, part.values, named)
    figure.canvas.draw()
    (axes,) = figure.axes
    assert axes.get_title() == "Speed of my phone"
    assert axes.get_xlabel() == f"measured, {unit}" and axes.get_ylabel().endswith(f", {unit}")
    assert axes.get_yscale() == ("log" if part.scale.logarithmic else "linear")


def test_a_cost_is_drawn_on_logarithmic_axes_with_plain_numbers(fitted: Predictor) -> None:
    part = fitted.finetuned["speed"]
    scale = replace(part.scale, logarithmic=True, values=tuple(np.log(np.linspace(2, 7, len(part.scale.values)))))
    figure = report._scatter(np.linspace(2, 7, 6), np.linspace(2, 7, 6), replace(part, scale=scale))
    figure.canvas.draw()
    (axes,) = figure.axes
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert {"2", "3", "4"} <= {label.get_text() for label in axes.get_xticklabels(minor=True)}


def test_a_report_that_cannot_be_written_is_said(fitted: Predictor, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserInputError, match=r"cannot write to .*report.md"):
        write_report(tmp_path / "file", [fitted.finetuned["speed"]])


def test_a_damaged_task_is_a_checkpoint_error(fitted: Predictor) -> None:
    files, tasks = fitted.finetuned["speed"].to_files("x"), len(fitted.weights.neural_tasks)
    body, content = json.loads(files["x.json.gz"]), files["x.safetensors"]
    for damaged in ([], None, body | {"shares": []}, body | {"names": body["names"][1:]}, body | {"band": [1]}):
        with pytest.raises(CheckpointError, match="mine is damaged"):
            FinetunedTask.from_files(damaged, content, "mine", tasks)
    for cut in (b"", b"no arrays", content[:-4]):
        with pytest.raises(CheckpointError, match="mine is damaged"):
            FinetunedTask.from_files(body, cut, "mine", tasks)


ARRAYS = [
    ("decorrelation", lambda old: old[:-1, :-1]), ("mean", lambda old: old[:-1]), ("points", lambda old: old[:, 1:]),
    ("points", lambda old: old * np.nan), ("usual", lambda old: old * np.inf), ("learner.decorrelation", np.ravel),
    ("learner.weights", lambda old: old[..., :-1]), ("learner.inverse", lambda old: old[:, :-1, :-1]),
    ("learner.masses", lambda old: old[:1, :1]), ("learner.kernels", np.zeros_like),
    ("learner.variance", lambda old: old[:0]), ("learner.numbers", lambda old: -old),
    ("learner.inputs", lambda old: old[:, :-1]), ("learner.input_mean", lambda old: old[None]),
    ("learner.input_factor", lambda old: np.full_like(old, np.inf)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change"), ARRAYS)
def test_arrays_that_do_not_fit_are_found_when_they_are_read(
    fitted: Predictor, name: str, change: Callable[[Any], Any]
) -> None:
    part, tasks = fitted.finetuned["speed"], len(fitted.weights.neural_tasks)
    place = [isinstance(one, BlockProcess) for one in part.learners.values()].index(True)
    files = part.to_files("x")
    body, arrays = json.loads(files["x.json.gz"]), load(files["x.safetensors"])
    FinetunedTask.from_files(body, files["x.safetensors"], "mine", tasks)
    key = name.replace("learner", f"learner{place}")
    content = save(arrays | {key: np.ascontiguousarray(change(arrays[key]))})
    with pytest.raises(CheckpointError, match="mine is damaged"):
        FinetunedTask.from_files(body, content, "mine", tasks)


def test_a_task_that_was_fitted_beside_other_members_is_found_when_it_is_read(fitted: Predictor) -> None:
    files, tasks = fitted.finetuned["speed"].to_files("x"), len(fitted.weights.neural_tasks)
    with pytest.raises(CheckpointError, match="mine is damaged"):
        FinetunedTask.from_files(json.loads(files["x.json.gz"]), files["x.safetensors"], "mine", tasks + 200)


def test_a_wrong_table_gives_no_predictor(table: pd.DataFrame) -> None:
    predictor = Predictor.from_pretrained()
    with pytest.raises(InvalidTableError):
        predictor.finetune(table.assign(speed=1.0), "speed", space=SPACE)
    assert not predictor.finetuned


def test_explaining_a_fitted_task_is_refused(fitted: Predictor, table: pd.DataFrame) -> None:
    with pytest.raises(UserInputError, match="report"):
        fitted.explain((SPACE, table.arch[0]), "speed")


@pytest.fixture(scope="module")
def timed(table: pd.DataFrame) -> pd.DataFrame:
    """A device that runs networks as they were trained, dead branches included."""
    graphs = [spaces.get(SPACE).build(arch, normalised=False) for arch in table.arch]
    latency = [2.0 + 3e-8 * g.macs + 0.05 * g.num_nodes for g in graphs]
    return pd.DataFrame({"arch": table.arch, "my phone latency": latency})


@pytest.fixture(scope="module")
def device(timed: pd.DataFrame) -> Predictor:
    return Predictor.from_pretrained().finetune(timed[:12], "my phone latency", space=SPACE)


def relative_errors(found: pd.DataFrame, timed: pd.DataFrame) -> pd.Series[float]:
    return (found["mean"] / timed["my phone latency"][12:].reset_index(drop=True) - 1).abs()


def test_a_device_is_fitted_by_its_costs(device: Predictor, timed: pd.DataFrame) -> None:
    part = device.finetuned["my-phone-latency"]
    assert part.task.direction == "min" and part.choice.shares["device costs"] >= 0.4
    assert part.as_trained and device.reads_as_trained("my-phone-latency") and not device.reads_as_trained("cifar10")
    found = device.predict([(SPACE, arch) for arch in timed.arch[12:]], ["my-phone-latency"])
    assert relative_errors(found, timed).median() < 0.05
    assert (found.q05 > 0).all()


def test_a_network_of_a_file_is_answered_by_costs_of_its_canonical_form(device: Predictor, timed: pd.DataFrame) -> None:
    files = [spaces.get(SPACE).build(arch).to_onnx().SerializeToString() for arch in timed.arch[12:16]]
    found = device.predict([*files, *((SPACE, arch) for arch in timed.arch[12:16])], ["my-phone-latency"])
    assert not np.allclose(found["mean"][:4], found["mean"][4:]), "dead branches are not in a file"
    assert np.abs(found["mean"][:4].to_numpy() / found["mean"][4:].to_numpy() - 1).max() < 0.5


def test_a_fitted_device_is_saved_and_fitted_again(device: Predictor, timed: pd.DataFrame, tmp_path: Path) -> None:
    device.save_pretrained(tmp_path)
    back = Predictor.from_pretrained(tmp_path)
    items = [(SPACE, arch) for arch in timed.arch[12:15]]
    pd.testing.assert_frame_equal(
        back.predict(items, ["my-phone-latency"]), device.predict(items, ["my-phone-latency"])
    )
    again = back.finetune(timed[10:18], "my phone latency", space=SPACE)
    part = again.finetuned["my-phone-latency"]
    assert len(part.values) == 18 and part.as_trained, "two were measured before"


def test_cells_that_differ_in_dead_branches_alone_are_two_to_a_device_and_one_otherwise() -> None:
    cells = [f"|nor_conv_3x3~0|+|none~0|{dead}~1|+|skip_connect~0|none~1|none~2|" for dead in ("none", "nor_conv_3x3")]
    rest = [f"|{op}~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|nor_conv_1x1~2|" for op in
            ("nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3", "skip_connect")]  # fmt: skip
    archs = [*cells, *rest]
    table = pd.DataFrame({"arch": archs, "latency": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]})
    assert not any(graph.normalised for graph in read_table(table, "latency", space=SPACE).graphs)
    merged = read_table(table.rename(columns={"latency": "accuracy"}), "accuracy", space=SPACE)
    assert merged.values.tolist() == [1.5, 3.0, 4.0, 5.0, 6.0]


def test_labels_that_are_nearly_all_the_same_are_fitted(table: pd.DataFrame) -> None:
    few = table[:5].assign(score=[90.0, 90.0, 90.0, 90.0, 91.0])[["arch", "score"]]
    found = Predictor.from_pretrained().finetune(few, "score", space=SPACE, direction="max")
    answers = found.predict([(SPACE, arch) for arch in table.arch[:8]], ["score"])
    assert answers["mean"].between(88, 93).all()


def test_percentages_stay_between_0_and_100(table: pd.DataFrame) -> None:
    shares = table[:6].assign(accuracy=[98.1, 99.9, 99.2, 98.9, 99.8, 99.7])[["arch", "accuracy"]]
    found = Predictor.from_pretrained().finetune(shares, "accuracy", space=SPACE, task=get_task("cifar10"))
    answers = found.predict([(SPACE, arch) for arch in table.arch], ["cifar10"])
    assert answers.q95.max() == 100
    assert (answers.q05 <= answers["mean"]).all() and (answers["mean"] <= answers.q95).all()


def test_yes_and_no_are_answered_between_0_and_1(table: pd.DataFrame) -> None:
    yes = table[:12].assign(converged=(table.speed > table.speed.median()).astype(int))
    found = Predictor.from_pretrained().finetune(yes, "converged", space=SPACE)
    answers = found.predict([(SPACE, arch) for arch in table.arch], ["converged"])
    assert answers.q05.min() == 0 and answers.q95.max() == 1
    assert (answers.q05 <= answers["mean"]).all() and (answers["mean"] <= answers.q95).all()


def test_a_direction_that_was_guessed_can_be_given(table: pd.DataFrame) -> None:
    shipped = Predictor.from_pretrained()
    plain = table[:6].rename(columns={"speed": "foo"})
    assert shipped.finetune(plain, "foo", space=SPACE).finetuned["foo"].task.direction == "max"
    found = shipped.finetune(plain, "foo", space=SPACE, direction="min").finetuned["foo"].task
    assert found.direction == "min" and "lower is better" in found.description


def test_two_predictors_have_a_task_of_one_name_each_its_own(table: pd.DataFrame) -> None:
    shipped = Predictor.from_pretrained()
    plain = table[:6].rename(columns={"speed": "bar"})
    less = shipped.finetune(plain, "bar", space=SPACE, direction="min")
    more = shipped.finetune(plain, "bar", space=SPACE, direction="max")
    items = [(SPACE, arch) for arch in table.arch[:6]]
    low, high = (one.predict(items, ["bar"]) for one in (less, more))
    order = np.argsort(plain["bar"].to_numpy())
    assert low.percentile[order[0]] > 50 > high.percentile[order[0]]
    again = less.finetune(table[6:11].rename(columns={"speed": "bar"}), "bar", space=SPACE).finetuned["bar"]
    assert again.task.direction == "min" and len(again.values) == 11


def test_one_more_label_and_one_corrected_will_do(table: pd.DataFrame) -> None:
    fitted = Predictor.from_pretrained().finetune(table[:6], "speed", space=SPACE)
    more = fitted.finetune(table[6:7], "speed", space=SPACE)
    assert more.finetuned["speed"].values.tolist() == table.speed[:7].tolist()
    corrected = table[:6].assign(speed=10.0)
    found = more.finetune(corrected[:1], "speed", space=SPACE).finetuned["speed"]
    assert sorted(found.values) == sorted([10.0, *table.speed[1:7]])
    with pytest.raises(InvalidTableError, match="is 10 for all 6 networks"):
        fitted.finetune(corrected, "speed", space=SPACE)
    with pytest.raises(InvalidTableError, match="the table has 0 networks"):
        fitted.finetune(table[:0], "speed", space=SPACE)


class Started(Exception):
    """Graph networks are trained."""


def test_slow_steps_are_told_before_they_start_and_can_be_left_out(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*_: object, **__: object) -> None:
        raise Started

    monkeypatch.setattr(selection, "NETWORKS_LEAST", 5)
    monkeypatch.setattr(TunedNetworks, "fit", started)
    shipped, told = Predictor.from_pretrained(), list[str]()
    quick = shipped.finetune(table[:8], "speed", space=SPACE, direction="max", quick=True, progress=told.append)
    assert NETWORKS not in quick.finetuned["speed"].choice.errors and not any("minutes" in step for step in told)
    with pytest.raises(Started):
        shipped.finetune(table[:8], "speed", space=SPACE, direction="max", progress=told.append)
    assert told[-1] == "fold 1 of 10: training graph networks, minutes"


def test_a_misfit_of_a_fitted_quality_is_told_and_one_of_a_device_is_not(table: pd.DataFrame) -> None:
    bert = spaces.get("bert").build(spaces.get("bert").sample(random.Random(0)))
    few = table[:6].assign(accuracy=[98.1, 99.9, 99.2, 98.9, 99.8, 99.7])[["arch", "accuracy"]]
    found = Predictor.from_pretrained().finetune(few, "accuracy", space=SPACE, task=get_task("cifar10"))
    assert "no image" in found.predict(bert, "cifar10").warnings[0][0]
    timed = found.finetune(few, "accuracy", space=SPACE, task=get_task("latency/pixel3"))
    assert not any("no image" in note for note in timed.predict(bert, "latency/pixel3").warnings[0])
