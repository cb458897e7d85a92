"""Grids in the terminal."""

from __future__ import annotations

import numpy as np
import pytest

from archlm.cli.grid_output import print_grid
from archlm.generation.generated import Generated
from archlm.generation.illuminate import Illuminated


def test_every_cell_has_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    networks = [Generated("nats_size", "", None, {"task": "cifar10", "mean": mean}, {}, {}) for mean in (88.123, 92.0)]
    edges = {"params": np.array([1e5, 2e5, 3e5, 4e5]), "latency/raspi4": np.array([5.0, 7.0, 9.0])}
    print_grid(Illuminated(networks, [(0, 0), (2, 1)], edges))
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    *title, heads, _, above, below = lines
    said = " ".join(" ".join(title).split())  # it is folded to the width of the table
    assert "in %: the best of 2 of 6 cells, params across, latency/raspi4 up" in said
    assert heads.split() == ["to", "200k", "to", "300k", "more"]
    assert above.split() == ["more", ".", ".", "92"] and below.split() == ["to", "7", "ms", "88.12", ".", "."]
