"""Networks that another package builds are built again when that package comes, goes or changes; all others stay."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archlm.bench.build import build
from archlm.bench.encode import encode_job
from archlm.bench.plan import Job, ListPart, SamplePart, make_plan
from onnx_bench.errors import UserInputError
from onnx_bench.records import Entry, tables
from tests.archlm.bench.conftest import ENTRIES, digest, write_records
from tests.onnx_bench.spaces import fake_zoo

Install = Callable[[str | None], None]
MODELS = ["convy_tiny", "convy_wide", "vit_mini"]

ON_DISK = """
from tests.onnx_bench.spaces import fake_zoo
vars().update({name: value for name, value in vars(fake_zoo.timm()).items() if not name.startswith("__")})
"""


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a stand-in for timm into this process as if that version were installed, or nothing for `None`."""
    real = metadata.version

    def replace_timm(version: str | None) -> None:
        def of(package: str) -> str:
            if package == "timm" and version is None:
                raise metadata.PackageNotFoundError(package)
            return str(version) if package == "timm" else real(package)

        monkeypatch.setattr(metadata, "version", of)
        monkeypatch.setitem(sys.modules, "timm", fake_zoo.timm() if version else None)

    return replace_timm


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Records of MnasNets, which need no package, and of three models of timm."""
    folder = tmp_path / "records"
    write_records(folder)
    columns: dict[str, list[object]] = {name: [1.0, 2.0, 3.0] for name in tables.TIMM.used()}
    columns |= {"timm_base": list(MODELS), "img_size": [40, 32, 32], "params_built_M": [None] * 3}
    pq.write_table(pa.table(columns), folder / "timm.parquet")
    return folder


def not_built(data: Path, folder: Path) -> int:
    """Build, and count the models of timm without a graph."""
    return int(build(data, make_plan(folder), processes=1)["parts"][1]["skipped"])


def test_installing_the_extra_builds_what_it_builds_and_nothing_else(
    install: Install, folder: Path, tmp_path: Path
) -> None:
    install(None)
    assert not_built(tmp_path / "data", folder) == len(MODELS)
    without = digest(tmp_path / "data")
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "data" / "parts").rglob("*.parquet")}
    install("1.0.20")
    assert not_built(tmp_path / "data", folder) == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    again = set((tmp_path / "data" / "parts").rglob("*.parquet")) - set(kept)
    assert [path.name for path in again] == ["000000.parquet"] and ENTRIES > 25, "one chunk is of timm, two are not"
    assert not_built(tmp_path / "fresh", folder) == 0
    assert digest(tmp_path / "data") == digest(tmp_path / "fresh"), "as if the extra had been there from the start"
    install(None)
    assert not_built(tmp_path / "data", folder) == len(MODELS)
    assert digest(tmp_path / "data") == without


@pytest.mark.parametrize("ray", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_several_processes_give_the_same(
    ray: bool, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ray:
        pytest.importorskip("ray", reason="the extra ray is not installed")
    packages, repository = tmp_path / "packages", Path(__file__).parents[3]
    (packages / "timm").mkdir(parents=True)
    (packages / "timm" / "__init__.py").write_text(ON_DISK)
    (packages / "timm-99.1.dist-info").mkdir()
    (packages / "timm-99.1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: timm\nVersion: 99.1\n")
    monkeypatch.syspath_prepend(packages)  # workers get it from here, those of Ray from the environment
    monkeypatch.setenv("PYTHONPATH", f"{packages}:{repository}")
    monkeypatch.setitem(sys.modules, "timm", None)  # so that the stand-in is forgotten in the end
    monkeypatch.delitem(sys.modules, "timm")
    built = build(tmp_path / "several", make_plan(folder), processes=2, ray=ray)
    assert built["parts"][1]["skipped"] == 0 and built["parts"][1]["built_with"]["timm"] == "99.1"
    assert not_built(tmp_path / "one", folder) == 0
    assert digest(tmp_path / "several") == digest(tmp_path / "one")


def test_only_parts_that_a_package_builds_depend_on_it(install: Install, folder: Path) -> None:
    (folder / "timm_onnx.parquet").write_bytes(b"graphs that their authors exported")

    def labels() -> dict[str, str]:
        recorded = {str(part.description["source"]): part.label for part in make_plan(folder)}
        listed = {space: ListPart(space).label for space in ("timm", "torchvision", "nats_size")}
        return recorded | listed | {"sample": SamplePart("timm", 3, seed=0).label}

    found = []
    for version in (None, "1.0.20", "1.0.21", "1.0.20"):
        install(version)
        found.append(labels())
    assert {name for name, label in found[0].items() if label != found[1][name]} == {"timm_table", "timm", "sample"}
    assert {name for name, label in found[1].items() if label != found[2][name]} == {"timm_table", "timm", "sample"}
    assert found[1] == found[3]
    assert len(found[0]) == 7 and "timm_graphs" in found[0]


def test_a_worker_with_other_packages_is_an_error(install: Install) -> None:
    install("1.0.20")
    [job] = SamplePart("timm", 1, seed=0).jobs()
    install("1.0.21")
    with pytest.raises(UserInputError, match=r"timm 1\.0\.21.* on this worker, .*planned with timm 1\.0\.20"):
        encode_job(job)
    assert encode_job(Job("nats_size", "", (Entry("8:8:8:8:8", ()),), {}))
