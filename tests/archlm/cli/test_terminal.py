"""Text from files is shown, never obeyed."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from archlm.cli import terminal
from archlm.cli.terminal import clean, clean_lines, print_json, print_table, status


@given(st.text())
def test_clean_text_is_one_printable_line_and_clean_twice_is_clean_once(text: str) -> None:
    assert clean(text).isprintable()
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [("\x1b[2Jgone", r"\x1b[2Jgone"), ("a\u202eb", r"a\u202eb"), ("a\r\nb", r"a\r\nb"), ("\x9b31m", r"\x9b31m"),
     ("\udcff", r"\udcff"), ("plain é 网络", "plain é 网络"), ("[red]x[/red]", "[red]x[/red]")],
)  # fmt: skip
def test_control_characters_become_visible(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown


def test_line_breaks_can_stay() -> None:
    assert clean_lines("a\n\x1bb\n") == "a\n\\x1bb\n"


def test_a_table_reads_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("[bold]title", ("column",), [("[red]cell[/red]\x1b[31m",)])
    shown = capsys.readouterr().out
    assert "[red]cell[/red]\\x1b[31m" in shown and "[bold]title" in shown and "\x1b" not in shown


@pytest.mark.parametrize(("width", "folded"), [(80, True), (200, False)])
def test_long_names_leave_room_for_the_other_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, folded: bool
) -> None:
    monkeypatch.setattr(terminal, "console", lambda: Console(width=width))
    name, meaning = "latency/timm_amp_bf16_nchw_pt291_cu130_pro6000maxq_dynamo", "some words that say what it is"
    print_table("", ("task", "meaning", "unit", "predicted"), [(name, meaning, "milliseconds", "yes")], whole=("task",))
    shown = capsys.readouterr().out
    assert (name not in shown) == folded
    assert "milliseconds" in shown and "predicted" in shown and (folded or meaning in shown)


def test_json_is_strict_and_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": float("nan"), "b": [float("inf"), 1.5], "c": ("\x1b\u202e",), 3: None})
    shown = capsys.readouterr().out
    assert shown.isascii() and "\x1b" not in shown
    assert json.loads(shown) == {"a": None, "b": [None, 1.5], "c": ["\x1b\u202e"], "3": None}


def test_long_steps_are_named_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "LONG_STEP", 0.1)
    with status("at once") as say:
        say("long\x1b")
        time.sleep(1)
        say("at once, too")
    time.sleep(0.2)
    shown = capsys.readouterr()
    assert shown.err == "archlm: long\\x1b ...\n" and shown.out == ""
