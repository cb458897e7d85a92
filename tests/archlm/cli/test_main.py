"""How the command begins and ends."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from typing import NoReturn

import pytest

from archlm.__main__ import main
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
