"""The shipped weights, read once: they do not change, and every command and predictor would read them anew."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from archlm.predictor import SHIPPED
from archlm.weights_store import Weights


@pytest.fixture(scope="session", autouse=True)
def shipped_weights_are_read_once() -> Iterator[None]:
    """Their parts are read when they are first needed, and never changed."""
    shipped = cache(Weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archlm.predictor.Weights", lambda path: shipped(path) if path == SHIPPED else Weights(path))
        yield
