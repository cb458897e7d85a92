"""`prefixed`: large numbers as people write them, with k, M, G or T."""

from __future__ import annotations

_PREFIXES = ((12, "T"), (9, "G"), (6, "M"), (3, "k"))


def prefixed(number: float, digits: int) -> tuple[str, str]:
    """A number in so many digits, and the prefix behind it: 11689512 in three is `11.7` and `M`."""
    for power, prefix in _PREFIXES:
        if number >= (1 - 0.5 * 10.0**-digits) * 10.0**power:  # its digits would be rounded up to it
            return f"{number / 10.0**power:.{digits}g}", prefix
    return f"{number:.{digits}g}", ""


def count(number: float) -> str:
    """A count for people: 11.7 M."""
    return " ".join(prefixed(number, 3)).rstrip()
