"""Recipes of NAS-Bench-NLP: what one step of a recurrent cell computes, as a graph of named operations."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

MAX_STATES = 3
ARITY: Mapping[str, tuple[int, ...]] = {
    "linear": (2, 3),
    "blend": (3,),
    "elementwise_prod": (2,),
    "elementwise_sum": (2,),
    "activation_tanh": (1,),
    "activation_sigm": (1,),
    "activation_leaky_relu": (1,),
}
"""How many inputs an operation has."""
ACTIVATIONS = tuple(op for op in ARITY if op.startswith("activation"))


class Step(NamedTuple):
    """One operation: its name, what it computes, and the names of what it reads."""

    name: str
    op: str
    inputs: tuple[str, ...]


Recipe = tuple[Step, ...]
"""The steps as they are written down; `in_order` sorts them."""


def new_state(i: int) -> str:
    """Name of the step that computes state `i` for the next time step; state 0 is the output of the cell."""
    return f"h_new_{i}"


def old_state(i: int) -> str:
    """Name of state `i` as the last time step left it."""
    return f"h_prev_{i}"


def count_states(recipe: Recipe) -> int:
    """Number of states, by the names of the steps that compute them."""
    names = {step.name for step in recipe}
    return next(i for i in range(len(recipe) + 1) if new_state(i) not in names)


def arch_string(recipe: Recipe) -> str:
    """The JSON notation of the records."""
    return json.dumps({name: {"op": op, "input": list(inputs)} for name, op, inputs in recipe})


def find_fault(recipe: Recipe) -> str | None:
    """What is wrong with `recipe`, in words; `None` where it is one of the space.

    The input `x` differs in width from the states, so that linear steps alone may read it. As in the generator of the
    paper, each step leads to a new state and each input of the cell is read.
    """
    names = {step.name for step in recipe}
    states = count_states(recipe)
    if not 1 <= states <= MAX_STATES or any(new_state(i) in names for i in range(states, len(recipe) + MAX_STATES)):
        return f"{states} states in a row from {new_state(0)} on"
    sources = {"x", *map(old_state, range(states))}
    if taken := sources & names:
        return f"a step called {min(taken)}, which is an input"
    for step in recipe:
        if len(step.inputs) not in ARITY.get(step.op, ()):
            return f"{step.name}: {step.op[:40]} of {len(step.inputs)} inputs"
        if len(set(step.inputs)) < len(step.inputs):
            return f"{step.name} reads one input twice"
        if unknown := set(step.inputs) - names - sources:
            return f"{step.name} reads the unknown {min(unknown)[:40]!r}"
        if step.op != "linear" and "x" in step.inputs:
            return f"{step.name}: {step.op} of x, whose width differs from that of the states"
    reached = _reached(recipe, states)
    if idle := (names | sources) - reached:
        return f"{min(idle)[:40]}, which leads to no new state"
    return _find_cycle(recipe)


def _reached(recipe: Recipe, states: int) -> set[str]:
    """Names of everything that a new state is computed from, and of the new states."""
    reads = {step.name: step.inputs for step in recipe}
    pending = [new_state(i) for i in range(states)]
    reached = set(pending)
    while pending:
        for name in reads.get(pending.pop(), ()):
            if name not in reached:
                reached.add(name)
                pending.append(name)
    return reached


def _sorter(recipe: Recipe) -> TopologicalSorter[str]:
    return TopologicalSorter({step.name: step.inputs for step in recipe})


def _find_cycle(recipe: Recipe) -> str | None:
    try:
        _sorter(recipe).prepare()
    except CycleError as error:
        return f"{error.args[1][0][:40]}, which reads itself"
    return None


def in_order(recipe: Recipe) -> list[Step]:
    """The steps, each after what it reads."""
    steps = {step.name: step for step in recipe}
    return [steps[name] for name in _sorter(recipe).static_order() if name in steps]


def edits(recipe: Recipe) -> Iterator[Recipe]:
    """Every recipe of the space that differs in one operation or in one input of one step.

    A step that is read once, by the step to edit, must stay its input, or it would lead to nothing.
    """
    states = count_states(recipe)
    names = ["x", *map(old_state, range(states)), *(step.name for step in recipe)]
    spare = {name for name, count in Counter(i for step in recipe for i in step.inputs).items() if count > 1}
    spare.update(map(new_state, range(states)))
    for place, step in enumerate(recipe):
        later = _computed_from(recipe, step.name)
        candidates = [name for name in names if name not in later and name not in step.inputs]
        for other in (*_with_other_op(step), *_with_other_input(step, candidates, spare)):
            yield (*recipe[:place], other, *recipe[place + 1 :])


def _computed_from(recipe: Recipe, name: str) -> set[str]:
    """`name` and the names of all steps that depend on it."""
    found = {name}
    for step in in_order(recipe):
        if not found.isdisjoint(step.inputs):
            found.add(step.name)
    return found


def _with_other_op(step: Step) -> Iterator[Step]:
    for op, counts in ARITY.items():
        if op != step.op and len(step.inputs) in counts and "x" not in step.inputs:
            yield step._replace(op=op)


def _with_other_input(step: Step, candidates: Sequence[str], spare: Container[str]) -> Iterator[Step]:
    for i, old in enumerate(step.inputs):
        if old in spare:
            for new in candidates:
                if new != "x" or step.op == "linear":
                    yield step._replace(inputs=(*step.inputs[:i], new, *step.inputs[i + 1 :]))


def random_recipe(rng: random.Random) -> Recipe:
    """A recipe by the generator of the paper (Klyuchnikov et al., section 3).

    One to three states and 7, 14 or 21 further steps are drawn, of which half are linear, each with an activation
    behind it, and the others blends, products and sums. Linear steps read inputs of the cell and activations, the
    others old states and any step. Random steps become the new states, and what leads to none of them is left out.
    A recipe that does not read all inputs, or in which a new state reads an old one directly, is drawn again.
    """
    states, further = rng.randint(1, MAX_STATES), rng.choice((7, 14, 21))
    old = [old_state(i) for i in range(states)]
    while True:
        steps = _random_steps(rng, old, states + further)
        chosen = rng.sample(sorted(steps), states)
        recipe = _rename(steps, {name: new_state(i) for i, name in enumerate(chosen)})
        kept = _reached(recipe, states)
        recipe = tuple(step for step in recipe if step.name in kept)
        direct = any(set(step.inputs) & set(old) for step in recipe if step.name.startswith("h_new"))
        if not direct and find_fault(recipe) is None:
            return recipe


def _random_steps(rng: random.Random, old: Sequence[str], number: int) -> dict[str, Step]:
    """At least `number` random steps in an order of computation."""
    steps: dict[str, Step] = {}
    activated: list[str] = []

    def append(op: str, inputs: Sequence[str]) -> str:
        name = f"node_{len(steps)}"
        steps[name] = Step(name, op, tuple(inputs))
        return name

    while len(steps) < number:
        op = rng.choices(("linear", "blend", "elementwise_prod", "elementwise_sum"), (3, 1, 1, 1))[0]
        if op == "linear":
            candidates = ["x", *old, *activated]
            count = min(rng.choices((2, 3), (4, 1))[0], len(candidates))
            linear = append(op, rng.sample(candidates, count))
            activated.append(append(rng.choice(ACTIVATIONS), [linear]))
        elif len(candidates := [*old, *steps]) >= ARITY[op][0]:
            append(op, rng.sample(candidates, ARITY[op][0]))
    return steps


def _rename(steps: Mapping[str, Step], names: Mapping[str, str]) -> Recipe:
    return tuple(
        Step(names.get(name, name), op, tuple(names.get(i, i) for i in inputs)) for name, op, inputs in steps.values()
    )
