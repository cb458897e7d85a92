"""Read a small YAML file that somebody else may have written, as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from onnx_bench.errors import InvalidTaskError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
"""Deeper nesting costs the scanner time that grows with its square."""

_OPENING = (
    yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken, yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken,
)  # fmt: skip
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Aliases are refused, since a few lines of them can stand for gigabytes; so are tags (which may name code), keys that
    occur twice, nesting beyond `MAX_DEPTH`, and files above 64 KiB.

    Raises:
        InvalidTaskError: The file is not there or not such a mapping; the message says where in the file.
    """
    text = _read_text(path)
    try:
        _check_tokens(text, path)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _check_keys(node, path)
        body = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a number or date that cannot be
        raise InvalidTaskError(f"{path} is no plain YAML: {' '.join(str(error).split())[:300]}") from error
    if not isinstance(body, dict):
        raise InvalidTaskError(f"{path} holds {type(body).__name__}, expected lines such as `name: my-task`")
    return body


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8")
    except OSError as error:
        raise InvalidTaskError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidTaskError(f"{path} cannot be read as UTF-8 text: {error}") from error
    if len(data) > MAX_BYTES:
        raise InvalidTaskError(f"{path} is larger than {MAX_BYTES:,} bytes; a task is described in a few lines")
    return text


def _check_tokens(text: str, path: Path) -> None:
    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > MAX_DEPTH:
            raise InvalidTaskError(f"{path}, line {token.start_mark.line + 1}: nested more than {MAX_DEPTH} deep")
        if isinstance(token, yaml.AliasToken | yaml.TagToken):
            kind = "an alias" if isinstance(token, yaml.AliasToken) else "a tag"
            raise InvalidTaskError(f"{path}, line {token.start_mark.line + 1}: {kind} is not allowed; write it out")


def _check_keys(node: yaml.Node | None, path: Path) -> None:
    """YAML forbids a key to occur twice in a mapping, the loader keeps the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                raise InvalidTaskError(f"{path}, line {key.start_mark.line + 1}: the key {key.value!r} occurs twice")
            seen.add(str(key.value))
            _check_keys(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_keys(item, path)
