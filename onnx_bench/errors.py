"""Every error archlm raises on purpose. `UserInputError` is the caller's to mend (HTTP 400 in the server)."""


class ArchLMError(Exception):
    """Base of all errors raised by this distribution."""


class UserInputError(ArchLMError):
    """The input is at fault. The message says what was found, the limit, and what to do."""


class MalformedModelError(UserInputError):
    """The bytes are not an ONNX model, or one that breaks the rules of the format."""


class ModelTooLargeError(UserInputError):
    """The model exceeds a limit on bytes, nodes, edges, depth, memory or time."""


class UnsupportedGraphError(UserInputError):
    """A valid model that uses something archlm cannot represent or write."""


class UnsafeModelError(UserInputError):
    """The model asks for something a reader must not do, such as opening another file."""


class ReaderFailureError(UserInputError):
    """The reader itself failed on a model: a defect of ours, or the end of the process that read it."""


class UnknownNameError(UserInputError):
    """A search space, task or architecture string that is not known. The message lists what is."""


class CheckpointError(ArchLMError):
    """Shipped or saved weights are missing, altered or of another version."""
