"""A checkpoint folder: same bytes for same content, and nothing altered gets through."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
from pathlib import Path

import pytest

from archlm import checkpoint as module
from archlm.checkpoint import FORMAT, MANIFEST, Checkpoint, parsing, write_checkpoint
from onnx_bench.errors import CheckpointError, UnknownNameError, UserInputError

FILES = {"a.json": b'{"x": 1}', "b.txt.gz": b"text" * 100}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_checkpoint(tmp_path, FILES, {"seed": 0})
    return tmp_path


def test_round_trip(folder: Path, tmp_path: Path) -> None:
    checkpoint = Checkpoint(folder)
    assert {name: checkpoint.read(name) for name in checkpoint.names()} == FILES
    assert checkpoint.read_json("a.json") == {"x": 1}
    assert checkpoint.about == {"seed": 0}
    write_checkpoint(tmp_path / "again", FILES, {"seed": 0})
    assert (tmp_path / "again" / MANIFEST).read_bytes() == (folder / MANIFEST).read_bytes()


def test_files_are_kept_as_another_checkpoint_stores_them(folder: Path, tmp_path: Path) -> None:
    known = Checkpoint(folder)
    write_checkpoint(tmp_path / "more", {"c.gz": b"new"}, {}, kept={name: known.stored(name) for name in known.names()})
    more = Checkpoint(tmp_path / "more")
    assert {name: more.read(name) for name in more.names()} == {**FILES, "c.gz": b"new"}
    assert (tmp_path / "more" / "b.txt.gz").read_bytes() == (folder / "b.txt.gz").read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_altered_and_missing_files(folder: Path, name: str) -> None:
    stored = (folder / name).read_bytes()
    (folder / name).write_bytes(stored[:-1] + b"?")
    with pytest.raises(CheckpointError, match=r"was altered.*archlm finetune"):
        Checkpoint(folder).read(name)
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=r"cannot read.*archlm finetune"):
        Checkpoint(folder).read(name)


def test_names_outside_the_manifest(folder: Path) -> None:
    (folder / "c").write_bytes(b"")
    for name in ("c", "../a.json", "/etc/passwd"):
        with pytest.raises(CheckpointError, match="has no"):
            Checkpoint(folder).read(name)


@pytest.mark.parametrize(
    "manifest",
    ["", "{}", "[]", "[" * 100_000, '{"format": 9, "about": {}, "sha256": {}}',
     '{"format": 2, "about": 7, "sha256": {}}', '{"format": 2, "about": {}, "sha256": 7}'],
)  # fmt: skip
def test_bad_manifests(folder: Path, manifest: str) -> None:
    (folder / MANIFEST).write_text(manifest)
    with pytest.raises(CheckpointError):
        Checkpoint(folder)


def test_a_folder_without_manifest(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="save_pretrained"):
        Checkpoint(tmp_path / "nothing")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stored(folder: Path, name: str, content: bytes) -> Checkpoint:
    """A checkpoint of one file, whose sum is right whatever it holds."""
    (folder / name).write_bytes(content)
    sums = {name: hashlib.sha256(content).hexdigest()}
    (folder / MANIFEST).write_text(json.dumps({"format": FORMAT, "about": {}, "sha256": sums}))
    return Checkpoint(folder)


def test_other_files_of_the_folder_stay(folder: Path) -> None:
    (folder / "report.md").write_text("mine")
    (folder / "pictures").mkdir()
    write_checkpoint(folder, {"a.json": b"{}"}, {})
    assert Checkpoint(folder).names() == ["a.json"] and Checkpoint(folder).read("a.json") == b"{}"
    assert (folder / "report.md").read_text() == "mine" and (folder / "pictures").is_dir()


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_checkpoint(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: int, error: BaseException
) -> None:
    before, write, number = contents(folder), Path.write_bytes, iter(range(9))

    def failing(path: Path, content: bytes) -> int:
        if next(number) == place:
            raise error
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(UserInputError if isinstance(error, OSError) else KeyboardInterrupt):
        write_checkpoint(folder, {name: b"other" for name in FILES}, {"seed": 1})
    assert contents(folder) == before


@pytest.mark.parametrize("place", range(3))
def test_an_interrupted_replacement_is_finished(folder: Path, monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    replace, number = os.replace, iter(range(9))

    def interrupted(source: Path, target: Path) -> None:
        if next(number) == place:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_checkpoint(folder, {name: b"other" for name in FILES}, {"seed": 1})
    assert Checkpoint(folder).about == {"seed": 1}
    assert all(Checkpoint(folder).read(name) == b"other" for name in FILES)
    assert contents(folder).keys() == {*FILES, MANIFEST}


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserInputError, match="Not a directory; name another file or folder"):
        write_checkpoint(tmp_path / "file" / "x", FILES, {})


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"no gzip", "is no gzip file"), (b"", "is cut short"), (gzip.compress(b"text" * 100)[:-9], "is cut short"),
     (gzip.compress(b"text" * 100)[:-8] + b"\0" * 8, "is no gzip file"),
     (gzip.compress(bytes(2000)), "unpacks to more than")],
    ids=["no gzip", "empty", "cut", "wrong sum", "bomb"],
)  # fmt: skip
def test_hostile_gzip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str) -> None:
    monkeypatch.setattr(module, "_MOST_UNPACKED", 1000)
    with pytest.raises(CheckpointError, match=message):
        stored(tmp_path, "x.gz", content).read("x.gz")


def test_hostile_json(tmp_path: Path) -> None:
    for content in (b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(CheckpointError, match="is not JSON"):
            stored(tmp_path, "x.json", content).read_json("x.json")


def test_what_is_no_file_or_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = stored(tmp_path, "x", bytes(500))
    monkeypatch.setattr(module, "_MOST_STORED", 400)
    with pytest.raises(CheckpointError, match="it is larger than"):
        checkpoint.read("x")
    (tmp_path / "x").unlink()
    os.mkfifo(tmp_path / "x")
    with pytest.raises(CheckpointError, match="cannot read"):
        checkpoint.read("x")


def test_parsing_names_what_is_damaged_and_lets_our_errors_through() -> None:
    with pytest.raises(CheckpointError, match=r"the index is damaged, or of .*: KeyError: 'x'"), parsing("the index"):
        {}["x"]
    with pytest.raises(UnknownNameError), parsing("the index"):
        raise UnknownNameError("cifar11")
