"""Which task the values of a table are of: guessed from the column, given, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from onnx_bench.tasks import Task, get_task
from tests.archlm.finetuning.test_table import VALUES, frame, read, refused


def percent_task(**more: Any) -> Task:
    return Task.from_dict(get_task("cifar10").to_dict() | {"name": "mine", "protocols": ()} | more)


@pytest.mark.parametrize(
    ("target", "direction"),
    [("accuracy", "max"), ("params", "max"), ("top1", "max"), ("latency_ms", "min"), ("runtime", "min"),
     ("trainLoss", "min"), ("WER", "min"), ("val ppl", "min"), ("fid50k", "min"), ("sometimes", "max")],
)  # fmt: skip
def test_the_direction_is_guessed_from_the_name_and_said(target: str, direction: str) -> None:
    found = read(frame(target=target), target)
    assert (found.task.direction, found.task.metric, found.task.unit) == (direction, target, "")
    better, opposite = ("higher", "minimise") if direction == "max" else ("lower", "maximise")
    assert found.notes == (f"{better} {target} is taken to be better; say --{opposite} otherwise",)


def test_a_given_direction_is_not_guessed() -> None:
    found = read(frame(target="Top-1 acc."), "Top-1 acc.", direction="min")
    assert (found.task.name, found.task.direction, found.notes) == ("top-1-acc", "min", ())


@pytest.mark.parametrize("column", ["cifar10", "CIFAR10"])
def test_a_column_named_after_a_known_task_is_that_task(column: str) -> None:
    found = read(frame(target=column), column)
    assert found.task == get_task("cifar10")
    assert found.notes == (f"column {column!r} is taken for the known task cifar10: top-1 accuracy in %",)


def test_columns_of_any_script_are_tasks_of_their_own() -> None:
    names = [read(frame(target=column), column).task.name for column in ("精度", "时延", "Prüf_Güte (µs)")]
    assert names == ["精度", "时延", "prüf-güte-µs"]


def test_two_columns_never_become_one_task() -> None:
    for first, second in (("x" * 70 + "1", "x" * 70 + "2"), ("%", "#")):
        known = read(frame(target=first), first).task
        assert read(frame(target=first), first, own={known.name: known}).task is known
        assert "rename the column" in refused(frame(target=second), second, own={known.name: known})
        assert read(frame(target=second), second).task.title == second, "another predictor's task is no concern"


def test_a_given_task_is_taken() -> None:
    task = percent_task()
    found = read(frame(), task=task)
    assert found.task is task and found.notes == ()


@pytest.mark.parametrize("more", [{"target": "cifar10"}, {"task": percent_task()}])
def test_a_direction_against_the_task_is_refused(more: dict[str, Any]) -> None:
    target = more.get("target", "acc")
    assert "has direction max, but min is asked for" in refused(frame(target=target), **more, direction="min")


def test_percent_must_be_percent() -> None:
    for wrong in (-1, 100.5):
        message = refused(frame([wrong, *VALUES[1:]]), task=percent_task())
        assert "from 0 to 100" in message and f"row 2 ({wrong:g})" in message
    assert "multiply by 100" in refused(frame([v / 100 for v in VALUES], target="cifar10"), "cifar10")
    assert read(frame([0.0, 0.5, 1, 100, 2, 3]), task=percent_task()).values.max() == 100


@pytest.mark.parametrize("wrong", [0.0, -1.0])
def test_costs_are_positive(wrong: float) -> None:
    table = frame([*VALUES[:5], wrong])
    for unit in ("ms", "mJ", "MiB", "ms per image"):
        message = refused(table, task=percent_task(direction="min", unit=unit))
        assert f"mine (in {unit}) is a cost, above 0" in message and f"row 7 ({wrong:g})" in message
    assert "is a cost" in refused(table.rename(columns={"acc": "latency"}), "latency")
    for more in ({"direction": "max", "unit": "ms"}, {"direction": "min", "unit": "nats per token"}):
        assert read(table, task=percent_task(**more)).values[-1] == wrong


def test_shares_among_percentages_are_said() -> None:
    (_, note) = read(frame([0.9, 0.91, 92, 93, 94, 95])).notes
    assert note.startswith("2 of 6 values are below 1, the others from 92 to 95")
