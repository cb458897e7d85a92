"""The length of a turn is short while models are read, and what it was afterwards."""

from __future__ import annotations

import sys

import pytest

from onnx_bench.reading.turns import TURN, short_turns


def test_turns_are_short_inside_alone() -> None:
    before = sys.getswitchinterval()
    with short_turns():
        with short_turns():
            assert sys.getswitchinterval() == pytest.approx(TURN)
        assert sys.getswitchinterval() == pytest.approx(TURN)
    assert sys.getswitchinterval() == pytest.approx(before)


def test_turns_that_are_shorter_already_stay() -> None:
    usual = sys.getswitchinterval()
    try:
        sys.setswitchinterval(TURN / 5)
        with short_turns():
            assert sys.getswitchinterval() == pytest.approx(TURN / 5, rel=0.02)  # kept in whole microseconds
    finally:
        sys.setswitchinterval(usual)


def test_an_error_ends_them() -> None:
    before = sys.getswitchinterval()
    with pytest.raises(KeyError), short_turns():
        raise KeyError
    assert sys.getswitchinterval() == pytest.approx(before)
