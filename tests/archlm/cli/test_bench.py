"""`archlm bench` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from onnx_bench.records import list_sources
from tests.archlm.cli.conftest import Run


def test_build_stats_verify_export(archlm_command: Run, tmp_path: Path) -> None:
    folder = str(tmp_path / "bench")
    built = archlm_command("bench", "build", folder, "--sample", "nats_size=12", "--workers", "1", "--json")
    assert built.exit_code == 0
    assert json.loads(built.stdout)["architectures"] == 12
    again = archlm_command("bench", "build", folder, "--sample", "nats_size=12")
    assert "sample nats_size" in again.stdout and "12" in again.stdout
    told = json.loads(archlm_command("bench", "stats", folder, "--json").stdout)
    assert told["spaces"][0]["architectures"] == 12
    page = archlm_command("bench", "stats", folder).stdout.strip()
    assert Path(page).read_text().startswith("# ONNX-Bench in numbers")
    Path(folder, "file").touch()
    unwritable = archlm_command("bench", "stats", folder, "-o", Path(folder, "file", "page"))
    assert unwritable.exit_code == 1 and "cannot write to" in unwritable.stderr
    checked = archlm_command("bench", "verify", folder)
    assert checked.exit_code == 0 and "WRONG" not in checked.stdout
    exported = archlm_command("bench", "export", folder, str(tmp_path / "files"), "--as", "onnx", "--json")
    assert json.loads(exported.stdout)["files"] == len(list((tmp_path / "files").rglob("*.onnx"))) == 12


def test_a_damaged_data_set_gives_exit_code_one(archlm_command: Run, tmp_path: Path) -> None:
    folder = tmp_path / "bench"
    archlm_command("bench", "build", str(folder), "--sample", "nats_size=5", "--workers", "1")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"architectures": 6}))
    checked = archlm_command("bench", "verify", str(folder), "--json")
    assert checked.exit_code == 1
    assert json.loads(checked.stdout)[0] == {
        "name": "files are complete", "ok": False, "found": "5 of 6 architectures, 0 of 0 measurements",
    }  # fmt: skip


def test_mistakes_in_the_command_are_told(archlm_command: Run, tmp_path: Path) -> None:
    for arguments, words in (
        ((), "nothing to build"), (("--sample", "darts"), "SPACE=NUMBER"), (("--sample", "darts=0"), "at least 1"),
        (("--sample", "moon=5"), "unknown search space"), (("--all", "mnasnet"), "cannot be listed"),
        (("--source", "moon", "--records", str(tmp_path)), "no source of records"),
    ):  # fmt: skip
        said = archlm_command("bench", "build", str(tmp_path / "x"), *arguments, "--json")
        assert said.exit_code == 2 and words in " ".join(said.stderr.replace("│", " ").split()) and not said.stdout


def test_what_is_wrong_with_folders_is_said_in_one_line(archlm_command: Run, tmp_path: Path) -> None:
    for arguments, word in (
        (("build", str(tmp_path / "x"), "--records", str(tmp_path / "none")), "is no folder"),
        (("build", str(tmp_path / "x"), "--records", str(tmp_path)), "no records that are known"),
        (("stats", str(tmp_path)), "no finished data set"),
        (("verify", str(tmp_path)), "no finished data set"),
        (("export", str(tmp_path), str(tmp_path / "y")), "no finished data set"),
    ):
        said = archlm_command("bench", *arguments)
        assert said.exit_code == 1 and word in said.stderr and len(said.stderr.splitlines()) == 1


def test_sources_say_where_records_are_published(archlm_command: Run) -> None:
    shown = archlm_command("bench", "sources").stdout
    told = json.loads(archlm_command("bench", "sources", "--json").stdout)
    assert [source["name"] for source in told] == [source.name for source in list_sources()]
    assert all(source["name"] in shown and source["url"] for source in told)
