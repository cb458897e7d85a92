"""`archlm suggest`: ask for networks to measure, tell which were, ask again."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from onnx_bench.spaces import get
from tests.archlm.cli.conftest import Run

DRAWN = ("suggest", "--space", "nasbench201", "--pool", "12")
CELLS = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|skip_connect~0|none~1|avg_pool_3x3~2|",
)


def test_ask_tell_ask_again(archlm_command: Run, tmp_path: Path) -> None:
    asked = tmp_path / "ask.csv"
    shown = archlm_command(*DRAWN, "--num", 3, "--csv", asked, "--target", "latency_ms", "--json")
    assert shown.exit_code == 0, shown.output
    rows = json.loads(shown.stdout)
    assert [row["order"] for row in rows] == [1, 2, 3] and all(
        tuple(row) == ("arch", "order", "novelty") for row in rows
    )
    with asked.open(newline="") as file:
        table = list(csv.DictReader(file))
    assert table == [{"arch": row["arch"], "space": "nasbench201", "latency_ms": ""} for row in rows]

    asked.write_text(asked.read_text().replace("nasbench201,", "nasbench201,1.5"))
    again = json.loads(archlm_command(*DRAWN, "--num", 9, "--measured", asked, "--json").stdout)
    prints = {get("nasbench201").build(row["arch"]).fingerprint() for row in (*rows, *again)}
    assert len(prints) == 12
    built = tmp_path / "built.onnx"
    built.write_bytes(get("nasbench201").build(again[0]["arch"]).to_onnx().SerializeToString())
    mixed = archlm_command("suggest", built, "--num", 1, "--measured", asked, "--json")  # it names the space itself
    assert mixed.exit_code == 0 and json.loads(mixed.stdout)[0]["arch"] == str(built), mixed.stderr
    shown = archlm_command(*DRAWN, "--num", 10, "--measured", asked)
    assert shown.exit_code == 1 and "10 networks are asked for, but only 9 distinct" in shown.stderr


def test_what_to_do_next_is_said_and_works(archlm_command: Run, tmp_path: Path) -> None:
    asked, out = tmp_path / "ask.csv", tmp_path / "fitted"
    shown = archlm_command(*DRAWN, "--num", 5, "--csv", asked, "--target", "latency")
    said, command = shown.stdout.strip().splitlines()[-1].split(": archlm ")
    assert said == f"Fill in 'latency' in {asked}, then"
    header, *lines = asked.read_text().splitlines()
    asked.write_text("\n".join([header, *(f"{line}{place + 1}" for place, line in enumerate(lines))]))
    assert archlm_command(*command.split(), "--out", out).exit_code == 0
    again = archlm_command(*DRAWN, "--num", 1, "--csv", tmp_path / "more.csv", "--target", "latency", "--model", out)
    assert again.stdout.strip().endswith(f" --target latency --model {out}"), again.output


def test_suggestions_are_shown_although_the_table_cannot_be_written(archlm_command: Run, tmp_path: Path) -> None:
    shown = archlm_command(*DRAWN, "--num", 2, "--csv", tmp_path / "no" / "ask.csv", "--json")
    assert len(json.loads(shown.stdout)) == 2
    assert shown.exit_code == 1 and "cannot write to" in str(shown.exception)


def test_the_table_for_people(archlm_command: Run) -> None:
    shown = archlm_command("suggest", *CELLS, "--space", "nasbench201", "--num", 2)
    assert shown.exit_code == 0, shown.output
    assert "novelty" in shown.stdout and all(cell in shown.stdout for cell in CELLS)


def test_files_and_one_bad_file_does_not_stop_the_rest(archlm_command: Run, tmp_path: Path, example: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    shutil.copy(example, models / "a.onnx")
    (models / "b.onnx").write_bytes(b"not a model")
    (models / "c.onnx").write_bytes(get("nasbench201").build(CELLS[0]).to_onnx().SerializeToString())
    shown = archlm_command("suggest", models, "--num", 2, "--json")
    assert shown.exit_code == 1
    assert {Path(row["arch"]).name for row in json.loads(shown.stdout)} == {"a.onnx", "c.onnx"}
    assert "b.onnx" in shown.stderr and "MalformedModelError" in shown.stderr and "a.onnx" not in shown.stderr

    table = tmp_path / "measured.csv"
    table.write_text(f"file,ms\n{models / 'c.onnx'},3\n")
    shown = archlm_command("suggest", models / "a.onnx", models / "c.onnx", "--num", 1, "--measured", table, "--json")
    assert shown.exit_code == 0 and [row["arch"] for row in json.loads(shown.stdout)] == [str(models / "a.onnx")]


def test_a_model_knows_what_is_measured(archlm_command: Run, tmp_path: Path) -> None:
    shown = archlm_command(*DRAWN, "--n", 6, "--json")
    archs = [row["arch"] for row in json.loads(shown.stdout)]
    table = tmp_path / "speed.csv"
    table.write_text("arch,speed\n" + "".join(f"{arch},{value}\n" for value, arch in enumerate(archs)))
    mine = tmp_path / "mine"
    fitted = archlm_command("finetune", table, "--target", "speed", "--space", "nasbench201", "--out", mine)
    assert fitted.exit_code == 0, fitted.output
    again = archlm_command(*DRAWN, "--num", 6, "--model", mine, "--json")
    assert not {row["arch"] for row in json.loads(again.stdout)} & set(archs)
    shown = archlm_command(*DRAWN, "--num", 1, "--model", mine, "--task", "slowness")
    assert shown.exit_code == 2 and "its own tasks: speed" in " ".join(shown.stderr.replace("│", " ").split())


def test_an_input_is_for_factories_among_candidates_and_measured_ones(
    archlm_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suggest_net.py").write_text("from torch import nn\ndef net(): return nn.Linear(3, 2)\n")
    (tmp_path / "measured.csv").write_text("net\nsuggest_net:net\n")
    shown = archlm_command("suggest", example, "--num", 1, "--measured", "measured.csv", "--input", "1x3", "--json")
    assert shown.exit_code == 0, shown.stderr
    assert [row["arch"] for row in json.loads(shown.stdout)] == [str(example)]


def test_nothing_readable(archlm_command: Run, tmp_path: Path) -> None:
    shown = archlm_command("suggest", tmp_path, tmp_path / "gone.onnx", "--num", 1, "--json")
    assert shown.exit_code == 1 and "none of the 2 candidates can be read" in shown.stderr
    assert json.loads(shown.stdout)["error"]["type"] == "UserInputError"


@pytest.mark.parametrize(("table", "said"), [("arch\nrubbish\n", "rubbish"), ("", "empty"), (None, "there is no file")])
def test_a_wrong_table_of_measured_networks(archlm_command: Run, tmp_path: Path, table: str | None, said: str) -> None:
    path = tmp_path / "measured.csv"
    if table is not None:
        path.write_text(table)
    shown = archlm_command(*DRAWN, "--num", 1, "--measured", path)
    assert shown.exit_code == 1 and said in shown.stderr and "InvalidTableError" in shown.stderr
    assert shown.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "name candidates, or a --space"), (("--space", "nasbench"), "nasbench201"), (("x", "--num", "0"), "1"),
     (("x", "--csv", "new.csv", "--target", "arch"), "cannot be called 'arch'"),
     (("x", "--task", "speed"), "a --model was fitted to"),
     (("x", "--csv", "old.csv"), "exists already"), (("m:f", "--input", "3 by 4"), "no input shape"),
     (("--space", "nats_size", "--input", "1x3"), "it is for module:factory"),
     (("old.csv", "--input", "1x3"), "it is for module:factory")],
)  # fmt: skip
def test_usage_errors(
    archlm_command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.csv").write_text("arch,value\nmine,93.5\n")
    shown = archlm_command("suggest", *arguments)
    assert shown.exit_code == 2 and said in " ".join(shown.stderr.split()) and shown.stdout == ""
    assert (tmp_path / "old.csv").read_text() == "arch,value\nmine,93.5\n" and not (tmp_path / "new.csv").exists()
