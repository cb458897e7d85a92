"""The text of single definitions of `torch_helpers`, read without importing torch."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def helper_texts() -> dict[str, str]:
    """Source text of every helper by name."""
    source = (Path(__file__).parent / "torch_helpers.py").read_text(encoding="utf-8")
    lines = source.splitlines()
    return {
        node.name: "\n".join(lines[node.lineno - 1 : node.end_lineno])
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
