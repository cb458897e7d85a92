"""Every error archlm raises on purpose. `UserInputError` is the caller's to mend (HTTP 400 in the server)."""


class ArchLMError(Exception):
    """Base of all errors raised by this distribution."""


class UserInputError(ArchLMError):
    """The input is at fault. The message says what was found, the limit, and what to do."""


class MalformedModelError(UserInputError):
    """The bytes are not an ONNX model, or one that breaks the rules of the format."""


class ModelTooLargeError(UserInputError):
    """The model exceeds a limit on bytes, nodes, edges, depth, sizes, memory or time."""


class UnsupportedGraphError(UserInputError):
    """A valid model that uses something archlm cannot represent or write."""


class UnsafeModelError(UserInputError):
    """The model asks for something a reader must not do, such as opening another file."""


class ReaderFailureError(UserInputError):
    """The reader itself failed on a model: a defect of ours, or the end of the process that read it."""


class UnknownNameError(UserInputError):
    """A search space, task or architecture string that is not known. The message lists what is."""


class MissingRecordsError(UserInputError):
    """Files of measured records are not there. The message says where they are published, and their size."""


class MalformedRecordsError(UserInputError):
    """A file of measured records is damaged, of another format, or of one that nothing may read (a pickle)."""


class InvalidTaskError(UserInputError):
    """The description of a task lacks a key, has an unknown one, or a value that cannot be."""


class InvalidTableError(UserInputError):
    """A table of measured networks cannot be learned from. The message names its rows, the header being row 1."""


class UndefinedProxyError(UserInputError):
    """A training-free proxy has no value on this network. The message says what the network lacks."""


class CheckpointError(ArchLMError):
    """Shipped or saved weights are missing, altered or of another version."""


class MissingExtraError(ArchLMError):
    """A part of archlm needs packages that only an extra installs. The message gives the command.

    Attributes:
        extra: Name of the extra.
    """

    def __init__(self, extra: str, reason: str = "its packages are not installed") -> None:
        super().__init__(extra, reason)
        self.extra = extra
        self.reason = reason

    def __str__(self) -> str:
        return f"this needs the extra {self.extra!r}: {self.reason}; pip install 'archlm[{self.extra}]'"
