"""Limits and wishes on what a predictor expects: of tasks that it was fitted to, and accuracies of known tasks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from generators.condition import InvalidConditionError
from generators.sentence_names import known
from generators.sentence_words import FAST, LOW, NUMBER, value_of
from onnx_bench.tasks.task import Task

Take = Callable[[str], list["re.Match[str]"]]
"""All matches of a pattern, which are then gone from the sentence."""

IS = r"(?: (?:count|budget|is|are|be|stays?|should|must|to|of|that|has|have|keeps?|kept|remains?|being))*"
"""Words between what is limited and its limit."""
_PREFIXES = {"n": 1e-9, "nano": 1e-9, "u": 1e-6, "µ": 1e-6, "micro": 1e-6, "m": 1e-3, "milli": 1e-3, "": 1.0}
_BASES = {"s": r"s|secs?|seconds?", "j": r"j|joules?", "w": r"w|watts?"}
_ANY_UNIT = r"%|percent|fps|[a-zµ]{1,5}/s|(?:n|nano|u|µ|micro|m|milli)?(?:" + "|".join(_BASES.values()) + ")"
_ACCURACY = r"(?:accuracy|acc|accurate|top-?1)"
_PERCENT = r"(?:%|percent)"


@dataclass
class QualityLimits:
    """What a sentence says of predictions.

    Attributes:
        at_most: By task.
        at_least: The same; of the task that the network is for, the name is empty.
        objectives: Tasks to be good at beside it.
    """

    at_most: dict[str, float] = field(default_factory=dict)
    at_least: dict[str, float] = field(default_factory=dict)
    objectives: list[str] = field(default_factory=list)

    def read_own(self, take: Take, own: Sequence[Task]) -> None:
        """What is said of fitted tasks, by name, by metric, or by a unit that one alone has.

        Args:
            take: Takes matches out of the sentence.
            own: The tasks.
        """
        metrics, units = Counter(task.metric for task in own), Counter(task.unit for task in own)
        for task in own:
            names = {task.name, task.name.rpartition("/")[2], *([task.metric] if metrics[task.metric] == 1 else [])}
            called = "(?:my )?(?:" + "|".join(re.escape(name.lower()) for name in sorted(names, key=len)[::-1]) + ")"
            amount = _amount(_unit_pattern(task.unit))
            for match in take(rf"(?<![\w/-]){called}{IS} ?{amount}") + take(rf"{amount} ?(?:of )?{called}(?![\w/-])"):
                self._add(task.name, task.unit, match)
            if task.unit and task.unit != "%" and units[task.unit] == 1:
                for match in take(_amount(_unit_pattern(task.unit), optional=False)):
                    self._add(task.name, task.unit, match)
            more = r"(?:high(?:est)?|good|great|large|maximal|maximi[sz]e[sd]?|as (?:high|much) )\s*"
            sought = [rf"(?:{LOW if task.direction == 'min' else more}){called}(?![\w/-])"]
            if task.metric == "latency" and metrics["latency"] == 1:
                sought += [rf"\b{FAST}\b"]
            if any([take(pattern) for pattern in sought]):
                self.objectives.append(task.name)

    def read_accuracies(self, take: Take, tasks: Mapping[str, str]) -> list[str]:
        """What is said of accuracies in percent; returns the tasks that are named with them.

        Args:
            take: Takes matches out of the sentence.
            tasks: Names by the patterns of their spellings.
        """
        named, task = [], rf"(?<![\w-])({'|'.join(tasks)})(?![\w-])"
        percent, amount = _amount(_PERCENT, optional=False), _amount(_PERCENT)
        for pattern in (
            rf"{amount} ?{_ACCURACY}\b(?: (?:on|for|at) {task})?", rf"{percent} ?(?:on|for|at) {task}",
            rf"{task} {_ACCURACY}{IS} ?{amount}", rf"{_ACCURACY}(?: (?:on|for|at) {task})?{IS} ?{amount}",
            rf"{task}{IS} ?{percent}",
        ):  # fmt: skip
            for match in take(pattern):
                written = next((text for text in match.groups() if text and known(text, tasks)), "")
                name = known(written, tasks)
                self._add(name, "%", match)
                named += [name] if name else []
        return named

    def _add(self, name: str, unit: str, match: re.Match[str]) -> None:
        """The one or two limits of a match."""
        for sign, number, size, written in re.findall(rf"([<>]=) {NUMBER} ?({_ANY_UNIT}|[a-zµ]*)", match[0]):
            limits = self.at_most if sign == "<=" else self.at_least
            if name in limits:
                raise InvalidConditionError(f"{name or 'accuracy'} is limited twice; say one")
            limits[name] = value_of(number, size) * _factor(written, unit)


def _amount(unit: str, *, optional: bool = True) -> str:
    """Pattern of one or two comparisons with numbers of a unit; it has no groups."""
    number = re.sub(r"\((?!\?)", "(?:", NUMBER)
    one = rf"[<>]= {number} ?(?:{unit})(?![\w/])"
    if optional:
        one = rf"(?:{one}|[<>]= {number}(?![\w/.%]| ?(?:{_ANY_UNIT})(?![\w/])))"
    return rf"{one}(?: (?:and|but|,)? ?{one})?"


def _si(unit: str) -> tuple[float, str] | None:
    """What a unit with a prefix is worth in its base, and the base."""
    for base, words in _BASES.items():
        match = re.fullmatch(rf"({'|'.join(filter(None, _PREFIXES))})?(?:{words})", unit)
        if match:
            return _PREFIXES[match[1] or ""], base
    return None


def _unit_pattern(unit: str) -> str:
    """How a unit may be written: any unit where it is not known, any prefix where it has one."""
    if not unit:
        return _ANY_UNIT
    if unit == "%":
        return _PERCENT
    found = _si(unit.lower())
    if found is None:
        return re.escape(unit.lower())
    return rf"(?:{'|'.join(filter(None, _PREFIXES))})?(?:{_BASES[found[1]]})"


def _factor(written: str, unit: str) -> float:
    """From the unit as it is written to that of the task; 1 where one of them is not known."""
    given, wanted = _si(written), _si(unit.lower())
    return given[0] / wanted[0] if given and wanted and given[1] == wanted[1] else 1.0
