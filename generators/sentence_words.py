"""Comparisons and numbers of a sentence in one form: `no larger than a million` becomes `<= 1 million`.

What is written with `<=`, `>=` or `==` can be read by a small grammar; the rest of a sentence stays as it is.
"""

from __future__ import annotations

import re

SIZES = {"": 1, "k": 1e3, "thousand": 1e3, "m": 1e6, "mio": 1e6, "million": 1e6, "g": 1e9, "b": 1e9, "billion": 1e9}
NUMBER = (
    rf"(?<![0-9,.])([0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?)(?![0-9,.]*[0-9])"
    rf"\s*((?:{'|'.join(filter(None, SIZES))})(?!s\b|j\b|w\b|illi(?!on)|icro))?"  # 5 ms are no 5 million seconds
)
PLAIN = re.sub(r"\((?!\?)", "(?:", NUMBER)
COUNTS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
LOW = (
    r"(?:low(?:est)?|small(?:est)?|little|few(?:est)?|minimal|minimum|minimi[sz](?:e[sd]?|ing)|as (?:few|low|little) )"
    r"\s*"
)
"""Before what is to be kept low."""
FAST = r"(?:fast|quick)(?:est)?"
_COUNT = rf"\b({'|'.join(COUNTS)})(?= (?:thousand|million|billion|layers?|ms|milliseconds?)\b)"
_FEWER = "under|below|(?:less|fewer|smaller|lower|faster|quicker|shallower) than"
_GREATER = "over|above|beyond|exceed(?:s|ing)?|(?:more|greater|larger|bigger|higher|deeper|slower|longer) than"
_NOT = r"(?:not|no|never|without|don'?t|doesn'?t|cannot|can'?t)(?: to| be| being| have| having)?"
_BEFORE = rf"(?<![<>=] )({PLAIN}[^,;<>=|]{{0,30}}?),?"
_END = r"(?= ?(?:[,;.]|and\b|$))"
"""After a comparison that stands behind its number."""
_REWRITTEN = (
    (r"\b(?:an?|one) hundred (thousand|million|billion)\b", r"100 \1"),
    (r"\bhalf a (thousand|million|billion)\b", r"0.5 \1"),
    (r"\ban? (thousand|million|billion)\b", r"1 \1"),
    (_COUNT, lambda match: str(COUNTS.index(match[1]) + 1)),
    (rf"\b(?:between|from) ({PLAIN}) ?([^\s,;0-9]*) ?(?:and|to) ({PLAIN}) ?([^\s,;]*)",
     lambda match: f">= {match[1]} {match[2] or match[4]} and <= {match[3]} {match[4]}"),
    (rf"{_BEFORE}(?: or (?:fewer|less|below|under|lower|smaller|faster)\b|(?: at most| max(?:imum)?| tops){_END})",
     r" <= \1 "),
    (rf"{_BEFORE}(?: or (?:more|above|over|larger|bigger|higher|deeper|slower)\b|(?: at least| min(?:imum)?){_END})",
     r" >= \1 "),
    (rf"\b{_NOT} (?:{_GREATER})(?=[\s<0-9])", " <= "),
    (rf"\b{_NOT} (?:{_FEWER}|at most|up to|within)(?=[\s<0-9])", " >= "),
    (rf"\b(?:{_FEWER}|at most|up to|within|max(?:imum)?(?: of)?(?= ?[0-9])|limit(?:ed)? (?:of|to)|budget of)"
     r"(?=[\s<0-9])", " <= "),
    (rf"\b(?:{_GREATER}|at least|at minimum|min(?:imum)?(?: of)?(?= ?[0-9]))(?=[\s<0-9])", " >= "),
    (r"\b(?:exactly|precisely|equal to)(?=\s)|(?<![<>=])==?", " == "),
    (r"≤|<=?", " <= "),
    (r"≥|>=?", " >= "),
    # An accuracy that is named is to be reached.
    (rf"(?<![<>=] )(?<![0-9.,])(?={PLAIN} ?(?:%|percent) (?:top-?1 )?acc)", " >= "),
    (rf"\b(acc(?:uracy)?(?: (?:of|is|should|be))*) (?={PLAIN} ?(?:%|percent))", r"\1 >= "),
)  # fmt: skip


def in_plain_words(sentence: str) -> str:
    """The sentence in lower case, with every comparison as `<=`, `>=` or `==` before its number."""
    text = f" {sentence.lower()} "
    for pattern, plain in _REWRITTEN:
        text = re.sub(pattern, plain, re.sub(r"\s+", " ", text))
    return re.sub(r"\s+", " ", text)


def value_of(number: str, size: str | None) -> float:
    """What the two groups of `NUMBER` say."""
    return float(number.replace(",", "")) * SIZES[size or ""]
