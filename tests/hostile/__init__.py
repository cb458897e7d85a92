"""Every hostile input that the reader must survive, made on the spot: no binary is committed.

`CASES` maps a name to a `Case`: the bytes and what reading them must give, a typed error with its exact beginning, or
a graph for inputs that are odd but harmless. Advisories that a case covers are cited beside it.
"""

from tests.hostile import attributes, shapes, structure, versions  # register their cases
from tests.hostile.build import CASES, FLOAT, Case, convolution, model, node, value
from tests.hostile.external import EXTERNAL_LOCATIONS, external
from tests.hostile.nesting import functions, nested_ifs
from tests.hostile.not_models import truncated
from tests.hostile.size import chain
from tests.hostile.texts import HOSTILE_TEXTS, hostile_text

__all__ = [
    "CASES", "EXTERNAL_LOCATIONS", "FLOAT", "HOSTILE_TEXTS", "Case", "attributes", "chain", "convolution", "external",
    "functions", "hostile_text", "model", "nested_ifs", "node", "shapes", "structure", "truncated", "value", "versions",
]  # fmt: skip
