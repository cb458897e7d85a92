"""`archlm`, `archlm tasks`, `archlm spaces`."""

from __future__ import annotations

import json

import archlm
from onnx_bench.spaces import get, list_spaces
from onnx_bench.tasks import get_task, list_tasks
from tests.archlm.cli.conftest import Run


def test_version_and_help(archlm_command: Run) -> None:
    assert archlm_command("--version").stdout == f"archlm {archlm.__version__}\n"
    shown = archlm_command("--help").stdout
    assert all(command in shown for command in ("predict", "inspect", "encode", "convert", "tasks", "spaces"))


def test_every_task_is_listed_with_its_description(archlm_command: Run) -> None:
    shown = archlm_command("tasks")
    assert shown.exit_code == 0 and all(task.name in shown.stdout for task in list_tasks())
    told = json.loads(archlm_command("tasks", "--json").stdout)
    assert [task["name"] for task in told] == [task.name for task in list_tasks()]
    assert told[0]["protocols"][0]["space"] == "nasbench101"


def test_every_space_is_listed_with_an_architecture_that_it_can_read(archlm_command: Run) -> None:
    shown = archlm_command("spaces").stdout
    told = json.loads(archlm_command("spaces", "--json").stdout)
    assert [space["name"] for space in told] == list_spaces()
    for space in told:
        assert space["example"] in shown
        get(space["name"]).parse(space["example"])
        assert space["tasks"][0] == space["default_task"]
        assert all(get_task(task).name == task for task in space["tasks"])
