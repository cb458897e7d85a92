"""`archlm predict`: answers in order, and one bad file does not stop the rest."""

from __future__ import annotations

import csv
import json
import random
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest

from archlm.answer import COLUMNS
from onnx_bench.spaces import get
from onnx_bench.tasks import registry
from tests.archlm.cli.conftest import EXAMPLE, Run
from tests.archlm.test_record_store import GOOD, write_store
from tests.hostile import CASES

NUMBERS = ("mean", "q05", "q50", "q95", "percentile", "in_distribution")


def answers(archlm_command: Run, *arguments: object) -> list[dict[str, object]]:
    shown = archlm_command("predict", *arguments, "--json")
    assert shown.exit_code in (0, 1), shown.output
    return json.loads(shown.stdout)  # type: ignore[no-any-return]


@pytest.fixture
def folder(tmp_path: Path, example: Path) -> Path:
    """A directory with two good files around two bad ones, one of them in a subfolder."""
    (tmp_path / "models" / "more").mkdir(parents=True)
    shutil.copy(example, tmp_path / "models" / "a.onnx")
    (tmp_path / "models" / "b.onnx").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
    (tmp_path / "models" / "huge.onnx").write_bytes(CASES["shape_of_rank_31_huge"].make())
    shutil.copy(example, tmp_path / "models" / "more" / "c.onnx")
    (tmp_path / "models" / "notes.txt").write_text("not a model")
    return tmp_path / "models"


@pytest.fixture
def own_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that describes a task of one's own; what it registers is forgotten again."""
    monkeypatch.setattr(registry, "_TASKS", dict(registry._TASKS))
    path = tmp_path / "task.yaml"
    path.write_text("name: energy/toaster\ntitle: T\nmodality: image\nmetric: energy\ndirection: min\nunit: mJ\n")
    return path


def test_one_answer_for_each_network_and_task(archlm_command: Run, example: Path) -> None:
    rows = answers(archlm_command, example, "--task", "imagenet-1k", "--task", "cifar10")
    assert [(row["arch"], row["task"]) for row in rows] == [(str(example), "imagenet-1k"), (str(example), "cifar10")]
    for row in rows:
        assert tuple(row) == COLUMNS and row["error"] is None
        assert row["q05"] <= row["q50"] <= row["q95"] and 0 <= row["percentile"] <= 100  # type: ignore[operator]
        assert row["neighbours"] and 0 <= row["in_distribution"] <= 1  # type: ignore[operator]


def test_one_bad_file_does_not_stop_the_rest(archlm_command: Run, folder: Path) -> None:
    shown = archlm_command("predict", folder, "--task", "imagenet-1k", "--json")
    rows = json.loads(shown.stdout)
    assert shown.exit_code == 1
    assert [Path(row["arch"]).name for row in rows] == ["a.onnx", "b.onnx", "huge.onnx", "c.onnx"]
    assert [row["error"] is None for row in rows] == [True, False, False, True]
    assert rows[1]["error"]["type"] == "MalformedModelError" and "LFS" in rows[1]["error"]["message"]
    assert rows[2]["error"]["type"] == "ModelTooLargeError" and "2^63 - 1" in rows[2]["error"]["message"]
    assert all(row[key] is None for row in rows[1:3] for key in NUMBERS)
    assert all(name in shown.stderr for name in ("b.onnx", "huge.onnx")) and "a.onnx" not in shown.stderr
    assert {key: rows[0][key] for key in NUMBERS} == {key: rows[3][key] for key in NUMBERS}


def test_the_table_for_people(archlm_command: Run, example: Path) -> None:
    shown = archlm_command("predict", example, "--task", "imagenet-1k")
    assert shown.exit_code == 0, shown.output
    assert "imagenet-1k" in shown.stdout and "90 % interval" in shown.stdout and "is nearest to" in shown.stdout


def test_csv_has_the_same_answers(archlm_command: Run, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    shown = archlm_command("predict", folder, "--task", "imagenet-1k", "--csv", file, "--json")
    with file.open(newline="") as lines:
        table = list(csv.DictReader(lines))
    rows = json.loads(shown.stdout)
    assert [row["arch"] for row in table] == [row["arch"] for row in rows]
    assert float(table[0]["mean"]) == rows[0]["mean"] and table[1]["mean"] == ""
    assert table[1]["error_type"] == "MalformedModelError"


def test_csv_on_standard_output_stands_alone(archlm_command: Run, folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with chdir(empty):
        shown = archlm_command("predict", folder, "--task", "imagenet-1k", "--csv", "-")
    good, bad, *_ = csv.DictReader(shown.stdout.splitlines())
    assert float(good["mean"]) > 50 and bad["error_type"] == "MalformedModelError"
    assert "MalformedModelError" in shown.stderr and shown.exit_code == 1
    assert not list(empty.iterdir())


def test_python_code_is_named_by_what_makes_the_network(archlm_command: Run, tmp_path: Path) -> None:
    (tmp_path / "mynet.py").write_text("def build(): ...\n")
    (row,) = answers(archlm_command, tmp_path / "mynet.py", "--task", "cifar10")
    assert "mynet:build" in row["error"]["message"]  # type: ignore[index]


def test_architecture_strings(archlm_command: Run) -> None:
    good = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    poor = "|none~0|+|none~0|avg_pool_3x3~1|+|avg_pool_3x3~0|none~1|none~2|"
    shown = archlm_command("predict", good, "rubbish", poor, "--space", "nasbench201", "--task", "cifar10", "--json")
    first, second, third = json.loads(shown.stdout)
    assert shown.exit_code == 1 and second["error"]["type"] == "UnknownNameError"
    assert first["mean"] > third["mean"] and first["arch"] == good


def test_measured_values_of_a_data_set(archlm_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    question = ("predict", GOOD, "--space", "nasbench201", "--task", "cifar10")
    store = write_store(tmp_path)
    (row,) = json.loads(archlm_command(*question, "--records", store, "--json").stdout)
    assert row["measured"] == 94.5 and 94.5 in [near["measured"] for near in row["neighbours"]]
    monkeypatch.setenv("ARCHLM_RECORDS", str(store))
    assert "94.5 % measured on cifar10" in archlm_command(*question).stdout
    refused = archlm_command(*question, "--records", tmp_path)
    assert refused.exit_code == 1 and "archlm bench build" in refused.stderr


def test_explanations_name_features_and_layers(archlm_command: Run, example: Path) -> None:
    (row,) = answers(archlm_command, example, "--task", "imagenet-1k", "--explain")
    told = row["explanation"]
    assert told["features"] and told["layers"]  # type: ignore[index]
    shown = archlm_command("predict", example, "--task", "imagenet-1k", "--explain").stdout
    assert told["features"][0]["name"] in shown  # type: ignore[index]


def test_a_factory(archlm_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.py").write_text(
        "from torch import nn\n"
        "def net(): return nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), "
        "nn.Linear(16, 10))\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "train", raising=False)
    (row,) = answers(archlm_command, "train:net", "--input", "1x3x32x32", "--task", "cifar10")
    assert row["error"] is None and row["arch"] == "train:net"


def test_a_directory_holds_files_of_any_case_and_links_that_lead_nowhere(
    archlm_command: Run, example: Path, tmp_path: Path
) -> None:
    (tmp_path / "GOOD.ONNX").write_bytes(example.read_bytes())
    (tmp_path / "lost.onnx").symlink_to(tmp_path / "nothing")
    (tmp_path / "folder.onnx").mkdir()
    good, lost = answers(archlm_command, tmp_path, "--task", "cifar10")
    assert good["error"] is None
    assert "cannot be opened" in lost["error"]["message"]  # type: ignore[index]


def test_an_architecture_string_without_its_space_is_an_error_of_that_item_alone(
    archlm_command: Run, example: Path
) -> None:
    darts = get("darts").sample(random.Random(0))  # longer than a file name may be
    good, lost = answers(archlm_command, example, darts, "--task", "cifar10")
    assert good["error"] is None
    assert "name its search space" in lost["error"]["message"]  # type: ignore[index]


def test_answers_are_shown_although_their_table_cannot_be_written(
    archlm_command: Run, example: Path, tmp_path: Path
) -> None:
    shown = archlm_command("predict", example, "--task", "cifar10", "--csv", tmp_path / "no" / "table.csv", "--json")
    assert shown.exit_code == 1 and "cannot write" in str(shown.exception)
    assert json.loads(shown.stdout)[0]["mean"] > 50


@pytest.mark.parametrize("option", ["--task", "--described"])
def test_a_described_task_is_asked_by_its_file(archlm_command: Run, example: Path, own_task: Path, option: str) -> None:
    row, second = answers(archlm_command, example, option, own_task, "--task", "cifar10")
    assert [row["task"], second["task"]] == ["energy/toaster", "cifar10"]
    assert row["mean"] is None and row["percentile"] is not None and second["mean"] is not None


def test_a_task_that_is_fitted_is_not_asked_by_its_description(
    archlm_command: Run, example: Path, own_task: Path, tmp_path: Path
) -> None:
    table = tmp_path / "measured.csv"
    table.write_text("arch,uses\n" + "".join(f"{8 * i}:8:8:8:{8 * i},{i}\n" for i in range(1, 7)))
    given = ("--target", "uses", "--space", "nats_size", "--task", own_task, "--out", tmp_path / "mine")
    fitted = archlm_command("finetune", table, *given)
    assert fitted.exit_code == 0, fitted.output
    (row,) = answers(archlm_command, example, "--model", tmp_path / "mine", "--task", own_task)
    assert row["task"] == "energy/toaster" and row["mean"] is not None


@pytest.mark.parametrize("task", ["no.yaml", "nothing"])
def test_a_task_that_is_not_there(archlm_command: Run, example: Path, task: str) -> None:
    shown = archlm_command("predict", example, "--task", task)
    said = " ".join(shown.stderr.split())
    assert shown.exit_code == 2 and "for --task" in said
    assert ("no.yaml cannot be read" if task == "no.yaml" else "no task is called 'nothing'") in said


def test_what_cannot_be_explained_is_said_before_anything_is_read(archlm_command: Run, folder: Path) -> None:
    shown = archlm_command("predict", folder, "--task", "cifar10", "--task", "latency/pixel3", "--explain")
    assert shown.exit_code == 2 and shown.stdout == "" and "adds up over the layers" in " ".join(shown.stderr.split())


def test_an_empty_directory_is_an_error(archlm_command: Run, tmp_path: Path) -> None:
    (row,) = answers(archlm_command, tmp_path, "--task", "cifar10")
    assert "no .onnx file" in row["error"]["message"]  # type: ignore[index]


def test_standard_input_is_not_read(archlm_command: Run) -> None:
    (row,) = answers(archlm_command, "-", "--task", "cifar10")
    assert "standard input is not read" in row["error"]["message"]  # type: ignore[index]


@pytest.mark.parametrize("arguments", [(EXAMPLE,), (GOOD, "--space", "nasbench201")])
def test_shapes_for_what_has_its_own_are_refused(archlm_command: Run, arguments: tuple[object, ...]) -> None:
    shown = archlm_command("predict", *arguments, "--input", "1x3x32x32")
    assert shown.exit_code == 2 and "it is for module:factory" in " ".join(shown.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("x.onnx", "--task", "cifar-10"), "did you mean cifar10"), (("x", "--space", "nasbench"), "nasbench201"),
     ((), "Missing argument"), (("m:f", "--input", "3 by 4"), "no input shape"),
     (("x.onnx", "--csv", "-", "--json"), "--json prints")],
)  # fmt: skip
def test_usage_errors(archlm_command: Run, arguments: tuple[str, ...], said: str) -> None:
    shown = archlm_command("predict", *arguments)
    assert shown.exit_code == 2 and said in " ".join(shown.stderr.split()) and shown.stdout == ""


@pytest.mark.parametrize("with_records", [False, True])
def test_the_fast_path_imports_nothing_slow(example: Path, tmp_path: Path, with_records: bool) -> None:
    records = ["--records", str(write_store(tmp_path))] if with_records else []
    code = (
        "import sys; from typer.testing import CliRunner; from archlm.cli.main import app\n"
        f"shown = CliRunner().invoke(app, {['predict', str(example), *records]!r})\n"
        "slow = ('torch', 'torch_geometric', 'pandas', 'sklearn', 'transformers', 'onnxscript')\n"
        "print(shown.exit_code, [name for name in slow if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "0 []\n", done.stderr


def test_a_known_task_that_the_weights_do_not_predict_is_refused(archlm_command: Run, example: Path) -> None:
    unanswered = "throughput/a100"
    shown = archlm_command("predict", example, "--task", unanswered, "--task", "cifar10")
    assert shown.exit_code == 2 and shown.stdout == ""
    told = " ".join(shown.stderr.replace("│", "").split())
    assert f"these weights do not answer {unanswered}; they answer" in told and "cifar100" in told


def test_a_model_that_cannot_be_read_is_json_as_well(archlm_command: Run, example: Path, tmp_path: Path) -> None:
    shown = archlm_command("predict", example, "--model", tmp_path, "--json")
    assert shown.exit_code == 1 and json.loads(shown.stdout)["error"]["type"] == "CheckpointError"


def test_a_list_names_one_network_a_line(archlm_command: Run, tmp_path: Path) -> None:
    names = ["16:16:16:16:16", "8:8:8:8:8", "24:24:48:48:64"]
    (tmp_path / "names.txt").write_text("\ufeff" + "\r\n\n".join(names[:2]) + "\n", encoding="utf-8")
    shown = archlm_command("predict", f"@{tmp_path / 'names.txt'}", names[2], "--space", "nats_size", "--json")
    assert [row["arch"] for row in json.loads(shown.stdout)[::2]] == names
    told = archlm_command("suggest", f"@{tmp_path / 'names.txt'}", "--space", "nats_size", "--n", "2", "--json")
    assert {row["arch"] for row in json.loads(told.stdout)} == set(names[:2])


@pytest.mark.parametrize(("content", "said"), [(None, "cannot read the"), (b"\xff", "utf-8"), (b" \n", "is empty")])
def test_a_list_that_names_nothing(archlm_command: Run, tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "names.txt").write_bytes(content)
    shown = archlm_command("predict", f"@{tmp_path / 'names.txt'}")
    assert shown.exit_code == 2 and said in " ".join(shown.stderr.replace("│", " ").split())


def test_a_table_opens_no_list(archlm_command: Run, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("a secret")
    (tmp_path / "measured.csv").write_text(f"arch\n@{tmp_path / 'secret.txt'}\n")
    shown = archlm_command("suggest", "--space", "nats_size", "--measured", tmp_path / "measured.csv")
    assert shown.exit_code == 1 and "a secret" not in shown.output
