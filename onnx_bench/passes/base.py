"""What a normalisation pass is, and how passes are run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.errors import ArchLMError, UnsupportedGraphError

Rule = Callable[[Draft, DraftNode], bool]
_Method = TypeVar("_Method", bound=Callable[..., bool])

MAX_ROUNDS = 100
"""Sweeps over the graph before `Fixpoint` gives up; real networks settle in three to six."""
MAX_FIRINGS_PER_NODE = 100
"""Rewrites per node before a sweep is taken to be a loop between two rules."""


def on(*ops: str) -> Callable[[_Method], _Method]:
    """Mark a method of a `Pass` as the rule to try at every node of the operators `ops`."""

    def mark(method: _Method) -> _Method:
        method.anchors = ops  # type: ignore[attr-defined]
        return method

    return mark


class Pass:
    """A set of rewrite rules, each anchored at the nodes of some operators.

    A subclass is named VerbNoun, its docstring is the numbered list of rules it guarantees, and its rules are methods
    `rule(self, draft, node) -> bool` marked by `@on("Op", ...)`. A rule that returns True has changed the graph; one
    that returns False has left it exactly as it was. Rules see nodes in topological order, so the producers of a node
    have been brought into their final form before; a rule best rewrites in place (`Draft.become`), which keeps the
    order, and may add nodes, which are visited at the end of the sweep. A pass is idempotent: it runs until no rule
    fires.

    A pass that has to see the whole graph overrides `__call__` instead.
    """

    anchored: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of operator and method name, in order of definition."""
    name: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.name = cls.__name__
        cls.anchored = tuple(
            (op, name) for name, method in vars(cls).items() for op in getattr(method, "anchors", ())
        )  # fmt: skip

    def rules(self) -> Iterator[tuple[str, Rule]]:
        """Pairs of operator and rule."""
        return ((op, getattr(self, method)) for op, method in self.anchored)

    def __call__(self, draft: Draft) -> bool:
        """Apply the rules until none fires. Returns whether anything changed."""
        return Fixpoint([self])(draft)


class Sequential:
    """Runs passes one after the other.

    Raises:
        UserInputError: A pass failed; the message names it and those that had run. Errors that a pass did not foresee
            (a rank or attribute no rule expected) become `UnsupportedGraphError`.
    """

    def __init__(self, passes: Sequence[Pass | Fixpoint | Alternation]) -> None:
        self.passes = passes

    def __call__(self, draft: Draft) -> bool:
        changed = False
        done: list[str] = []
        for step in self.passes:
            with Blame(done, step.name):
                changed |= step(draft)
            done.append(step.name)
        return changed


class Fixpoint:
    """Runs several passes together, all rules in one sweep over the nodes, until no rule fires.

    Passes that see the whole graph run after the rules have settled; if they change something the rules run again.

    Args:
        passes: What to run.
        once: Stop after one sweep and one run of the passes that see the whole graph.

    Raises:
        UnsupportedGraphError: The rules do not settle.
    """

    def __init__(self, passes: Sequence[Pass], *, once: bool = False) -> None:
        self.passes = passes
        self.once = once
        self.whole = [p for p in passes if type(p).__call__ is not Pass.__call__]
        self.table: dict[str, list[tuple[str, Rule]]] = {}
        for each in passes:
            for op, rule in each.rules():
                self.table.setdefault(op, []).append((each.name, rule))

    @cached_property
    def name(self) -> str:
        return "+".join(p.name for p in self.passes)

    def __call__(self, draft: Draft) -> bool:
        changed = False
        for _ in range(MAX_ROUNDS):
            swept = self.sweep(draft)
            if swept:
                changed = True
                draft.sort()
                if not self.once:
                    continue
            settled = True
            for each in self.whole:
                with Blame([], each.name):
                    settled &= not each(draft)
            if not settled:
                changed = True
                draft.sort()
            if settled or self.once:
                return changed
        raise UnsupportedGraphError(f"normalisation did not settle in {MAX_ROUNDS} sweeps; please report this network")

    def sweep(self, draft: Draft) -> bool:
        """Visit every node once, in order, and apply the rules anchored at its operator until none fires there."""
        table = self.table
        budget = MAX_FIRINGS_PER_NODE * (len(draft.nodes) + 10)
        start = budget
        for node in draft.nodes:  # grows while rules append
            rules = table.get(node.op)
            while rules is not None and node.users:  # neither dead nor unread
                for owner, rule in rules:
                    try:
                        fired = rule(draft, node)
                    except Exception as error:
                        _reraise(error, owner, [])
                        raise
                    if fired:
                        break
                else:
                    break
                budget -= 1
                if budget < 0:
                    raise UnsupportedGraphError(f"{owner} rewrites {node.op} without end; please report this network")
                rules = table.get(node.op)
        return budget != start


class Alternation:
    """Runs `first`, then `second`, and both again as long as `second` changes something.

    Raises:
        UnsupportedGraphError: They do not settle.
    """

    def __init__(self, first: Fixpoint, second: Fixpoint) -> None:
        self.first, self.second = first, second

    @cached_property
    def name(self) -> str:
        return f"{self.first.name}+{self.second.name}"

    def __call__(self, draft: Draft) -> bool:
        changed = self.first(draft)
        for _ in range(MAX_ROUNDS):
            if not self.second(draft):
                return changed
            changed = True
            self.first(draft)
        raise UnsupportedGraphError(f"normalisation did not settle in {MAX_ROUNDS} rounds; please report this network")


class Blame:
    """Names the failing pass, and those that had run, in the error."""

    def __init__(self, done: list[str], name: str) -> None:
        self.done, self.name = done, name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            _reraise(error, self.name, self.done)


def _reraise(error: Exception, name: str, done: Sequence[str]) -> None:
    """Raise `error` as a typed one that names the pass; return if it is to go on as it is."""
    if isinstance(error, MemoryError) or (isinstance(error, ArchLMError) and "in pass" in str(error)):
        return
    where = f"in pass {name}" + (f" (after {', '.join(done)})" if done else "")
    if isinstance(error, ArchLMError):
        raise type(error)(f"{error}, {where}") from error
    raise UnsupportedGraphError(f"{type(error).__name__}: {error}, {where}") from error
