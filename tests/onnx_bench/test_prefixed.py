"""Numbers as people write them."""

from __future__ import annotations

import pytest

from onnx_bench.prefixed import count, prefixed


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (999, "999"), (1000, "1 k"), (11_689_512, "11.7 M"), (999_499, "999 k"), (999_500, "1 M"),
     (1.8e9, "1.8 G"), (2e12, "2 T")],
)  # fmt: skip
def test_counts(number: float, shown: str) -> None:
    assert count(number) == shown


@pytest.mark.parametrize(
    ("number", "text", "prefix"),
    [(-0.5, "-0.5", ""), (999.94, "999.9", ""), (999.96, "1", "k"), (123_456, "123.5", "k"), (999_960_000, "1", "G")],
)
def test_what_is_rounded_up_has_the_next_prefix(number: float, text: str, prefix: str) -> None:
    assert prefixed(number, 4) == (text, prefix)
