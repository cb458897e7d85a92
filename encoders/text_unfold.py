"""A whole text read back: blocks are unfolded and statements become nodes. See `encoders.text` for the grammar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from encoders.text_lexer import Token, lex, place
from encoders.text_parser import Distances, Parsed, Ref, build_node, parse_number, parse_refs, parse_statement
from encoders.text_schema import OUTPUTS, SOURCES
from onnx_bench.errors import MalformedModelError, ModelTooLargeError
from onnx_bench.node import Graph, Node

MAX_NODES = 50_000
MAX_EDGES = 500_000
MAX_DEPTH = 100
"""Blocks inside blocks."""
MAX_WORK = 4_000_000
"""Words read, those of a block once per use, and axes of the shapes that arise."""


class _Line(NamedTuple):
    """A statement or a call of a block: its words, the places of parameters among them, and where it stands."""

    words: tuple[str, ...]
    holes: tuple[int, ...]
    is_call: bool
    offset: int


def unfold(text: str) -> Graph:
    """The graph that `text` describes.

    Raises:
        MalformedModelError: The text breaks the grammar or describes what cannot be; the message gives line and column.
        ModelTooLargeError: It unfolds to more than the limits above.
    """
    blocks, main = _read(text)
    machine = _Machine(text, blocks)
    for line in main:
        machine.execute(line, (), 0)
    if not machine.nodes:
        raise MalformedModelError("the text describes no node; the shortest one is `Input: 1 3 32 32`")
    return Graph(tuple(machine.nodes), machine.outputs or (len(machine.nodes) - 1,))


def _read(text: str) -> tuple[dict[str, list[_Line]], list[_Line]]:
    """The blocks by name, and the statements outside of them."""
    tokens = lex(text)
    blocks: dict[str, list[_Line]] = {}
    main: list[_Line] = []
    into, opened = main, 0
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind == "block" and at + 1 < len(tokens) and tokens[at + 1].text == "{":
            if into is not main or token.text in blocks:
                how = "twice" if into is main else "inside another block"
                raise MalformedModelError(f"{place(text, token.offset)}: block {token.text} is defined {how}")
            into, opened, at = [], token.offset, at + 2
            current = token.text
        elif token.text == "}" and into is not main:
            if not into:
                raise MalformedModelError(f"{place(text, opened)}: block {current} is empty")
            blocks[current] = into
            into, at = main, at + 1
        else:
            end = _line_end(text, tokens, at)
            into.append(_line(tokens[at:end]))
            at = end
    if into is not main:
        raise MalformedModelError(f"{place(text, opened)}: block {current} has no closing brace")
    return blocks, main


def _line_end(text: str, tokens: Sequence[Token], at: int) -> int:
    first = tokens[at]
    if not _starts_line(first):
        raise MalformedModelError(
            f"{place(text, first.offset)}: found {first.text!r} where an operator or a block should stand"
        )
    end = at + 1
    while end < len(tokens) and not _starts_line(tokens[end]) and tokens[end].text not in "{}":
        end += 1
    return end


def _starts_line(token: Token) -> bool:
    return token.kind in ("operator", "block") or token.text == OUTPUTS


def _line(part: Sequence[Token]) -> _Line:
    holes = tuple([i for i, token in enumerate(part) if token.kind == "hole"])
    return _Line(tuple([token.text for token in part]), holes, part[0].kind == "block", part[0].offset)


class _Machine:
    """Executes lines, appending nodes."""

    def __init__(self, text: str, blocks: dict[str, list[_Line]]) -> None:
        self.text = text
        self.blocks = blocks
        self.nodes: list[Node] = []
        self.inputs: list[int] = []
        self.outputs: tuple[int, ...] = ()
        self.edges = 0
        self.work = 0
        self.parsed: dict[tuple[str, ...], Parsed] = {}
        self.built: dict[tuple[Any, ...], Node] = {}

    def execute(self, line: _Line, args: Sequence[str], depth: int) -> None:
        self.charge(len(line.words))
        words = line.words
        try:
            if line.holes:
                words = self.fill(line, args)
            if line.is_call:
                self.call(words, line, depth)
            elif words[0] == OUTPUTS:
                self.set_outputs(words, depth)
            else:
                self.append(words)
        except MalformedModelError as error:
            message = str(error)
            if not message.startswith("line "):
                message = f"{place(self.text, line.offset)}: {message}"
            raise MalformedModelError(message) from error

    def charge(self, work: int) -> None:
        self.work += work
        if self.work > MAX_WORK:
            raise ModelTooLargeError(f"the text unfolds to more than {MAX_WORK:,} words; shorten its repeats")

    def fill(self, line: _Line, args: Sequence[str]) -> tuple[str, ...]:
        """The words with arguments in place of parameters."""
        words = list(line.words)
        for at in line.holes:
            index = int(words[at][1:]) - 1
            if not 0 <= index < len(args):
                raise MalformedModelError(f"parameter {words[at]} where {len(args)} are given")
            words[at] = args[index]
        return tuple(words)

    def call(self, words: Sequence[str], line: _Line, depth: int) -> None:
        body = self.blocks.get(words[0])
        if body is None:
            raise MalformedModelError(f"block {words[0]} is not defined")
        if depth >= MAX_DEPTH:
            raise ModelTooLargeError(f"blocks are nested more than {MAX_DEPTH} deep; write them out")
        count, args = 1, words[1:]
        if len(words) > 2 and words[-2] == "*":
            times, args = parse_number(words[-1]), words[1:-2]
            if not isinstance(times, int) or times < 1:
                raise MalformedModelError(f"a block cannot be repeated {words[-1]} times")
            count = times
        for arg in args:
            parse_number(arg)
        for _ in range(count):
            for inner in body:
                self.execute(inner, args, depth + 1)

    def set_outputs(self, words: Sequence[str], depth: int) -> None:
        if depth or self.outputs or len(words) < 4 or words[1] != "[" or words[-1] != "]":
            raise MalformedModelError(f"write the outputs once, at the end, as {OUTPUTS}[5 1], counted back")
        self.outputs = self.targets(parse_refs(list(words[2:-1])))
        if -1 in self.outputs:
            raise MalformedModelError("an output cannot be omitted")

    def append(self, words: tuple[str, ...]) -> None:
        parsed = self.parsed.get(words)
        if parsed is None:
            parsed = self.parsed[words] = parse_statement(words)
        if self.outputs:
            raise MalformedModelError(f"a node stands behind {OUTPUTS!r}")
        if len(self.nodes) >= MAX_NODES:
            raise ModelTooLargeError(f"the text unfolds to more than {MAX_NODES:,} nodes; shorten its repeats")
        if parsed.refs is not None:
            inputs = self.targets(parsed.refs)
        else:
            inputs = () if parsed.op in SOURCES else self.targets(_BEFORE)
        in_shapes = tuple([self.nodes[i].shape for i in inputs if i >= 0])
        key = (words, in_shapes)
        node = self.built.get(key)
        if node is None:
            node = self.built[key] = build_node(parsed, in_shapes)
        self.charge(len(node.shape or ()))
        if parsed.op == "Input":
            self.inputs.append(len(self.nodes))
        self.nodes.append(node._replace(inputs=inputs))

    def targets(self, refs: Sequence[Ref]) -> tuple[int, ...]:
        """Positions of the nodes that `refs` name."""
        here = len(self.nodes)
        found: list[int] = []
        for ref in refs:
            if ref == "_":
                found.append(-1)
            elif isinstance(ref, str):
                number = int(ref[1:])
                if number >= len(self.inputs):
                    raise MalformedModelError(f"{ref} is read, but there are {len(self.inputs)} graph inputs so far")
                found.append(self.inputs[number])
            else:
                if max(ref.first, ref.last) > here:
                    raise MalformedModelError(f"node {here} reads the node {max(ref.first, ref.last)} before it")
                towards = 1 if ref.last < ref.first else -1
                found += range(here - ref.first, here - ref.last + towards, towards * ref.step)
            if self.edges + len(found) > MAX_EDGES:
                raise ModelTooLargeError(f"the text unfolds to more than {MAX_EDGES:,} edges; shorten its repeats")
        self.edges += len(found)
        return tuple(found)


_BEFORE: tuple[Ref, ...] = (Distances(1, 1, 1),)
"""The node before."""
