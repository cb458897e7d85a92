"""What the tests of the commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import archlm
from archlm.cli.main import app

Run = Callable[..., Result]

EXAMPLE = Path(archlm.__file__).parent / "examples" / "resnet18.onnx"


@pytest.fixture
def archlm_command() -> Run:
    """Run `archlm ARGUMENTS...` in this process."""
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def example() -> Path:
    """The bundled ResNet-18 without weights."""
    return EXAMPLE
