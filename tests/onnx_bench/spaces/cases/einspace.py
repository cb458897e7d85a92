"""What the tests of all spaces need to know of einspace."""

SIZE: int | None = None

SHRINKS = False
"""A network may have nothing to fold, and a slice of a product becomes several products."""


def computation(function: str) -> str:
    return f"(MODULE computation (COMPUTE {function}))"


def routing(before: str, inner: str, after: str, symbol: str = "MODULE") -> str:
    return f"({symbol} routing (PRE {before}) {inner} (POST {after}))"


def sequence(*modules: str) -> str:
    """Modules one after the other, as a network."""
    *first, last = modules
    for module in reversed(first):
        last = f"(MODULE sequential {module} {last})"
    return last.replace("(MODULE", "(NETWORK", 1)


LINEAR, RELU, NORM = computation("linear64"), computation("leakyrelu"), computation("norm")
CONVOLUTION = routing("im2col3k1s1p", LINEAR, "col2im")

BAD = [
    "",
    "[]",
    "(" * 100_000,
    ")",
    "(NETWORK)",
    LINEAR,
    f"(NETWORK computation {LINEAR})",
    f"(NETWORK sequential {LINEAR})",
    f"(NETWORK sequential {LINEAR} {computation('linear63')})",
    # functions that do not fit the tensor
    routing("identity", LINEAR, "col2im", "NETWORK"),
    routing("permute21", LINEAR, "identity", "NETWORK"),
    f"(NETWORK branching2 (BRANCH2 group_dim2s1d) {LINEAR} {LINEAR} (JOIN2 add_tensors))",
    f"(NETWORK branching2 (BRANCH2 clone_tensor2) {LINEAR} {RELU} (JOIN2 add_tensors))",
    f"(NETWORK branching2 (BRANCH2 clone_tensor2) {LINEAR} {RELU} (JOIN2 scaled_dot_product))",
    # more than the limits allow
    sequence(*[computation("linear2048")] * 12),
    sequence(*[RELU] * 60, *[f"(MODULE branching8 (BRANCH8 clone_tensor8) {LINEAR} (JOIN8 add_tensors))"] * 30),
]

_QUERY, _KEY = LINEAR, routing("identity", LINEAR, "permute21")
_SCORES = f"(MODULE branching2 (BRANCH2 clone_tensor2) {_QUERY} {_KEY} (JOIN2 scaled_dot_product))"
_WEIGHTS = f"(MODULE sequential {_SCORES} {computation('softmax')})"
ATTENTION = f"(MODULE branching2 (BRANCH2 clone_tensor2) {_WEIGHTS} {LINEAR} (JOIN2 dot_product))"

ODD: list[str] = [
    routing("identity", computation("identity"), "identity", "NETWORK"),
    # a residual block of convolutions
    sequence(
        CONVOLUTION, NORM, RELU,
        f"(MODULE branching2 (BRANCH2 clone_tensor2) (MODULE sequential {CONVOLUTION} {NORM}) "
        f"{computation('identity')} (JOIN2 add_tensors))",
    ),
    # attention over patches, and its heads
    routing("im2col4k4s0p", ATTENTION, "col2im", "NETWORK"),
    sequence(
        routing("im2col8k8s0p", LINEAR, "identity"),
        f"(MODULE branching4 (BRANCH4 group_dim4s2d) {ATTENTION} (JOIN4 cat_tensors2d4t))",
    ),
    # patches that overlap, patches that leave something over, every other pixel
    routing("im2col3k2s1p", RELU, "permute21", "NETWORK"),
    sequence(routing("im2col3k1s1p", NORM, "col2im"), routing("im2col16k16s0p", RELU, "identity")),
    routing("im2col1k2s0p", RELU, "col2im", "NETWORK"),
    # sums of the same tensor
    f"(NETWORK branching8 (BRANCH8 clone_tensor8) {computation('identity')} (JOIN8 add_tensors))",
    f"(NETWORK branching4 (BRANCH4 group_dim4s3d) {computation('softmax')} (JOIN4 cat_tensors3d4t))",
    f"(NETWORK branching2 (BRANCH2 clone_tensor2) {RELU} {RELU} (JOIN2 dot_product))",
]  # fmt: skip
