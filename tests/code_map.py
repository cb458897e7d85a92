"""The map of the code in CONTRIBUTING.md, made of the first sentence of each file: `python -m tests.code_map`."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FLOORS = ("onnx_bench", "encoders", "generators", "archlm", "train")  # from the ground up
FILE = REPOSITORY / "CONTRIBUTING.md"
SECTION = re.compile(r"(?<=<!-- map: begin -->\n).*(?=<!-- map: end -->)", re.DOTALL)


def modules(floors: Sequence[str] = FLOORS) -> list[Path]:
    """Every Python file of the given floors, floor by floor."""
    return [path for floor in floors for path in sorted((REPOSITORY / floor).rglob("*.py"))]


def code_map() -> str:
    """A heading for each floor and a line for each file; an `__init__.py` describes its folder."""
    lines = []
    for floor in FLOORS:
        lines.append(f"\n### {floor}\n")
        lines += [f"- `{_shown(path)}`: {_first_sentence(path)}" for path in modules([floor]) if path.read_text()]
    return "\n".join(lines) + "\n\n"


def _shown(path: Path) -> str:
    name = path.relative_to(REPOSITORY).as_posix()
    return name.removesuffix("__init__.py")


def _first_sentence(path: Path) -> str:
    text = " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.?!]) (?=[A-Z`])", text)[0].rstrip(".")


if __name__ == "__main__":
    text = FILE.read_text()
    FILE.write_text(SECTION.sub(lambda _: code_map(), text))
