"""Sources of P5: no family of a tested device among those that are to be without it."""

from __future__ import annotations

import pytest

from train.protocols.p5_latency import LABELS, ROWS, SOURCES, TESTED, drawn, sources_of


def test_row_a_has_the_sources_of_help() -> None:
    assert all(sources_of("a", device) == SOURCES for device in TESTED)


@pytest.mark.parametrize(
    ("row", "device", "absent"),
    [
        ("b", "pixel2", {"pixel3"}), ("b", "gold_6226", {"silver_4114", "silver_4210r"}), ("b", "raspi4", set()),
        ("b", "titan_rtx_256", set()), ("b-nvidia", "titan_rtx_256", {"1080ti_1", "1080ti_32", "1080ti_256"}),
        ("b-nvidia", "pixel2", {"pixel3"}), ("b-joint", "fpga", {"pixel3", "silver_4114", "silver_4210r"}),
    ],
)  # fmt: skip
def test_stricter_rows(row: str, device: str, absent: set[str]) -> None:
    assert set(SOURCES) - set(sources_of(row, device)) == absent


def test_no_source_is_tested() -> None:
    assert not set(SOURCES) & set(TESTED) and len(ROWS) == 4


def test_draws_differ_and_repeat() -> None:
    assert drawn(100, 0).sum() == LABELS
    assert (drawn(100, 0) == drawn(100, 0)).all() and (drawn(100, 0) != drawn(100, 1)).any()
