"""A checkpoint folder: same bytes for same content, and nothing altered gets through."""

from __future__ import annotations

from pathlib import Path

import pytest

from archlm.checkpoint import MANIFEST, Checkpoint, write_checkpoint
from onnx_bench.errors import CheckpointError

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


@pytest.mark.parametrize("name", FILES)
def test_altered_and_missing_files(folder: Path, name: str) -> None:
    stored = (folder / name).read_bytes()
    (folder / name).write_bytes(stored[:-1] + b"?")
    with pytest.raises(CheckpointError, match="was altered"):
        Checkpoint(folder).read(name)
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match="cannot read"):
        Checkpoint(folder).read(name)


def test_names_outside_the_manifest(folder: Path) -> None:
    (folder / "c").write_bytes(b"")
    for name in ("c", "../a.json", "/etc/passwd"):
        with pytest.raises(CheckpointError, match="has no"):
            Checkpoint(folder).read(name)


@pytest.mark.parametrize("manifest", ["", "{}", "[]", '{"format": 9, "about": {}, "sha256": {}}'])
def test_bad_manifests(folder: Path, manifest: str) -> None:
    (folder / MANIFEST).write_text(manifest)
    with pytest.raises(CheckpointError):
        Checkpoint(folder)


def test_a_folder_without_manifest(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="save_pretrained"):
        Checkpoint(tmp_path / "nothing")
