"""Answers as tables and CSV, from rows of every kind."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from archlm.answer import COLUMNS
from archlm.cli.predict_output import print_answers, print_explanation, write_csv
from onnx_bench.errors import UserInputError


def answer(**changes: Any) -> dict[str, Any]:
    row = {
        "arch": "net.onnx", "task": "cifar10", "mean": 93.26, "q05": 92.1, "q50": 93.3, "q95": 94.44,
        "measured": None, "percentile": 81.4, "in_distribution": 0.93, "score": 1.2,
        "neighbours": [{"space": "nasbench101", "name": "x"}],
        "warnings": ["2 unknown operators"], "error": None,
    }  # fmt: skip
    assert tuple(row) == COLUMNS
    return row | changes


def error(arch: str, message: str) -> dict[str, Any]:
    empty = dict.fromkeys(("mean", "q05", "q50", "q95", "measured", "percentile", "in_distribution", "score"))
    return answer(arch=arch, **empty, neighbours=[], warnings=[], error={"type": "UserInputError", "message": message})


def test_units_and_digits_follow_the_task(capsys: pytest.CaptureFixture[str]) -> None:
    layout = answer(task="transnas/room_layout", mean=-0.6512, q05=-0.7, q95=-0.6)
    print_answers([answer(), layout])
    shown = capsys.readouterr().out
    assert "93.3 %" in shown and "92.1 to 94.4 %" in shown and "81 % of known" in shown and "yes (0.93)" in shown
    assert "-0.651" in shown and "-0.700 to -0.600" in shown
    print_answers([answer(task="wikitext-2", mean=3.4e-05, q05=0.0, q95=1.25e7)])
    shown_small = capsys.readouterr().out
    assert "3.4e-05" in shown_small and "0.000 to 1.25e+07" in shown_small
    assert shown.count("2 unknown operators") == 1 and "net.onnx is nearest to nasbench101 x" in shown


def test_measured_values_are_shown_where_they_were_looked_up(capsys: pytest.CaptureFixture[str]) -> None:
    near = [{"space": "nasbench101", "name": "x", "measured": 91.04}, {"space": "timm", "name": "y", "measured": None}]
    print_answers([answer(measured=92.96, neighbours=near), answer(arch="other.onnx")], with_measured=True)
    shown = capsys.readouterr().out
    assert "measured" in shown and "93.0 %" in shown
    assert "nasbench101 x (91.0 % measured on cifar10), timm y\n" in shown
    print_answers([answer()])
    assert "measured" not in capsys.readouterr().out


def test_familiar_is_a_test_at_five_percent(capsys: pytest.CaptureFixture[str]) -> None:
    print_answers([answer(in_distribution=0.051), answer(in_distribution=0.049, arch="odd.onnx")])
    shown = capsys.readouterr().out
    assert "yes (0.051)" in shown and "no (0.049)" in shown


def test_hostile_text_stays_text(capsys: pytest.CaptureFixture[str]) -> None:
    near = [{"space": "timm", "name": "a\x07"}]
    print_answers([answer(arch="[red]\x1b[31mx", warnings=["\u202eno"], neighbours=near)])
    shown = capsys.readouterr().out
    assert "[red]\\x1b[31mx" in shown and "\\u202eno" in shown and "a\\x07" in shown
    assert not {"\x1b", "\u202e", "\x07"} & set(shown)


def test_many_networks_get_a_table_alone_and_errors_none(capsys: pytest.CaptureFixture[str]) -> None:
    print_answers([answer(arch=f"{i}.onnx") for i in range(4)])
    assert "is nearest to" not in capsys.readouterr().out
    print_answers([error("bad.onnx", "what")])
    assert capsys.readouterr().out == ""


def test_notes_of_many_networks_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    notes = [["odd", "far"], ["far\x1b"], ["far"], []]
    rows = [answer(arch=f"{i}.onnx", task=task, warnings=told) for i, told in enumerate(notes)
            for task in ("cifar10", "cifar100")]  # fmt: skip
    print_answers(rows)
    shown = [line for line in capsys.readouterr().out.splitlines() if "note" in line]
    assert shown == ["2 of 4 networks: note: far", "1 of 4 networks: note: odd", "1 of 4 networks: note: far\\x1b"]
    print_answers([answer(arch=f"{i}.onnx", warnings=[f"note {i}"]) for i in range(13)])
    shown = capsys.readouterr().out.splitlines()
    assert "1 of 13 networks: note: note 9" in shown
    assert shown[-1] == "and 3 other notes; --json and --csv have all of them"


def test_notes_that_differ_in_a_share_alone_are_one(capsys: pytest.CaptureFixture[str]) -> None:
    note = "farther than most: the head has {}% of the answer; its interval is wide"
    print_answers([answer(arch=f"{i}.onnx", warnings=[note.format(share)]) for i, share in enumerate((9, 9, 20, 66))])
    shown = [line for line in capsys.readouterr().out.splitlines() if "note" in line]
    assert shown == [f"4 of 4 networks: note: {note.replace('{}%', 'a share')}"]


def test_explanation(capsys: pytest.CaptureFixture[str]) -> None:
    layers = [{"index": 3, "op": "Conv", "shape": (1, 8, 4, 4), "share": 0.25, "effect": -0.5}]
    features = [{"name": "log_macs", "value": 19.123456, "effect": 0.75}]
    print_explanation(answer(explanation={"features": features, "layers": layers}))
    shown = capsys.readouterr().out
    assert "log_macs" in shown and "19.12" in shown and "+0.75" in shown
    assert "1x8x4x4" in shown and "25.0%" in shown and "-0.50" in shown
    assert "share: of the network's MACs. effect, in %: of a feature" in shown


def test_csv_is_safe_for_spreadsheets(tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    write_csv(file, [answer(arch='=HYPERLINK("x")'), error("\x1bb.onnx", "line one\nline two")])
    with file.open(newline="") as lines:
        first, second = csv.DictReader(lines)
    assert first["arch"] == '\'=HYPERLINK("x")' and float(first["mean"]) == 93.26
    assert first["neighbours"] == "nasbench101 x" and first["error_type"] == ""
    assert second["arch"] == "\\x1bb.onnx" and second["error_message"] == "line one\\nline two" and second["mean"] == ""


def test_a_csv_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="cannot write"):
        write_csv(tmp_path / "no" / "x.csv", [answer()])
