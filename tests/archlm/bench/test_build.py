"""A build gives the same data set whoever does the work and however often it is interrupted."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archlm.bench.build import build
from archlm.bench.dataset import architectures, load, measurements, read_manifest
from archlm.bench.folder_lock import alone_in
from archlm.bench.plan import make_plan
from archlm.bench.schema import CODE, unpack_graph
from onnx_bench import spaces
from onnx_bench.errors import MalformedRecordsError, MissingRecordsError, UnknownNameError, UserInputError
from tests.archlm.bench.conftest import DISTINCT, ENTRIES, SAMPLES, digest, plan


def test_what_is_in_it(data_set: Path) -> None:
    manifest = read_manifest(data_set)
    recorded, sampled, sizes = manifest["parts"]
    assert (recorded["entries"], recorded["architectures"], recorded["skipped"]) == (ENTRIES, DISTINCT, 1)
    assert recorded["recorded_params"] == recorded["equal_params"] == ENTRIES - 1
    assert manifest["not_built"][0]["arch"] == "no architecture"
    assert (sampled["entries"], sizes["entries"]) == (SAMPLES, 20)
    assert manifest["architectures"] == sum(part["architectures"] for part in manifest["parts"])
    assert SAMPLES / 2 < sampled["architectures"] < SAMPLES, "isomorphic cells are one architecture"


def test_every_row_is_the_architecture_it_names(data_set: Path) -> None:
    columns = ["fingerprint", "space", "arch", "graph"]
    rows = [row for table in architectures(data_set, columns) for row in table.to_pylist()]
    for row in rows[::7]:
        graph = unpack_graph(row["graph"])
        assert graph.fingerprint() == row["fingerprint"] == spaces.get(row["space"]).build(row["arch"]).fingerprint()


def test_measurements_are_joined_by_task(data_set: Path) -> None:
    table = load(data_set, task="imagenet-1k-proxy")
    assert len(table) == ENTRIES - 1, "an architecture recorded twice is measured twice"
    assert table[3]["value"] == 53.0 and table[3]["source"] == "mnasnet_table"
    assert len(load(data_set)) == read_manifest(data_set)["architectures"]
    assert set(measurements(data_set)["licence"].to_pylist()) == {"Apache-2.0"}
    with pytest.raises(UserInputError, match="no measurements on task 'chess'"):
        load(data_set, task="chess")


def test_huggingface_reads_the_folder(data_set: Path) -> None:
    import datasets

    table = datasets.load_dataset(str(data_set), "measurements", split="train")
    assert len(table) == read_manifest(data_set)["measurements"]


def test_two_processes_give_the_same(data_set: Path, record_folder: Path, tmp_path: Path) -> None:
    build(tmp_path / "two", plan(record_folder), processes=2)
    assert digest(tmp_path / "two") == digest(data_set)


@pytest.mark.slow
def test_a_ray_cluster_gives_the_same(data_set: Path, record_folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed")
    build(tmp_path / "ray", plan(record_folder), processes=2, ray=True)
    assert digest(tmp_path / "ray") == digest(data_set)


def command(folder: Path, record_folder: Path) -> list[str]:
    return [
        sys.executable, "-m", "archlm", "bench", "build", str(folder), "--records", str(record_folder), "--sample",
        "nasbench201=2500", "--sample", "nats_size=20",
    ]  # fmt: skip


def kill_and_go_on(folder: Path, record_folder: Path, kills: int, how: signal.Signals) -> None:
    rng = random.Random(0)
    for _ in range(kills):
        running = subprocess.Popen(command(folder, record_folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            running.wait(rng.uniform(2, 14))
        except subprocess.TimeoutExpired:
            running.send_signal(how)
        _, said = running.communicate()
        if how is signal.SIGINT and running.returncode:
            assert running.returncode in (130, -signal.SIGINT), said.decode()
    subprocess.run(command(folder, record_folder), check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_five_kills_change_nothing(record_folder: Path, tmp_path: Path, how: signal.Signals) -> None:
    kill_and_go_on(tmp_path / "killed", record_folder, 5, how)
    subprocess.run(command(tmp_path / "whole", record_folder), check=True, capture_output=True)
    assert digest(tmp_path / "killed") == digest(tmp_path / "whole")


def test_an_interrupted_build_goes_on(data_set: Path, record_folder: Path, tmp_path: Path) -> None:
    """Chunks that exist are kept, half-written files and a half-merged data set do no harm."""
    folder = tmp_path / "left"
    shutil.copytree(data_set, folder)
    chunks = sorted((folder / "parts").rglob("*.parquet"))
    chunks[0].unlink()
    (chunks[0].parent / "complete").unlink()
    (chunks[1].parent / ".000007.parquet.123").write_bytes(b"half")
    (folder / "manifest.json").unlink()
    (folder / "architectures" / "00000.parquet").write_bytes(b"half")
    (folder / "architectures" / "00007.parquet").write_bytes(b"of an older build")
    kept = chunks[1].stat().st_mtime_ns
    with pytest.raises(UserInputError, match="no finished data set"):
        load(folder)
    build(folder, plan(record_folder), processes=1)
    assert digest(folder) == digest(data_set)
    assert chunks[1].stat().st_mtime_ns == kept


def test_a_damaged_chunk_of_an_earlier_build_is_named(data_set: Path, record_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "left"
    shutil.copytree(data_set, folder)
    chunk = min((folder / "parts").rglob("*.parquet"))
    chunk.write_bytes(chunk.read_bytes()[:-100])
    with pytest.raises(MalformedRecordsError, match=f"{chunk}, .* remove the folder {chunk.parent} and build again"):
        build(folder, plan(record_folder), processes=1)
    shutil.rmtree(chunk.parent)
    build(folder, plan(record_folder), processes=1)
    assert digest(folder) == digest(data_set)


def test_a_build_can_grow(data_set: Path, record_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "grown"
    shutil.copytree(data_set, folder)
    parts = [*plan(record_folder), *make_plan(None, samples=[("nats_size", 30)], seed=5)]
    manifest = build(folder, parts, processes=1)
    assert manifest["entries"] == read_manifest(data_set)["entries"] + 30
    assert manifest["parts"][:3] == read_manifest(data_set)["parts"]


def test_other_records_and_seeds_are_other_chunks(record_folder: Path, tmp_path: Path) -> None:
    changed = tmp_path / "records"
    shutil.copytree(record_folder, changed)
    with (changed / "mnasnet.parquet").open("ab") as file:
        file.write(b"PAR1")
    labels = [[part.label for part in parts] for parts in (plan(record_folder), plan(changed), plan(record_folder, 1))]
    assert labels[0][0] != labels[1][0] and labels[0][1:] == labels[1][1:]
    assert labels[0][0] == labels[2][0] and labels[0][1] != labels[2][1]


def test_data_sets_of_another_version_are_refused(data_set: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(read_manifest(data_set) | {"format": "0.0.0"}))
    with pytest.raises(UserInputError, match=r"of format 0\.0\.0"):
        load(tmp_path)


def test_plans_that_cannot_be(record_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="nothing to build"):
        make_plan(None)
    with pytest.raises(UserInputError, match="no records that are known"):
        make_plan(tmp_path)
    with pytest.raises(MissingRecordsError, match="published as"):
        make_plan(record_folder, sources=["nasbench201_table"])
    with pytest.raises(UserInputError, match="no folder"):
        make_plan(None, sources=["nasbench201_table"])
    with pytest.raises(UnknownNameError, match="cannot be listed"):
        make_plan(None, listed=["mnasnet"])
    with pytest.raises(UnknownNameError, match="unknown search space"):
        make_plan(None, samples=[("nasbench", 3)])
    with pytest.raises(UserInputError, match="at least 1"):
        make_plan(None, samples=[("nats_size", 0)])


EMPTY = {name: 0 for name in ("entries", "architectures", "measurements", "skipped")} | {
    "not_built": [],
    "format": CODE,
}
HOSTILE = [{"format": CODE}, EMPTY | {"parts": [3]}, EMPTY | {"parts": [{"recorded_params": "3", "equal_params": 3}]}]


@pytest.mark.parametrize("content", [b"[]", b"7", b"{}", b"[" * 100_000, *(json.dumps(m).encode() for m in HOSTILE)])
def test_a_hostile_manifest_is_no_data_set(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(UserInputError, match="no finished data set"):
        read_manifest(tmp_path)


def test_two_builds_do_not_write_one_folder(data_set: Path, record_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(data_set, tmp_path / "data")
    with alone_in(folder), pytest.raises(UserInputError, match="another process builds the data set in"):
        build(folder, plan(record_folder), processes=1)
    assert digest(folder) == digest(data_set), "what is there stays"
    build(folder, plan(record_folder), processes=1)
