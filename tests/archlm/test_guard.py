"""The guard: other people's folders of our names are spoken of clearly, and `train.py` is nobody's business."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archlm import guard

REPOSITORY = Path(__file__).resolve().parents[2]


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python in `folder`, which comes before archlm on the path, as it does where archlm is installed."""
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=env, text=True, capture_output=True, timeout=60, check=False
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's project with a `train.py` of its own."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text("raise SystemExit('the user training was started')\n")
    return folder


def test_own_packages_pass() -> None:
    guard.check()


@pytest.mark.parametrize("name", guard.FLOORS)
def test_a_package_of_our_name_stops_python_m(project: Path, name: str) -> None:
    (project / name).mkdir()
    (project / name / "__init__.py").write_text("raise RuntimeError('imported')\n")
    done = run(project, "-m", "archlm", "tasks")
    assert done.returncode == 1 and done.stdout == ""
    assert "Traceback" not in done.stderr and "imported" not in done.stderr
    assert str(project / name) in done.stderr and f"needs its own package {name!r}" in done.stderr
    assert "run the command `archlm`" in done.stderr


def test_a_module_file_is_named_too(project: Path) -> None:
    (project / "encoders.py").write_text("")
    done = run(project, "-m", "archlm", "tasks")
    assert done.returncode == 1 and str(project / "encoders.py") in done.stderr


def test_a_library_user_gets_an_import_error(project: Path) -> None:
    (project / "encoders").mkdir()
    (project / "encoders" / "__init__.py").write_text("")
    code = "\n".join([
        "try:", "    import archlm", "except ImportError as error:", "    print(type(error).__name__, error.name)",
    ])  # fmt: skip
    done = run(project, "-c", code)
    assert done.stdout == "ShadowedPackageError encoders\n", done.stderr


def test_a_train_py_of_ones_own_does_no_harm(project: Path) -> None:
    done = run(project, "-m", "archlm", "tasks", "--json")
    assert done.returncode == 0, done.stderr
    assert "user training" not in done.stdout + done.stderr


def test_importing_archlm_loads_nothing_heavy(project: Path) -> None:
    heavy = ("torch", "onnx", "numpy", "pandas", "typer", "lightgbm", "onnx_bench", "encoders", "train")
    done = run(project, "-c", f"import archlm, sys; print([m for m in {heavy!r} if m in sys.modules])")
    assert done.stdout == "[]\n", done.stderr


def test_missing_package_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "FLOORS", ("no_such_package_of_ours",))
    with pytest.raises(guard.ShadowedPackageError, match="is missing from"):
        guard.check()


def test_unknown_public_name() -> None:
    import archlm

    with pytest.raises(AttributeError, match="no attribute 'Explainer'"):
        archlm.Explainer  # noqa: B018  the access is the test
    assert {"Condition", "Generator", "Predictor"} <= set(dir(archlm))
