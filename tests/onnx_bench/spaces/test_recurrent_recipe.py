"""Recipes of recurrent cells: what is one, and which are one edit apart."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from onnx_bench.spaces.recurrent_recipe import (
    ARITY,
    Recipe,
    Step,
    count_states,
    edits,
    find_fault,
    in_order,
    random_recipe,
)

LINEAR = Step("f", "linear", ("x", "h_prev_0"))
STATE = Step("h_new_0", "activation_tanh", ("f",))


def all_edits(recipe: Recipe) -> Iterator[Recipe]:
    """Every change of an operation or an input, right or wrong."""
    names = {"x", *(step.name for step in recipe), *(i for step in recipe for i in step.inputs)}
    for place, step in enumerate(recipe):
        others = [step._replace(op=op) for op in ARITY]
        for i in range(len(step.inputs)):
            others += [step._replace(inputs=(*step.inputs[:i], name, *step.inputs[i + 1 :])) for name in names]
        for other in others:
            if other != step:
                yield (*recipe[:place], other, *recipe[place + 1 :])


def test_edits_are_those_that_leave_a_recipe_without_fault() -> None:
    rng = random.Random(0)
    for _ in range(10):
        recipe = random_recipe(rng)
        found = list(edits(recipe))
        assert len(set(found)) == len(found)
        assert set(found) == {other for other in all_edits(recipe) if find_fault(other) is None}


def test_random_recipes_follow_the_rules_of_the_generator() -> None:
    rng = random.Random(1)
    recipes = [random_recipe(rng) for _ in range(150)]
    for recipe in recipes:
        assert find_fault(recipe) is None
        assert 2 <= len(recipe) <= 3 + 21 + 1  # a linear step drawn last brings its activation with it
        for step in recipe:
            assert not step.name.startswith("h_new") or not any(i.startswith("h_prev") for i in step.inputs)
    assert {count_states(recipe) for recipe in recipes} == {1, 2, 3}
    assert {step.op for recipe in recipes for step in recipe} == set(ARITY)


def test_steps_are_sorted_after_what_they_read() -> None:
    assert in_order((STATE, LINEAR)) == [LINEAR, STATE]


@pytest.mark.parametrize(("recipe", "words"), [
    ((LINEAR,), "0 states"),
    ((LINEAR, STATE, Step("h_new_3", "activation_tanh", ("f",))), "1 states"),
    ((LINEAR, STATE, Step("x", "activation_tanh", ("f",))), "a step called x"),
    ((LINEAR, STATE._replace(op="blend")), "blend of 1 inputs"),
    ((LINEAR, STATE._replace(op="relu")), "relu of 1 inputs"),
    ((LINEAR, STATE._replace(op="linear", inputs=("f", "f"))), "reads one input twice"),
    ((LINEAR, STATE._replace(inputs=("g",))), "unknown 'g'"),
    ((LINEAR, STATE._replace(op="elementwise_sum", inputs=("f", "x"))), "width"),
    ((LINEAR._replace(inputs=("x", "h_new_0")), STATE), "h_prev_0, which leads to no new state"),
    ((LINEAR._replace(inputs=("x", "h_prev_0", "h_new_0")), STATE), "reads itself"),
])  # fmt: skip
def test_a_fault_is_told_in_words(recipe: Recipe, words: str) -> None:
    fault = find_fault(recipe)
    assert fault is not None
    assert words in fault
