"""`archlm`, `archlm tasks`, `archlm spaces`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

import archlm
from archlm.cli.spaces import EXAMPLE_WIDTH
from onnx_bench.spaces import get, list_spaces
from onnx_bench.tasks import get_task, list_tasks, registry
from tests.archlm.cli.conftest import Run


def test_version_and_help(archlm_command: Run) -> None:
    assert archlm_command("--version").stdout == f"archlm {archlm.__version__}\n"
    shown = archlm_command("--help").stdout
    assert all(command in shown for command in ("predict", "inspect", "encode", "convert", "tasks", "spaces"))


def test_every_task_is_listed_by_its_whole_name_and_described(archlm_command: Run) -> None:
    shown = archlm_command("tasks")
    names = re.findall(r"^ (\S+)", shown.stdout, flags=re.MULTILINE)[2:]  # after the heading and its rule
    assert shown.exit_code == 0 and names == [task.name for task in list_tasks()]
    told = json.loads(archlm_command("tasks", "--json").stdout)
    assert [task["name"] for task in told] == [task.name for task in list_tasks()]
    assert told[0]["protocols"][0]["space"] == "nasbench101"
    assert all(task["description"] == get_task(task["name"]).description for task in told)


def test_tasks_that_the_weights_predict_are_marked(archlm_command: Run) -> None:
    told = json.loads(archlm_command("tasks", "--json").stdout)
    predicted = [task["name"] for task in told if task["predicted"]]
    assert set(predicted) == set(archlm.Predictor.from_pretrained().tasks)
    assert "cifar10" in predicted and "throughput/a100" not in predicted
    assert re.search(r"cifar10 .* yes ", archlm_command("tasks").stdout)


def test_a_task_of_ones_own_is_checked_and_listed(
    archlm_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_TASKS", dict(registry._TASKS))
    body = get_task("cifar10").to_dict() | {"name": "mine", "title": "Mine", "protocols": []}
    (tmp_path / "mine.yaml").write_text("\n".join(f"{key}: {json.dumps(value)}" for key, value in body.items()))
    told = json.loads(archlm_command("tasks", "--task", tmp_path / "mine.yaml", "--json").stdout)
    assert told[-1] == body | {"predicted": False}
    (tmp_path / "bad.yaml").write_text("name: mine\nclases: 10")
    shown = archlm_command("tasks", "--file", tmp_path / "bad.yaml")
    assert shown.exit_code == 2 and "did you mean classes" in " ".join(shown.stderr.split())


def test_every_space_is_listed_with_an_architecture_that_it_can_read(archlm_command: Run) -> None:
    shown = archlm_command("spaces").stdout
    told = json.loads(archlm_command("spaces", "--json").stdout)
    assert [space["name"] for space in told] == list_spaces()
    for space in told:
        assert space["tasks"][0] == space["default_task"]
        assert all(get_task(task).name == task for task in space["tasks"])
        if space["missing"] is None:
            assert space["example"][:EXAMPLE_WIDTH] in shown
            get(space["name"]).parse(space["example"])
    assert max(map(len, shown.splitlines())) < EXAMPLE_WIDTH + 100


def test_a_space_without_its_extra_is_listed_with_a_word_on_it(
    archlm_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    (told,) = (space for space in json.loads(archlm_command("spaces", "--json").stdout) if space["name"] == "timm")
    assert told["size"] is None and told["example"] is None and told["extra"] == "zoo"
    assert "pip install 'archlm[zoo]'" in told["missing"]
    shown = archlm_command("spaces").stdout
    assert "needs the extra zoo" in shown and told["missing"] in shown
