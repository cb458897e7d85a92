"""How the command begins and ends."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import EntryPoint
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import NoReturn

import pytest

from archlm.__main__ import main
from tests.archlm.cli.conftest import Run
from tests.test_house import PROJECT


def test_the_command_is_that_of_the_module() -> None:
    assert EntryPoint("archlm", PROJECT["scripts"]["archlm"], "console_scripts").load() is main


def test_ctrl_c_during_imports_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        @staticmethod
        def find_spec(name: str, *_: object) -> NoReturn:
            assert name == "archlm.cli.main"
            raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "archlm.cli.main", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted, *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130


def test_names_that_a_terminal_cannot_show_are_escaped(
    monkeypatch: pytest.MonkeyPatch, example: Path, tmp_path: Path
) -> None:
    shutil.copy(example, tmp_path / "n\u00e9t.onnx")
    monkeypatch.setattr(sys, "argv", ["archlm", "inspect", str(tmp_path / "n\u00e9t.onnx")])
    shown = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(shown, encoding="ascii"))
    with pytest.raises(SystemExit) as ended:
        main()
    sys.stdout.flush()
    assert not ended.value.code and b"n\\xe9t.onnx" in shown.getvalue()


@pytest.mark.parametrize("empty", ["", " ", "--out="])
def test_an_empty_argument_is_not_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["archlm", "inspect", empty])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and "an argument is empty" in capsys.readouterr().err


def test_h_is_help(archlm_command: Run) -> None:
    for arguments in (("-h",), ("predict", "-h"), ("bench", "build", "-h")):
        assert "--help" in archlm_command(*arguments).stdout
