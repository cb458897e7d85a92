"""Context-free grammars: what is parsed, sampled, counted and changed agrees with full enumeration."""

from __future__ import annotations

import random
from collections import Counter
from itertools import product

import pytest

from onnx_bench.spaces.grammar import MAX_DEPTH, Grammar, NotDerivedError, Tree

NET = Grammar.from_text("""
NET -> chain BLOCK BLOCK | fork BLOCK BLOCK join | BLOCK
BLOCK -> wrap OP | plain OP OP
OP -> conv [3] | pool
""")
ENDLESS = Grammar.from_text("NET -> chain NET NET | OP\nOP -> conv | pool")


def everything(grammar: Grammar, symbol: str, depth: int) -> list[Tree]:
    """All derivations of at most `depth` levels."""
    if not depth:
        return []
    found = []
    for production in grammar.rules[symbol]:
        choices = [everything(grammar, i, depth - 1) if i in grammar.rules else [i] for i in production.items]
        found += [Tree(symbol, items) for items in product(*choices)]
    return found


def test_counts_are_those_of_an_enumeration() -> None:
    assert NET.count() == len(everything(NET, "NET", 3)) == 36 + 36 + 6
    assert NET.count("BLOCK") == 6
    assert NET.count(known={"BLOCK": 10}) == 210
    for depth in range(5):
        assert ENDLESS.count(depth=depth) == len(everything(ENDLESS, "NET", depth))


def test_what_has_no_end_has_no_count_unless_that_is_given() -> None:
    assert ENDLESS.count() is None
    assert ENDLESS.count("OP") == 2
    assert ENDLESS.count(known={"NET": 7}) == 7


def test_every_derivation_is_read_back() -> None:
    for grammar in (NET, ENDLESS):
        trees = everything(grammar, grammar.start, 3)
        assert [grammar.parse(str(tree)) for tree in trees] == trees
    assert NET.parse("( NET(BLOCK wrap\n(OP pool) ) )") == NET.parse("(NET (BLOCK wrap (OP pool)))")


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("", "nothing", "(NET ...)"),
        ("NET", "another form", "(NET ...)"),
        ("(OP conv)", "another form", "(NET ...)"),
        ("(OP conv)(OP conv)", "another form", "(NET ...)"),
        ("(NET (OP conv)))", "a bracket closed", "(NET ...)"),
        ("(NET (OP conv)", "1 brackets not closed", "(NET ...)"),
        ("(SUM (OP conv))", "'SUM' after a bracket", "one of NET, OP"),
        ("((OP conv))", "'(OP conv)' after a bracket", "one of NET, OP"),
        ("()", "'' after a bracket", "one of NET, OP"),
        ("(OP relu)", "OP as 'relu'", "conv | pool"),
        ("(NET chain (OP conv) (OP conv))", "NET as 'chain OP OP'", "chain NET NET | OP"),
        ("(NET " * (MAX_DEPTH + 1), f"more than {MAX_DEPTH} levels", "fewer"),
    ],
)
def test_what_is_no_derivation_is_told_why(text: str, found: str, expected: str) -> None:
    with pytest.raises(NotDerivedError) as caught:
        ENDLESS.parse(text)
    assert caught.value.found.startswith(found)
    assert caught.value.expected == expected


def test_sampling_follows_the_weights() -> None:
    rng = random.Random(0)
    counts = Counter(NET.sample(rng, "OP").terminal for _ in range(2000))
    assert counts["conv"] / 2000 == pytest.approx(3 / 4, abs=0.03)
    counts = Counter(str(NET.sample(rng)) for _ in range(5000))
    assert len(counts) == NET.count()


def test_sampling_keeps_to_the_depth() -> None:
    rng = random.Random(1)
    depths = {str(ENDLESS.sample(rng, depth=5)).count("(OP") for _ in range(1500)}
    assert depths == set(range(1, 9)), "1 to 2**3 leaves fit into five levels"
    with pytest.raises(ValueError, match="NET needs 2 levels, more than 1"):
        ENDLESS.sample(rng, depth=1)


def test_a_grammar_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no derivation of \['NET'\] ends"):
        _ = Grammar.from_text("NET -> chain NET").heights


def test_neighbours_differ_in_one_place_and_know_each_other() -> None:
    trees = set(everything(NET, "NET", 3))
    reached = {next(iter(trees))}
    for tree in trees:
        neighbours = list(NET.neighbours(tree))
        assert len(set(neighbours)) == len(neighbours)
        assert tree not in neighbours
        assert set(neighbours) <= trees
        assert all(tree in NET.neighbours(n) for n in neighbours)
    for _ in range(len(trees)):
        reached |= {n for tree in reached for n in NET.neighbours(tree)}
    assert reached == trees, "every derivation can be reached"


def test_neighbours_of_an_endless_grammar_grow_and_shrink() -> None:
    tree = ENDLESS.parse("(NET chain (NET (OP pool)) (NET (OP conv)))")
    neighbours = {str(n) for n in ENDLESS.neighbours(tree)}
    assert "(NET chain (NET (OP pool)) (NET (OP pool)))" in neighbours
    assert "(NET chain (NET (OP pool)) (NET chain (NET (OP conv)) (NET (OP conv))))" in neighbours
    assert all(tree in ENDLESS.neighbours(ENDLESS.parse(n)) for n in neighbours)


def test_a_constraint_holds_everywhere() -> None:
    def mixes(block: Tree) -> bool:
        """two different operators"""
        return len({child.terminal for child in block.children}) == len(block.children)

    grammar = Grammar("NET", NET.rules, {"BLOCK": mixes})
    rng = random.Random(2)
    for _ in range(50):
        tree = grammar.sample(rng)
        assert all(mixes(t) for t in tree.walk() if t.symbol == "BLOCK")
        for neighbour in grammar.neighbours(tree):
            assert all(mixes(t) for t in neighbour.walk() if t.symbol == "BLOCK")
            assert tree in grammar.neighbours(neighbour)
    with pytest.raises(NotDerivedError, match="expected two different operators"):
        grammar.parse("(NET (BLOCK plain (OP pool) (OP pool)))")
