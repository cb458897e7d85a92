"""What the tests of exports share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def export_cache(request: pytest.FixtureRequest) -> Path:
    """Framework exports, kept from one run to the next."""
    cache = request.config.cache
    assert cache is not None
    return Path(cache.mkdir("exports"))
