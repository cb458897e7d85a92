"""Users add tasks from a YAML file or from Python; a mistake is answered with the key it is in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onnx_bench.errors import InvalidTaskError
from onnx_bench.tasks import Task, get_task, list_tasks, load_task, register_task, registry

YAML = """\
name: defects/weld
title: Weld defects
dataset: our weld photographs   # 12,000 of them
modality: image
classes: 4
resolution: 128
metric: balanced accuracy
direction: max
unit: "%"
split: test
device: ""
training: 60 epochs, about 2 GPU hours
description: Say which of four defects a weld has; balanced accuracy in percent.
protocols:
  - {space: mnasnet, split: test, epochs: 60}
  - space: timm
    split: validation
    epochs: null
    runs: 3
    note: fine-tuned
"""


@pytest.fixture(autouse=True)
def registry_of_one_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers is forgotten after it, not only after the file."""
    monkeypatch.setattr(registry, "_TASKS", dict(registry._TASKS))
    yield


def write(folder: Path, text: str | bytes) -> Path:
    file = folder / "task.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_a_file_becomes_a_task(tmp_path: Path) -> None:
    task = Task.from_yaml(write(tmp_path, YAML))
    assert (task.name, task.classes, task.unit, task.device) == ("defects/weld", 4, "%", "")
    first, second = task.protocols
    assert (first.space, first.epochs, first.runs, first.note) == ("mnasnet", 60, 1, "")
    assert (second.split, second.epochs, second.runs, second.note) == ("validation", None, 3, "fine-tuned")
    assert task not in list_tasks()  # reading is not registering


def test_protocols_may_be_left_out_and_nothing_stands_for_none(tmp_path: Path) -> None:
    text = (
        YAML.partition("protocols")[0].replace("classes: 4", "classes: null").replace("resolution: 128", "resolution:")
    )
    task = Task.from_yaml(write(tmp_path, text))
    assert (task.classes, task.resolution, task.protocols) == (None, None, ())


def test_five_lines_are_a_task(tmp_path: Path) -> None:
    kept = [line for line in YAML.splitlines() if line.partition(":")[0] in ("name", "title", "metric", "direction")]
    task = Task.from_yaml(write(tmp_path, "\n".join([*kept, "modality: audio"])))
    assert (task.name, task.modality, task.unit, task.classes) == ("defects/weld", "audio", "", None)
    assert Task.from_dict(task.to_dict()) == task


def test_a_loaded_task_is_known(tmp_path: Path) -> None:
    task = load_task(write(tmp_path, YAML))
    assert get_task("defects/weld") is task and list_tasks()[-1] is task
    assert load_task(write(tmp_path, YAML)) == task  # a second time does nothing


def test_a_name_is_not_taken_from_another_task(tmp_path: Path) -> None:
    with pytest.raises(InvalidTaskError, match="another task is called 'cifar10' already"):
        load_task(write(tmp_path, YAML.replace("defects/weld", "cifar10")))
    assert get_task("cifar10").classes == 10


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [("title: Weld defects\n", "", "missing keys title"),
     ("direction", "directoin", "unknown key 'directoin'; did you mean direction?"),
     ("unit:", "5:", "unknown key 5; known keys: name, title"),
     ("modality: image", "modality: picture", "modality: found 'picture', expected one of image, graph, text"),
     ("direction: max", "direction: [max]", r"direction: found \['max'\], expected one of max, min"),
     ("classes: 4", "classes: four", "classes: found 'four', expected a whole number above 0 or nothing"),
     ("classes: 4", "classes: true", "classes: found True, expected a whole number"),
     ("classes: 4", "classes: 4.5", "classes: found 4.5, expected a whole number"),
     ("resolution: 128", "resolution: -1", "resolution: found -1, expected a whole number above 0"),
     ("title: Weld defects", "title: 2024-01-31", r"title: found datetime.date\(2024, 1, 31\), expected text"),
     ("title: Weld defects", "title: no", "title: found False, expected text .put it in quotes"),
     ("runs: 3", "runs: 0", r"protocols\[1\]: runs: found 0, expected a whole number above 0$"),
     ("space: timm\n", "spaec: timm\n", r"protocols\[1\]: unknown key 'spaec'; did you mean space?"),
     ("  - {space: mnasnet, split: test, epochs: 60}", "  - mnasnet", r"protocols\[0\]: found 'mnasnet', expected"),
     ("name: defects/weld", "name: ' '", "a name needs letters"),
     ("name: defects/weld", "name: /weld", "a name needs letters, and no space or slash at its ends")],
)  # fmt: skip
def test_a_mistake_is_answered_with_its_key(old: str, new: str, message: str, tmp_path: Path) -> None:
    assert old in YAML
    with pytest.raises(InvalidTaskError, match=message):
        load_task(write(tmp_path, YAML.replace(old, new)))


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "holds NoneType, expected lines such as"),
     ("- a\n- b", "holds list, expected lines such as"),
     ("just words", "holds str, expected lines such as"),
     ("name: [", "is no plain YAML"),
     ("name: a\n\tb: c", "is no plain YAML"),
     ("a: 1\n---\nb: 2", "is no plain YAML"),
     (f"{YAML}unit: ms", "line 21: the key 'unit' occurs twice"),
     ("protocols:\n - {space: a, space: b}", "line 2: the key 'space' occurs twice"),
     ("a: !!python/object/apply:os.system ['exit 1']", "line 1: a tag is not allowed"),
     ("a: &a [x, x]\nb: &b [*a, *a]", "line 2: an alias is not allowed"),
     ("a: &a {x: 1}\nb: {<<: [*a, *a]}", "line 2: an alias is not allowed"),
     ("a: " + "[" * 20_000, "line 1: nested more than 16 deep"),
     ("a:\n" + "- " * 20_000, "line 2: nested more than 16 deep"),
     ("a: " + "9" * 5_000, "is no plain YAML"),
     ("a: 2024-13-45", "is no plain YAML"),
     ("? [a, b]\n: c", "is no plain YAML|unknown key"),
     (b"name: \xff\xfe", "cannot be read as UTF-8"),
     ("#" * (1 << 16) + "\n" + YAML, "is larger than 65,536 bytes")],
)  # fmt: skip
def test_a_file_that_is_no_small_plain_mapping_is_refused(text: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidTaskError, match=message):
        Task.from_yaml(write(tmp_path, text))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidTaskError, match="cannot be read: No such file"):
        Task.from_yaml(tmp_path / "nowhere.yaml")
    with pytest.raises(InvalidTaskError, match="cannot be read"):
        Task.from_yaml(tmp_path)


def test_a_task_from_python_is_checked_the_same() -> None:
    mine = replace(get_task("cifar10"), name="cifar10-mine", protocols=())
    assert register_task(mine) is mine and get_task("cifar10-mine") is mine
    other = replace(mine, direction="min")
    assert register_task(other) is other and get_task("cifar10-mine") is other
    with pytest.raises(InvalidTaskError, match="called 'cifar10' already"):
        register_task(replace(get_task("cifar10"), direction="min"))
    wrong: dict[str, Any] = {"name": "x", "classes": "ten"}
    with pytest.raises(InvalidTaskError, match="task 'x': classes: found 'ten'"):
        register_task(replace(mine, **wrong))
