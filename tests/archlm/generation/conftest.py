"""The shipped generator, loaded once."""

from __future__ import annotations

import pytest

from archlm import Generator


@pytest.fixture(scope="module")
def generator() -> Generator:
    """With the shipped predictor."""
    return Generator.from_pretrained()
