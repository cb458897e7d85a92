"""What README.md shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from archlm.bench.build import build
from archlm.bench.plan import make_plan
from onnx_bench.tasks import Task
from tests.code_map import REPOSITORY
from tests.readme_example import FILE, SECTION, example


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)


def test_the_example_prints_what_is_shown() -> None:
    found = SECTION.search(FILE.read_text())
    assert found is not None and found[0] == example(found["arguments"]), "run: python -m tests.readme_example"


def test_the_python_examples_run(tmp_path: Path) -> None:
    build(tmp_path, make_plan(None, samples=[("nats_size", 5)]), processes=1)
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", FILE.read_text(), re.DOTALL):
        exec(block.replace('"DATA"', repr(str(tmp_path))).replace('("mine")', f"({str(tmp_path / 'mine')!r})"), names)
    assert list(names["answers"]["task"]) == ["imagenet-1k", "cifar10"]
    assert set(names["parts"]) <= {"train", "validation", "test"} and len(names["parts"]) == 5


def test_the_task_of_ones_own_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", FILE.read_text(), re.DOTALL)
    (tmp_path / "task.yaml").write_text(text)
    task = Task.from_yaml(tmp_path / "task.yaml")
    assert (task.name, task.direction, task.unit, task.modality) == ("energy/my-phone", "min", "mJ", "image")


def test_there_are_exactly_two_set_up_commands() -> None:
    block = re.search(r"## Set-up\n\n```bash\n(.*?)```", FILE.read_text(), re.DOTALL)
    assert block is not None
    assert [line.split("#")[0].strip() for line in block[1].splitlines()] == ["make demo", "make test"]
    targets = re.findall(r"^(\w+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
