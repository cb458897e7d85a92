"""A sentence as a condition, by a small grammar: `a network for CIFAR-100 under 1M parameters, low latency on raspi4`.

What is understood: a task and a search space by name; limits (`under 1M parameters`, `at most 300 million MACs`,
`parameters <= 1M`, `20 layers or fewer`, `below 5 ms on pixel3`), of predictions lower ones as well (`at least 93 %
accuracy`, `latency between 5 and 12 ms` where the predictor was fitted to a task of that name or metric); costs to keep
low (`low latency on raspi4`, `as few parameters as possible`, `small`, `fast on gold_6226`, `shallow`). A number or a
comparison that is not understood is an error, and so is a lower limit of a cost, which a generator cannot hold; other
words that carry no meaning here are returned, to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from generators.condition import Condition, InvalidConditionError
from generators.layouts import SPACES
from generators.sentence_limits import IS, QualityLimits
from generators.sentence_words import NUMBER, in_plain_words, value_of
from onnx_bench.tasks import get_task, list_tasks
from onnx_bench.tasks.latency import PREFIX as LATENCY
from onnx_bench.tasks.task import Task

_COSTS = {
    "params": r"(?:parameters?|params?|weights)",
    "macs": r"(?:macs?|mult-?adds?|multiply-accumulates?|multiply-adds?)",
    "flops": r"(?:flops?)",
    "depth": r"(?:layers?|levels|deep|depth)",
}
_OTHER_UNIT = r"\s*(?:m|u|milli|micro)?(?:s|seconds?)\b|\s*%"
_UPPER = "(?<!>= )(?<!== )(?:<= )?"
"""Before a number that may be an upper limit."""
_TIME = r"(ms|milliseconds?|us|µs|microseconds?|s|seconds?)"
_FAST = r"\b(?:fast|quick)(?:est)?\b"
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


def parse_sentence(sentence: str, own: Sequence[Task] = (), **given: Any) -> ParsedSentence:
    """Read a sentence.

    Args:
        sentence: English.
        own: Tasks that the predictor was fitted to: they can be limited and sought by name, metric or unit.
        given: Fields of the condition that hold whatever the sentence says.

    Raises:
        InvalidConditionError: A number or a comparison that is not understood, two tasks, two limits of the same, or a
            condition that is none.
    """
    reader = _Reader(sentence, own)
    said = reader.fields()
    named = {name: said[name] | value for name, value in given.items() if name in said and isinstance(value, dict)}
    fields = said | given | named
    names_task = bool(fields.keys() & {"task", "space"})
    for limits in {"at_most", "at_least"} & said.keys():
        task = Condition(**{name: fields[name] for name in ("task", "space") if name in fields}).task
        # An accuracy of no task that is named is of the one the network is for.
        fields[limits] = {name or task: bound for name, bound in fields[limits].items()}
        for name in fields[limits].keys() - {one.name for one in own} - given.get(limits, {}).keys():
            if get_task(name).unit != "%":
                raise InvalidConditionError(f"{sentence!r} limits an accuracy, and {name} has none; name another task")
    return ParsedSentence(Condition(**fields), reader.ignored(), names_task)


class _Reader:
    """Takes what it understands out of a sentence, a pattern at a time."""

    def __init__(self, sentence: str, own: Sequence[Task]) -> None:
        self.sentence, self.own = sentence, own
        self.rest = in_plain_words(sentence)

    def take(self, pattern: str) -> list[re.Match[str]]:
        """All matches of a pattern, which are then gone."""
        found = list(re.finditer(pattern, self.rest))
        self.rest = re.sub(pattern, " | ", self.rest)
        return found

    def fields(self) -> dict[str, Any]:
        found, objectives = self._costs()
        names = {task.name for task in self.own}
        tasks = _spellings([
            task.name for task in list_tasks() if task.name not in names and not task.name.startswith(LATENCY)
        ])  # fmt: skip
        limits = QualityLimits()
        limits.read_own(self.take, self.own, _LOW)
        named = limits.read_accuracies(self.take, tasks)
        if objectives := [*objectives, *limits.objectives]:
            found["objectives"] = tuple(dict.fromkeys(objectives))
        spellings = {"space": _spellings(list(SPACES)), "task": tasks | _spellings(sorted(names))}
        for field, known in spellings.items():
            written = self.take(rf"(?<![\w-])({'|'.join(known)})(?![\w-])")
            meant = list(dict.fromkeys(_known(match[1], known) for match in written))
            if len(meant) > 1:
                raise InvalidConditionError(
                    f"{self.sentence!r} names two of a kind, {meant[0]} and {meant[1]}; name one"
                )
            if meant:
                found[field] = meant[0]
        if named:
            found.setdefault("task", named[0])
        for field, bounds in (("at_most", limits.at_most), ("at_least", limits.at_least)):
            if bounds:
                found[field] = bounds
        self._check_rest()
        return found

    def _costs(self) -> tuple[dict[str, Any], list[str]]:
        """Limits of what is counted or timed, and what of it is to be kept low."""
        devices = _spellings([task.name for task in list_tasks() if task.name.startswith(LATENCY)], LATENCY)
        device = rf"(?:the |an? )?({'|'.join(devices)})\b"
        latency: dict[str, float] = {}
        objectives: list[str] = []
        amount = rf"{_UPPER}{NUMBER} ?{_TIME}\b"
        for pattern in (
            rf"(?:latency )?{amount}(?: of)?(?: latency)? ?(?:on |for )?{device}",
            rf"latency (?:on |for ){device}{IS} ?{amount}",
            rf"{device}(?:'s)? latency{IS} ?{amount}",
        ):  # fmt: skip
            for match in self.take(pattern):
                texts = match.groups()
                on, (number, size, unit) = (texts[3], texts[:3]) if pattern.endswith(device) else (texts[0], texts[1:])
                self._limit(latency, _known(on, devices), value_of(number, size) * _milliseconds(unit))
        for match in self.take(rf"(?:{_LOW}(?:latency|time)|{_FAST}) ?(?:on |for )?{device}"):
            objectives.append(LATENCY + _known(match[1], devices))
        if re.search(_FAST, self.rest) and (on := self.take(rf"(?:on|for) {device}")):  # with other words between
            self.take(_FAST)
            objectives += [LATENCY + _known(match[1], devices) for match in on]
        found: dict[str, Any] = {"max_latency": latency} if latency else {}
        for name, words in _COSTS.items():
            before = self.take(rf"{_UPPER}{NUMBER}[\s-]*{words}\b")
            for match in before + self.take(rf"\b{words}{IS} ?<= {NUMBER}\b(?!{_OTHER_UNIT})"):
                value = value_of(match[1], match[2])
                # A multiply-accumulate is two floating-point operations.
                plain, most = ("macs", value / 2) if name == "flops" else (name, value)
                self._limit(found, f"max_{plain}", most)
        for name, words in (*_COSTS.items(), ("params", "size")):
            if self.take(rf"{_LOW}(?:number of )?{words}\b"):
                objectives.append("macs" if name == "flops" else name)
        for word, name in (("shallow", "depth"), ("(?:tiny|small|compact|lightweight)", "params")):
            if self.take(rf"\b{word}(?:est)?\b(?! than)"):
                objectives.append(name)
        return found, objectives

    def _check_rest(self) -> None:
        """Raises InvalidConditionError where a number or a comparison is left."""
        if lower := re.search(r"[>=]= [0-9][^|,<>=]{0,30}", self.rest):
            raise InvalidConditionError(
                f"{lower[0].strip()!r} in {self.sentence!r} is no upper limit: costs have no other, and of what is "
                "predicted only tasks that the predictor has and accuracies in %; say `at most`, or leave it out"
            )
        if wrong := re.search(r"[<>=]= [^|]*|\S*[0-9]\S*", self.rest):
            raise InvalidConditionError(
                f"{wrong[0].strip()!r} in {self.sentence!r} is not understood; a limit has a number and one of "
                "parameters, MACs, FLOPs, layers, ms on a device (`archlm tasks` lists latency/<device>), % accuracy, "
                "or a task that the predictor was fitted to"
            )

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


def _milliseconds(unit: str) -> float:
    """Of a unit of time."""
    if unit.startswith(("us", "µ", "micro")):
        return 1e-3
    return 1.0 if unit.startswith("m") else 1e3
