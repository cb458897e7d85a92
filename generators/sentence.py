"""A sentence as a condition, by a small grammar: `a network for CIFAR-100 under 1M parameters, low latency on raspi4`.

What is understood: a task and a search space by name; limits (`under 1M parameters`, `at most 300 million MACs`,
`parameters <= 1M`, `20 layers or fewer`, `below 5 ms on pixel3`); costs to keep low (`low latency on raspi4`, `as few
parameters as possible`, `small`, `fast on gold_6226`, `shallow`). A number or a comparison that is not understood is an
error, and so is a lower limit, which a generator cannot hold; other words that carry no meaning here are returned, to
be shown.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from generators.condition import Condition, InvalidConditionError
from generators.layouts import SPACES
from onnx_bench.tasks import list_tasks
from onnx_bench.tasks.latency import PREFIX as LATENCY

_SIZES = {"": 1, "k": 1e3, "thousand": 1e3, "m": 1e6, "mio": 1e6, "million": 1e6, "g": 1e9, "b": 1e9, "billion": 1e9}
_COSTS = {
    "params": r"(?:parameters?|params?|weights)",
    "macs": r"(?:macs?|mult-?adds?|multiply-accumulates?|multiply-adds?)",
    "flops": r"(?:flops?)",
    "depth": r"(?:layers?|levels|deep|depth)",
}
_NUMBER = (
    rf"(?<![0-9,.])([0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?)(?![0-9,.]*[0-9])"
    rf"\s*({'|'.join(filter(None, _SIZES))})?"
)
_OTHER_UNIT = r"\s*(?:m|u|milli|micro)?(?:s|seconds?)\b|\s*%"
_LESS = (
    r"(?:(?:under|below|less than|fewer than|smaller than|at most|up to|within|no more than|not more than|"
    r"max(?:imum)?(?: of)?|limit(?:ed)? (?:of|to)|budget of|<=?|≤)\s*)"
)
_MORE = (
    r"(?:\b(?:at least|at minimum|(?<!no )(?<!not )more than|(?:greater|larger|bigger|higher|deeper|slower) than|"
    r"over|above|beyond|exceeding|exactly|precisely|equal to|min(?:imum)?(?: of)?|"
    r"not (?:under|below|less than|fewer than|smaller than|at most|up to|within))\s*|>=?\s*|≥\s*|(?<![<>])=\s*)"
)
_OR_MORE = r"\bor (?:more|above|over|larger|bigger|higher|deeper|slower)\b"
"""What the generator cannot hold: its limits are upper ones."""
_ON = r"\s*(?:on|for)?\s*(?:the |an? )?({devices})"
_LOW = r"(?:low(?:est)?|small(?:est)?|little|few(?:est)?|minimal|minimum|minimi[sz]e[sd]?|as (?:few|low|little) )\s*"
_FILLER = """
    a an the and with for of in on to that is are be has have which network networks net nets model models
    architecture architectures cell cells good best great accurate accuracy high highest quality as possible please
    give me find generate want i need or fewer less but also it its under budget from space search well very
    performing performs classification classifier image images task
"""


_COMMON = frozenset(("normal", "score", "photo", "graph", "cs", "sts", "rte", "sst"))
"""Last parts of names of tasks that are words, or too short to be meant: these tasks need their whole name."""


class ParsedSentence(NamedTuple):
    """What a sentence means.

    Attributes:
        condition: All of it.
        ignored: Words that have no meaning here.
        names_task: Whether it says what the network is for: a task, or a space, which has one.
    """

    condition: Condition
    ignored: tuple[str, ...]
    names_task: bool


def parse_sentence(sentence: str, **given: Any) -> ParsedSentence:
    """Read a sentence.

    Args:
        sentence: English.
        given: Fields of the condition that hold whatever the sentence says.

    Raises:
        InvalidConditionError: A number or a comparison that is not understood, two tasks, two limits of the same, or a
            condition that is none.
    """
    reader = _Reader(sentence)
    fields = reader.fields() | given
    return ParsedSentence(Condition(**fields), reader.ignored(), bool(fields.keys() & {"task", "space"}))


class _Reader:
    """Takes what it understands out of a sentence, a pattern at a time."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        self.rest = " " + re.sub(r"\s+", " ", sentence.lower()) + " "

    def take(self, pattern: str) -> list[re.Match[str]]:
        """All matches of a pattern, which are then gone."""
        found = list(re.finditer(pattern, self.rest))
        self.rest = re.sub(pattern, " | ", self.rest)
        return found

    def fields(self) -> dict[str, Any]:
        if lower := re.search(rf"{_MORE}[0-9]\S*[^|]{{0,20}}|\S*[0-9]\S*[^|]{{0,20}}{_OR_MORE}", self.rest):
            raise InvalidConditionError(
                f"{lower[0].strip()!r} in {self.sentence!r} is no upper limit, and others cannot be held; say `at most`"
                ", or leave it out"
            )
        devices = _spellings([task.name for task in list_tasks() if task.name.startswith(LATENCY)], LATENCY)
        on = _ON.format(devices="|".join(devices))
        latency: dict[str, float] = {}
        objectives: list[str] = []
        time = r"(ms|milliseconds?|us|microseconds?)"
        for match in self.take(rf"(?:latency )?{_LESS}?{_NUMBER}\s*{time}(?: of)?(?: latency)?{on}\b"):
            number, size, unit, device = match.groups()
            milliseconds = _value(number, size) * (1e-3 if unit.startswith(("us", "mic")) else 1.0)
            self._limit(latency, _known(device, devices), milliseconds)
        for match in self.take(rf"(?:{_LOW}latency|fast(?:est)?){on}\b"):
            objectives.append(LATENCY + _known(match[1], devices))
        found: dict[str, Any] = {"max_latency": latency} if latency else {}
        for name, words in _COSTS.items():
            before = self.take(rf"{_LESS}?{_NUMBER}[\s-]*{words}\b")
            for match in before + self.take(rf"\b{words}\s*{_LESS}{_NUMBER}\b(?!{_OTHER_UNIT})"):
                value = _value(match[1], match[2])
                # A multiply-accumulate is two floating-point operations.
                plain, most = ("macs", value / 2) if name == "flops" else (name, value)
                self._limit(found, f"max_{plain}", most)
        for name, words in (*_COSTS.items(), ("params", "size")):
            if self.take(rf"{_LOW}(?:number of )?{words}\b"):
                objectives.append("macs" if name == "flops" else name)
        for word, name in (("shallow", "depth"), ("(?:tiny|small|compact|lightweight)", "params")):
            if self.take(rf"\b{word}(?:est)?\b"):
                objectives.append(name)
        if objectives:
            found["objectives"] = tuple(dict.fromkeys(objectives))
        spaces = _spellings(list(SPACES))
        tasks = _spellings([task.name for task in list_tasks() if not task.name.startswith(LATENCY)])
        for field, names in (("space", spaces), ("task", tasks)):
            named = list(
                dict.fromkeys(_known(m[1], names) for m in self.take(rf"(?<![\w-])({'|'.join(names)})(?![\w-])"))
            )
            if len(named) > 1:
                raise InvalidConditionError(
                    f"{self.sentence!r} names two of a kind, {named[0]} and {named[1]}; name one"
                )
            if named:
                found[field] = named[0]
        if wrong := re.search(rf"{_LESS}[^|]*|\S*[0-9]\S*", self.rest):
            raise InvalidConditionError(
                f"{wrong[0].strip()!r} in {self.sentence!r} is not understood; a limit has a number and one of "
                "parameters, MACs, FLOPs, layers, or ms on a device (`archlm tasks` lists latency/<device>)"
            )
        return found

    def _limit(self, limits: dict[str, Any], name: str, most: float) -> None:
        if name in limits:
            raise InvalidConditionError(f"{self.sentence!r} limits {name.removeprefix('max_')} twice; say one")
        limits[name] = most

    def ignored(self) -> tuple[str, ...]:
        """Words that are left and are more than filling."""
        filler = set(_FILLER.split())
        return tuple(word for word in re.findall(r"[a-z][\w-]*", self.rest) if word not in filler)


def _spellings(names: list[str], prefix: str = "") -> dict[str, str]:
    """Patterns that a person may write for a name, the longest first."""
    found: dict[str, str] = {}
    for name in names:
        plain = name.removeprefix(prefix)
        for spelling in (plain, plain.rpartition("/")[2]):
            if spelling in _COMMON:
                continue
            parts = re.findall(r"nas(?=bench)|[a-z]+|[0-9]+", spelling.lower())
            found.setdefault(r"[\s_/-]?".join(parts), plain)
    if "imagenet[\\s_/-]?1[\\s_/-]?k" in found:
        found["imagenet"] = "imagenet-1k"
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def _known(written: str, spellings: dict[str, str]) -> str:
    return next(name for pattern, name in spellings.items() if re.fullmatch(pattern, written))


def _value(number: str, size: str | None) -> float:
    return float(number.replace(",", "")) * _SIZES[size or ""]
