"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from archlm.writing import write_whole


def test_an_interrupted_file_leaves_the_earlier_one_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "answers.csv"
    write_whole(file, b"old")

    def half(path: Path, data: bytes) -> NoReturn:
        with path.open("wb") as draft:
            draft.write(data[:2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(KeyboardInterrupt):
        write_whole(file, b"new answers")
    assert file.read_bytes() == b"old" and list(tmp_path.iterdir()) == [file]


def test_a_link_and_a_device_are_written_to(tmp_path: Path) -> None:
    file, link = tmp_path / "answers.csv", tmp_path / "link.csv"
    link.symlink_to(file)
    write_whole(link, b"new")
    assert link.is_symlink() and file.read_bytes() == b"new"
    write_whole(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()
