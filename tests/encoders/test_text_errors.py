"""What the text form refuses, and how it says so."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.text import decode, tokens, write
from encoders.text_lexer import MAX_CHARACTERS
from onnx_bench.errors import MalformedModelError, ModelTooLargeError, UserInputError
from onnx_bench.node import Graph
from tests.encoders.random_graphs import image_graphs

ODD_WORDS = ("-1", "0", "99", "1e9", "[", "]", "(", ")", "_", "@0", "to", "Custom#3")
INPUT = "Input: 1 3 8 8\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "describes no node"),
        (INPUT + "Relu %", "line 2, column 6: '%' is no word"),
        (INPUT + "Relu\n  Quack", "line 3, column 3: 'Quack' is no operator"),
        (INPUT + "Relu axis 1", "line 2, column 1: Relu has no attribute 'axis'"),
        (INPUT + "Conv 8 k3 k3", "'k' is written twice"),
        (INPUT + "Conv 8", "Conv needs the attribute"),
        (INPUT + "Conv k3", "found 'k' where a number should stand"),
        (INPUT + "Conv 8 k9 p0", "does not fit"),
        (INPUT + "Conv 7 k3 g2", "cannot have 2 groups"),
        (INPUT + "Conv 9 k3 g -3 : 1 9 8 8", "the attributes of Conv give -72 parameters"),
        (INPUT + "MaxPool k3 d0", "dilations (0, 0) cannot slide"),
        (INPUT + "Transpose 0 9", "Transpose cannot be applied"),
        (INPUT + "Transpose", "ends before it is complete"),
        (INPUT + "Softmax axis", "ends before it is complete"),
        (INPUT + "Relu[2]", "reads the node 2 before it"),
        (INPUT + "Relu[0]", "cannot read the node 0"),
        (INPUT + "Relu[1.5]", "cannot read the node 1.5"),
        (INPUT + "Relu[@1]", "there are 1 graph inputs"),
        (INPUT + "Concat[1 to 5 by 1]", "reads the node 5 before it"),
        (INPUT + "Relu[1", "ends before it is complete"),
        ("Relu", "reads the node 1 before it"),
        ("Input: -3", "found -3 in a shape"),
        ("Input: 1.5", "found 1.5 in a shape"),
        (INPUT + "Tile 9223372036854775807 1 1 1\nTile 2 1 1 1", "in a shape"),
        (INPUT + "A", "block A is not defined"),
        (INPUT + "A {}", "block A is empty"),
        (INPUT + "A { Relu", "block A has no closing brace"),
        (INPUT + "A { Relu } A { Relu }", "block A is defined twice"),
        (INPUT + "A { B { Relu } }", "defined inside another block"),
        (INPUT + "A { Linear $2 }\nA 4", "parameter $2 where 1 are given"),
        (INPUT + "Linear $1", "parameter $1 where 0 are given"),
        (INPUT + "A { Relu } A *0", "cannot be repeated 0 times"),
        (INPUT + "A { Relu } A *1.5", "cannot be repeated 1.5 times"),
        (INPUT + "A { Relu } A true", "where a number should stand"),
        (INPUT + "out[1] Relu", "stands behind 'out'"),
        (INPUT + "out[1] out[1]", "write the outputs once"),
        (INPUT + "out[]", "write the outputs once"),
        (INPUT + "out[_]", "an output cannot be omitted"),
        (INPUT + "Relu params -1", "number of parameters"),
        (INPUT + "} Relu", "found '}'"),
        ('Cast "int"', "reads the node 1"),
    ],
)
def test_messages(text: str, message: str) -> None:
    with pytest.raises(MalformedModelError, match=re.escape(message)):
        decode(text)


@pytest.mark.parametrize(
    "text",
    [
        INPUT + "A { Relu }\nA *1000000000",
        INPUT + "A { Relu A A } A",
        INPUT + "A { A } A",
        INPUT + "".join(f"{chr(65 + i + 1)} {{ {chr(65 + i)} *10 }}\n" for i in range(20)) + "A { Relu }\nU",
        INPUT + "A { Relu *10 }\nA",
        INPUT + "A { Concat[" + "1 " * 5000 + "] axis 0 Slice 0 0 1 }\nA *1000",
        INPUT + "A { Relu }\nA *300\nB { Concat[1 to 300 by 1 1 to 300 by 1] axis 0 Slice 0 0 1 }\nB *20000",
        INPUT + "A { Embedding 2 2 }\nA *40000",
        "Input:" + " 1" * 60_000 + " A { Relu } A *30000",
        " " * (MAX_CHARACTERS + 1),
    ],
    ids=range(10),
)
def test_bombs(text: str) -> None:
    with pytest.raises(UserInputError):
        decode(text)


def test_bombs_are_told_from_mistakes() -> None:
    with pytest.raises(ModelTooLargeError, match="50,000 nodes"):
        decode(INPUT + "A { Relu }\nA *50000")
    assert decode(INPUT + "A { Relu }\nA *49999").num_nodes == 50_000


@settings(max_examples=80, deadline=None)
@given(image_graphs(max_blocks=2), st.data())
def test_damaged_texts_give_typed_errors(graph: Graph, data: st.DataObject) -> None:
    words = tokens(write(graph))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(words) - 1))
        words[at] = data.draw(st.sampled_from([*words, *ODD_WORDS]))
    with contextlib.suppress(UserInputError):
        decode(" ".join(words))


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_gives_a_graph_or_a_typed_error(text: str) -> None:
    with contextlib.suppress(UserInputError):
        decode(text)
