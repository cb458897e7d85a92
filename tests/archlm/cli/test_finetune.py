"""`archlm finetune`: a table in, a folder out that `archlm predict` asks; a wrong table writes nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from archlm import Predictor
from onnx_bench import spaces
from onnx_bench.errors import InvalidTableError, UserInputError
from tests.archlm.cli.conftest import Run

SPACE = "nasbench201"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Ten cells whose latency is their MACs."""
    space, rng = spaces.get(SPACE), random.Random(5)
    found: dict[str, str] = {}
    while len(found) < 10:
        arch = space.sample(rng)
        graph = space.build(arch)
        found.setdefault(graph.fingerprint(), f"{arch},{graph.macs / 1e6 + 1:.3f},x")
    path = tmp_path / "measured.csv"
    path.write_text("\n".join(["cell,my latency,note", *found.values()]))
    return path


def test_from_a_table_to_an_answer(archlm_command: Run, table: Path, example: Path, tmp_path: Path) -> None:
    out = tmp_path / "fitted"
    shown = archlm_command("finetune", table, "--target", "my latency", "--space", SPACE, "--out", out)
    assert shown.exit_code == 0, shown.output
    assert "lower my latency is taken to be better" in shown.stdout
    assert "gaussian process" in shown.stdout and "10 networks" in shown.stdout
    assert (out / "report.md").is_file()
    answer = archlm_command("predict", "--model", out, example, "--json")
    (row,) = json.loads(answer.stdout)
    assert row["task"] == "my-latency" and row["q05"] <= row["mean"] <= row["q95"]
    more = ("--target", "my latency", "--space", SPACE, "--model", out, "--out", tmp_path / "two", "--quick")
    told = json.loads(archlm_command("finetune", table, *more, "--json").stdout)
    assert told["networks"] == 10 and told["folder"] == str(tmp_path / "two")
    assert "holds labels of your task my-latency, lower is better" in told["notes"][0]
    assert told["notes"][-1].startswith("labels: 0 from before, 0 of new networks, 10 of networks measured again")


def test_a_model_that_is_replaced_is_told(
    archlm_command: Run, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "fitted"
    fit = ("finetune", table, "--target", "my latency", "--space", SPACE, "--quick", "--json", "--out")
    first = archlm_command(*fit, out)
    again = archlm_command(*fit, out)
    assert "is replaced" not in first.stdout
    assert f"the model that was in {out} is replaced" in json.loads(again.stdout)["notes"][-1]
    monkeypatch.chdir(tmp_path)
    assert "is replaced" not in archlm_command(*fit, "fitted", "--model", out).stdout


@pytest.mark.parametrize(
    ("change", "target", "said"),
    [
        (lambda text: text, "latency", "my latency"),
        (lambda text: text, "note", "number"),
        (lambda text: "\n".join(text.split("\n")[:4]), "my latency", "5"),
        (lambda text: text.replace("|nor", "|no", 1), "my latency", "row"),
    ],
    ids=["no such column", "no numbers", "too few", "no such network"],
)
def test_a_wrong_table_writes_nothing(
    archlm_command: Run, table: Path, tmp_path: Path, change: object, target: str, said: str
) -> None:
    table.write_text(change(table.read_text()))  # type: ignore[operator]
    out = tmp_path / "fitted"
    shown = archlm_command("finetune", table, "--target", target, "--space", SPACE, "--out", out)
    assert shown.exit_code == 1 and not out.exists()
    assert isinstance(shown.exception, InvalidTableError) and said in str(shown.exception)


def test_an_input_that_nothing_could_have_is_told_at_once(archlm_command: Run, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "fitted"
    shown = archlm_command(
        "finetune", table, "--target", "my latency", "--space", SPACE, "--input", "1x3x32x32", "--out", out
    )
    assert shown.exit_code == 2 and "it is for module:factory" in " ".join(shown.stderr.split()) and not out.exists()


def test_an_error_is_json_where_json_is_asked_for(archlm_command: Run, table: Path, tmp_path: Path) -> None:
    shown = archlm_command("finetune", table, "--target", "none", "--out", tmp_path / "fitted", "--json")
    body = json.loads(shown.stdout)
    assert shown.exit_code == 1 and body["arch"] == str(table) and body["error"]["type"] == "InvalidTableError"
    assert "there is no column 'none'" in body["error"]["message"]


def test_an_interrupted_fit_leaves_what_is_there(
    archlm_command: Run, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Predictor, "finetune_on", interrupt)
    out = tmp_path / "fitted"
    shown = archlm_command("finetune", table, "--target", "my latency", "--space", SPACE, "--out", out)
    assert shown.exit_code == 130 and "archlm: interrupted" in shown.stderr and not out.exists()


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_read(
    archlm_command: Run, table: Path, tmp_path: Path
) -> None:
    for out in (table, table / "x" / "y"):
        shown = archlm_command("finetune", tmp_path / "none.csv", "--target", "my latency", "--out", out)
        assert shown.exit_code == 1 and isinstance(shown.exception, UserInputError)
        assert "is no folder; name another one with --out" in str(shown.exception)
