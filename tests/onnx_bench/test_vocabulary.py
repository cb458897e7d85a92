"""The closed vocabulary."""

from __future__ import annotations

import re

import onnx.defs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx_bench.ops import OPS
from onnx_bench.vocabulary import (
    ATTRIBUTES,
    ONNX_OPERATORS,
    STRINGS,
    closed_attrs,
    closed_equation,
    closed_operator,
    is_attribute,
)

ANY = st.one_of(st.text(), st.booleans(), st.integers(), st.floats(allow_nan=False))


def test_every_operator_of_the_standard_is_known() -> None:
    names = {schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == ""}
    assert names <= set(OPS) | ONNX_OPERATORS


@pytest.mark.parametrize("op", ["Conv", "TopK"])
def test_known_operators_keep_their_names(op: str) -> None:
    assert closed_operator(op) == op


@given(st.text())
def test_unknown_operators_become_tokens(name: str) -> None:
    closed = closed_operator(f"evil::{name}")
    assert re.fullmatch(r"Custom#\d{1,4}", closed)
    assert closed_operator(closed) == closed


@given(st.dictionaries(st.text(), st.one_of(ANY, st.lists(ANY).map(tuple))))
def test_no_foreign_word_stays(attrs: dict[str, object]) -> None:
    closed = closed_attrs("Custom#1", tuple(sorted(attrs.items())))
    assert closed_attrs("Custom#1", closed) == closed
    for name, value in closed:
        assert is_attribute(name)
        for item in value if isinstance(value, tuple) else (value,):
            assert not isinstance(item, str) or item in STRINGS or re.fullmatch(r"string#\d{1,4}", item)


def test_numbers_get_the_type_of_the_table() -> None:
    attrs = (("max", 6), ("min", 0))
    assert repr(closed_attrs("Clip", attrs)) == "(('max', 6.0), ('min', 0.0))"
    constant = (("dtype", "float"), ("value", (1, -0.0)))
    assert repr(closed_attrs("Constant", constant)) == "(('dtype', 'float'), ('value', (1.0, 0.0)))"
    assert repr(closed_attrs("Linear", (("bias", 1), ("features", 8)))) == "(('bias', True), ('features', 8))"


@pytest.mark.parametrize(
    ("equation", "expected"),
    [("bqd,bkd->bqk", "abc,adc->abd"), ("i j, j k -> i k", "ab,bc->ac"), ("...ij->...ji", "...ab->...ba")],
)
def test_letters_of_an_equation_say_nothing(equation: str, expected: str) -> None:
    assert closed_equation(equation) == expected
    assert closed_equation(expected) == expected


def test_other_equations_become_tokens() -> None:
    assert re.fullmatch(r"string#\d{1,4}", closed_equation("drop table; --"))


def test_words_fit_the_text_form() -> None:
    assert all(re.fullmatch(r"[a-z_][A-Za-z_]*", name) for name in ATTRIBUTES)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", name) for name in STRINGS)
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]+", name) for name in set(OPS) | ONNX_OPERATORS)
