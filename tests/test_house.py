"""The rules of the house: imports run downward, dependencies are declared, the code map is complete."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.code_map import FLOORS, REPOSITORY, SECTION, code_map, modules

SHIPPED = FLOORS[:-1]
BESIDE: dict[str, dict[str, set[str]]] = {
    "onnx_bench": {
        "passes": set(), "tasks": set(), "importing": set(), "writers": set(), "reading": {"importing"},
        "spaces": {"passes"}, "records": {"spaces", "tasks"},
    },
    "encoders": {"proxies": set()},
    "generators": {"layouts": set(), "training": {"layouts"}},
    "archlm": {
        "examples": set(), "members": set(), "devices": set(), "training": set(), "bench": set(), "generation": set(),
        "finetuning": {"members", "devices", "training"}, "cli": {"bench", "finetuning", "generation"},
    },
}  # fmt: skip
"""Within a floor: what each folder may import from the folders beside it. The files above them are for all."""
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def imported(path: Path) -> Iterator[str]:
    """Top-level names of the modules that a file imports, wherever in the file, absolute or for type checking."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_run_downward(floor: str) -> None:
    above = set(FLOORS[FLOORS.index(floor) + 1 :]) | {"tests"}
    wrong = {str(path.relative_to(REPOSITORY)): above & set(imported(path)) for path in modules([floor])}
    assert {path: names for path, names in wrong.items() if names} == {}


@pytest.mark.parametrize("floor", SHIPPED)
def test_folders_of_a_floor_keep_apart(floor: str) -> None:
    found = {path.name: {name for file in path.rglob("*.py") for name in _folders(file, floor)} - {path.name}
             for path in (REPOSITORY / floor).iterdir() if any(path.glob("*.py"))}  # fmt: skip
    assert found.keys() == BESIDE[floor].keys()
    assert {folder: names for folder, names in found.items() if not names <= BESIDE[floor][folder]} == {}


def test_only_the_command_imports_the_command_line() -> None:
    files = [path for path in modules(SHIPPED) if path.parent != REPOSITORY / "archlm/cli"]
    assert [path.name for path in files if "cli" in _folders(path, "archlm")] == ["__main__.py"]


def test_what_windows_lacks_is_imported_under_a_condition() -> None:
    found = {
        str(path.relative_to(REPOSITORY)): alias.name for path in modules(SHIPPED)
        for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import)
        for alias in node.names if alias.name in {"fcntl", "grp", "pwd", "resource", "termios"}
    }  # fmt: skip
    assert found == {}


def _folders(path: Path, floor: str) -> set[str]:
    """The folders of a floor that a file imports from."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    parts = [name.split(".") for name in names]
    return {part[1] for part in parts if part[0] == floor and len(part) > 1 and (REPOSITORY / floor / part[1]).is_dir()}


def test_every_third_party_import_is_a_declared_dependency() -> None:
    declared = {_normal(re.split(r"[<>=!\[; ]", line, maxsplit=1)[0]) for line in PROJECT["dependencies"]}
    owners = packages_distributions()
    missing = {}
    for path in modules(SHIPPED):
        for name in set(imported(path)) - set(FLOORS) - sys.stdlib_module_names:
            if not declared & {_normal(owner) for owner in owners.get(name, [name])}:
                missing[str(path.relative_to(REPOSITORY))] = name
    assert missing == {}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_has_a_lower_and_an_upper_bound() -> None:
    for line in PROJECT["dependencies"]:
        assert ">=" in line and "<" in line, line


def test_every_folder_with_code_is_a_package() -> None:
    bare = {path.parent for path in modules(SHIPPED) if not (path.parent / "__init__.py").exists()}
    assert bare == set(), "such a folder would be left out of the wheel"


def test_no_file_outgrows_one_concept() -> None:
    long = {str(path.relative_to(REPOSITORY)) for path in modules() if len(path.read_text().splitlines()) > 400}
    assert long == set()


def test_every_module_says_what_it_is() -> None:
    for path in modules(SHIPPED):
        if path.read_text().strip():
            assert ast.get_docstring(ast.parse(path.read_text())), f"{path} has no docstring"


def test_the_code_map_is_up_to_date() -> None:
    section = SECTION.search((REPOSITORY / "CONTRIBUTING.md").read_text())
    assert section is not None and section[0] == code_map(), "write it again: python -m tests.code_map"
