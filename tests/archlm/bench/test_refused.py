"""Records that are refused are reported before and after, and stop nothing but themselves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from archlm.bench.build import build
from archlm.bench.dataset import read_manifest
from archlm.bench.plan import RecordsPart, RefusedPart, make_plan
from archlm.bench.verify import verify
from archlm.cli.main import app
from onnx_bench.errors import MalformedRecordsError
from tests.archlm.bench.conftest import DISTINCT, digest

PICKLES = ["HW-NAS-Bench-v1_0.pickle", "cora.bench", "light/arxiv.bench"]
ADVICE = r"hw_nas_bench_pickle: 'HW-NAS-Bench-v1_0\.pickle': .*run code.* to nasbench201_latency\.csv .*columns arch, "


@pytest.fixture
def folder(record_folder: Path, tmp_path: Path) -> Path:
    """Records that are read beside pickles of two benchmarks, one of them in two files."""
    folder = tmp_path / "records"
    shutil.copytree(record_folder, folder)
    (folder / "light").mkdir()
    for name in PICKLES:
        (folder / name).write_bytes(b"\x80\x04cos\nsystem\n(S'exit 1'\ntR.")
    return folder


def test_everything_else_is_built_and_the_refused_named_before_and_after(
    folder: Path, record_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[str] = []
    with pytest.raises(MalformedRecordsError, match=rf"built {DISTINCT} architectures, \d+ measurements.*{ADVICE}"):
        build(
            tmp_path / "data", make_plan(folder), processes=1,
            report=lambda *_: events.append(" ".join(record.getMessage() for record in caplog.records)),
        )  # fmt: skip
    assert "hw_nas_bench_pickle" in events[0] and "nasbench_graph_pickle" in events[0] and len(caplog.records) == 1
    build(tmp_path / "without", make_plan(record_folder), processes=1)
    for table in ("architectures", "measurements"):
        assert digest(tmp_path / "data" / table) == digest(tmp_path / "without" / table)
    parts = read_manifest(tmp_path / "data")["parts"]
    assert parts[0] == read_manifest(tmp_path / "without")["parts"][0]
    assert [part["source"] for part in parts[1:]] == ["nasbench_graph_pickle", "hw_nas_bench_pickle"]
    assert all(part["entries"] == 0 and part["refused"] for part in parts[1:])
    assert "hw_nas_bench_pickle (refused)" in (tmp_path / "data" / "README.md").read_text()
    assert [check for check in verify(tmp_path / "data") if not check.ok] == []


def test_the_files_of_a_source_are_one_refusal(folder: Path) -> None:
    read, graphs, _ = make_plan(folder)
    assert isinstance(read, RecordsPart) and isinstance(graphs, RefusedPart)
    assert "'cora.bench', 'light/arxiv.bench'" in str(graphs.error)
    assert str(folder) not in json.dumps(graphs.description), "equal records give equal data sets, wherever they lie"


def test_two_processes_give_the_same(folder: Path, tmp_path: Path) -> None:
    for processes in (1, 2):
        with pytest.raises(MalformedRecordsError, match="refused"):
            build(tmp_path / str(processes), make_plan(folder), processes=processes)
    assert digest(tmp_path / "1") == digest(tmp_path / "2")


def test_a_refused_source_that_is_asked_for_is_an_error_at_once(folder: Path) -> None:
    with pytest.raises(MalformedRecordsError, match="run code"):
        make_plan(folder, sources=["mnasnet_table", "hw_nas_bench_pickle"])
    [part] = make_plan(folder, sources=["mnasnet_table"])
    assert isinstance(part, RecordsPart), "what is not asked for is not reported"


def test_a_folder_of_nothing_but_refused_records(folder: Path) -> None:
    (folder / "mnasnet.parquet").unlink()
    with pytest.raises(MalformedRecordsError, match=f"nothing to build but .*{ADVICE}"):
        make_plan(folder)
    assert len(make_plan(folder, samples=[("nats_size", 5)])) == 3


def test_the_command_says_so_twice_and_ends_with_exit_code_one(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "archlm", "bench", "build", data, "--records", folder, "--workers", "1"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1 and "Traceback" not in ran.stderr
    first, *_, last = ran.stderr.splitlines()
    for line in (first, last):
        for word in ("hw_nas_bench_pickle", "run code", "nasbench201_latency.csv", "latency_1080ti_1_ms", "cora.bench"):
            assert word in line
    assert f"built {DISTINCT} architectures" in last
    assert read_manifest(data)["architectures"] == DISTINCT


def test_the_command_refuses_at_once_what_is_asked_for(folder: Path, tmp_path: Path) -> None:
    arguments = ["bench", "build", str(tmp_path / "data"), "--records", str(folder), "--source", "hw_nas_bench_pickle"]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 1 and "nasbench201_latency.csv" in ran.stderr
    assert not (tmp_path / "data").exists()
