"""A sentence as a condition, by a small grammar: `a network for CIFAR-100 under 1M parameters, low latency on raspi4`.

What is understood: how many are wanted (`five networks`); a task and a search space by name; limits (`under 1M
parameters`, `at most 300 million MACs`, `parameters <= 1M`, `20 layers or fewer`, `below 5 ms on pixel3`), of
predictions lower ones as well (`with 93 % accuracy`, `latency between 5 and 12 ms` where the predictor was fitted to a
task of that name or metric); costs to keep low (`low latency on a Raspberry Pi 4`, `as few parameters as possible`,
`small`, `cheap`, `fast`, `shallow`, `a trade-off between accuracy and MACs`). What is to be fast on no device has few
multiply-accumulates. A number or a comparison that is not understood is an error, and so is a lower limit of a cost,
which a generator cannot hold; other words that carry no meaning here are returned, to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from generators.condition import Condition, InvalidConditionError
from generators.layouts import SPACES
from generators.sentence_limits import IS, QualityLimits
from generators.sentence_names import in_known_names, known, spellings
from generators.sentence_words import COUNTS, FAST, LOW, NUMBER, PLAIN, in_plain_words, value_of
from onnx_bench.tasks import get_task, list_tasks
from onnx_bench.tasks.latency import PREFIX as LATENCY
from onnx_bench.tasks.task import Task

_COSTS = {
    "params": r"(?:parameters?|params?|weights)",
    "macs": r"(?:macs?|mult-?adds?|multiply-accumulates?|multiply-adds?)",
    "flops": r"(?:flops?)",
    "depth": r"(?:layers?|levels|deep|depth)",
}
_WORDS = "|".join([*_COSTS.values(), "size"])
_OTHER_UNIT = rf"\s*(?:m|u|milli|micro)?(?:s|seconds?)\b|\s*%|[\s-]*[kmg]?(?:{_WORDS})\b"
_UPPER = "(?<!>= )(?<!== )(?:<= )?"
"""Before a number that may be an upper limit."""
_TIME = r"(ms|milliseconds?|us|µs|microseconds?|s|seconds?)"
_ADJECTIVES = (
    ("depth", "shallow(?:est)?"),
    ("params", r"(?:tin(?:y|iest)|small(?:est)?|compact|light(?:-?weight)?|param(?:eter)?[ -]efficient)"),
    ("macs", r"(?:cheap(?:est)?|inexpensive|(?<!energy.)(?<!power.)(?<!memory.)(?<!data.)efficient)"),
    ("macs", rf"{LOW}(?:computations?|compute|(?:computational )?costs?)"),
    ("time", rf"(?:{FAST}|{LOW}(?:latency|(?:inference |run ?)?time))"),
)
"""What words ask for little of, where they say no more."""
_AGAINST = r"\b(?:pareto|trad(?:e|ing)[ -]?offs?|against|versus|vs|balanc(?:e|ing))\b"
_LIMITED = rf"{IS} ?[<>]= {PLAIN}\b(?!{_OTHER_UNIT})"
_TRADED = rf"({LOW}|[0-9][0-9.,]* ?[a-z]* ?)?\b(?:number of )?(?:{_WORDS}|latency)\b({_LIMITED})?"
"""A cost, with what says that it is low, or how low, if anything does."""
_NETWORK = r" +(?:[a-z|-]+ +){0,3}?(?:network|net|model|architecture|cell)"
_HOW_MANY = (
    rf"(?<![<>=] )(?<![\w.,-])(?:(?:[0-9]+|{'|'.join(COUNTS)})(?={_NETWORK}s\b)|(?:1|one)(?={_NETWORK}\b))"
)
_FILLER = """
    a an the and with for of in on to that is are be has have which network networks net nets model models
    architecture architectures cell cells good best great accurate accuracy high highest quality as possible please
    give me find generate want i need or fewer less but also it its under budget from space search well very
    performing performs classification classifier classify image images task i d ll like should would runs run some
    different neural between pareto front set trade-off tradeoff trade off versus vs against balance
"""


class ParsedSentence(NamedTuple):
    """What a sentence means.

    Attributes:
        condition: All of it.
        ignored: Words that have no meaning here.
        names_task: Whether it says what the network is for: a task, or a space, which has one.
        num: How many networks it asks for, if it says so.
    """

    condition: Condition
    ignored: tuple[str, ...]
    names_task: bool
    num: int | None = None


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
    return ParsedSentence(Condition(**fields), reader.ignored(), names_task, reader.num)


class _Reader:
    """Takes what it understands out of a sentence, a pattern at a time."""

    def __init__(self, sentence: str, own: Sequence[Task]) -> None:
        self.sentence, self.own = sentence, own
        self.rest = in_plain_words(in_known_names(" ".join(sentence.lower().split())))
        self.num: int | None = None

    def take(self, pattern: str) -> list[re.Match[str]]:
        """All matches of a pattern, which are then gone."""
        found = list(re.finditer(pattern, self.rest))
        self.rest = re.sub(pattern, " | ", self.rest)
        return found

    def fields(self) -> dict[str, Any]:
        found, objectives = self._costs()
        names = {task.name for task in self.own}
        tasks = spellings([
            task.name for task in list_tasks() if task.name not in names and not task.name.startswith(LATENCY)
        ])  # fmt: skip
        limits = QualityLimits()
        limits.read_own(self.take, self.own)
        named = limits.read_accuracies(self.take, tasks)
        if objectives := [*objectives, *limits.objectives, *self._wishes([*found.get("max_latency", ())])]:
            found["objectives"] = tuple(dict.fromkeys(objectives))
        kinds = {"space": spellings(list(SPACES)), "task": tasks | spellings(sorted(names))}
        for field, patterns in kinds.items():
            written = self.take(rf"(?<![\w-])({'|'.join(patterns)})(?!\w|-\w)")
            meant = list(dict.fromkeys(known(match[1], patterns) for match in written))
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
        self._count()
        self._check_rest()
        return found

    def _costs(self) -> tuple[dict[str, Any], list[str]]:
        """Limits of what is counted or timed, and what of it is to be kept low."""
        devices = spellings([task.name for task in list_tasks() if task.name.startswith(LATENCY)], LATENCY)
        device = rf"(?:the |an? |my )?({'|'.join(devices)})\b"
        latency: dict[str, float] = {}
        objectives: list[str] = []
        amount = rf"{_UPPER}{NUMBER} ?{_TIME}\b"
        for pattern in (
            rf"(?:latency )?{amount}(?: of)?(?: latency)? ?(?:on |for )?{device}",
            rf"latency (?:on |for ){device}{IS} ?{amount}",
            rf"(?:on |for )?{device}(?:'s)?(?: latency)?,?{IS}(?: in)? ?{amount}",
        ):  # fmt: skip
            for match in self.take(pattern):
                texts = match.groups()
                on, (number, size, unit) = (texts[3], texts[:3]) if pattern.endswith(device) else (texts[0], texts[1:])
                self._limit(latency, known(on, devices), value_of(number, size) * _milliseconds(unit))
        self._spread_wishes(devices)
        for match in self.take(rf"(?:{LOW}(?:latency|time)|\b{FAST}\b) ?(?:on |for )?{device}"):
            objectives.append(LATENCY + known(match[1], devices))
        if re.search(rf"\b{FAST}\b", self.rest) and (on := self.take(rf"(?:on|for) {device}")):  # other words between
            self.take(rf"\b{FAST}\b")
            objectives += [LATENCY + known(match[1], devices) for match in on]
        found: dict[str, Any] = {"max_latency": latency} if latency else {}
        for name, words in _COSTS.items():
            before = self.take(rf"{_UPPER}{NUMBER}[\s-]*{words}\b")
            for match in before + self.take(rf"\b{words}{IS} ?{_UPPER}{NUMBER}\b(?!{_OTHER_UNIT})"):
                value = value_of(match[1], match[2])
                # A multiply-accumulate is two floating-point operations.
                plain, most = ("macs", value / 2) if name == "flops" else (name, value)
                self._limit(found, f"max_{plain}", most)
        return found, objectives

    def _spread_wishes(self, devices: Iterable[str]) -> None:
        """Say of each of several costs that it is to be low: of `minimal MACs and size`, of `accuracy against MACs`."""
        timed = rf"latency(?: (?:on |for )?(?:the |an? |my )?(?:{'|'.join(devices)}))?"
        first, more = rf"{LOW}(?:number of )?(?:{_WORDS}|{timed})", rf"(?:{_WORDS}|latency)\b(?!{IS} ?[<>=])"
        several = rf"({first})(?:,? and |, ?)(?={more})"
        while (text := re.sub(several, r"\1 and low ", self.rest)) != self.rest:
            self.rest = text
        if re.search(_AGAINST, self.rest):
            self.rest = re.sub(_TRADED, lambda cost: cost[0] if cost[1] or cost[2] else f"low {cost[0]}", self.rest)

    def _wishes(self, devices: Sequence[str]) -> list[str]:
        """What is to be kept low of what is counted; time is that on the device that is limited, if one is."""
        nouns = [(name, rf"{LOW}(?:number of )?{words}") for name, words in (*_COSTS.items(), ("params", "size"))]
        counted = {"flops": "macs", "time": LATENCY + devices[0] if len(devices) == 1 else "macs"}
        return [
            counted.get(name, name)
            for name, words in (*nouns, *_ADJECTIVES)
            if self.take(rf"\b{words}\b(?! than)")
        ]

    def _count(self) -> None:
        """How many are asked for: once names with numbers in them are gone."""
        for match in self.take(_HOW_MANY):
            num = COUNTS.index(match[0]) + 1 if match[0] in COUNTS else int(match[0])
            if not num or self.num not in (None, num):
                raise InvalidConditionError(f"{self.sentence!r} is not clear on how many networks; say one number")
            self.num = num

    def _check_rest(self) -> None:
        """Raises InvalidConditionError where a number or a comparison is left."""
        if lower := re.search(r"[>=]= [0-9][^|,<>=]{0,30}", self.rest):
            raise InvalidConditionError(
                f"{lower[0].strip()!r} in {self.sentence!r} is no upper limit: costs have no other, and of what is "
                "predicted only tasks that the predictor has and accuracies in %; say `at most`, or leave it out"
            )
        if wrong := re.search(r"[<>=]= [^|]*|\S*[0-9]\S*|\b(?:thousand|million|billion)\b[^|]*", self.rest):
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


def _milliseconds(unit: str) -> float:
    """Of a unit of time."""
    if unit.startswith(("us", "µ", "micro")):
        return 1e-3
    return 1.0 if unit.startswith("m") else 1e3
