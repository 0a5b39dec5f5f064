"""Everything that can go wrong, as one tree.

    BunkoError
     +- UsageError               the command or call was wrong (exit code 2)
     |   +- SettingsError        an unknown or impossible setting
     |   +- QuestionError        an empty question, or one longer than the model's context
     +- LibraryError             the folder
     |   +- LibraryNotFound      missing, or not to be read
     |   +- LibraryEmpty         nothing in it that can be answered from
     |   +- NotIndexed           a folder that no sync has seen
     +- ReadError                one file; a sync records it and goes on
     |   +- NeedsOcr / NeedsPassword / UnsupportedFormat
     +- StoreError               the index on disk
     |   +- StoreTooNew / StoreBusy / StoreNotWritable / StoreDamaged / DiskFull
     |   +- EmbedderMismatch
     +- ModelError               finding, fetching and checking a model file
     |   +- ModelNotFound / ModelBroken / WrongModelKind / ModelTooLarge
     |   +- HashMismatch / DownloadFailed / NotDownloaded / MissingExtra
     |   +- AdapterMismatch
     +- EngineError              the model at work
         +- EngineStartFailed / EngineCrashed / EngineTimeout
         +- PromptTooLong
         +- RemoteUnavailable / RemoteBadAnswer
     +- ServingError             what `bunko serve` refuses
         +- InvalidRequest / TokenMissing / AccessRefused
         +- UnknownLibrary / UnknownModel / UnknownDocument
         +- UploadRefused / UploadTooLarge / NameTaken
         +- Busy / NotReady      come back later

Each error says what happened, with what, and (`hint`) what to do next. Each class knows the exit code of the
command line and the status of the HTTP API.
"""

from __future__ import annotations

from typing import ClassVar


class BunkoError(Exception):
    """The root: catch this to catch everything that Bunko raises on purpose."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(BunkoError):
    """The command or call was wrong."""

    exit_code = 2
    http_status = 400


class SettingsError(UsageError):
    """A setting is unknown, or has a value that it can't have."""


class QuestionError(UsageError):
    """The question is empty, or longer than the model can read."""


class LibraryError(BunkoError):
    """Something is wrong with the folder of documents."""

    http_status = 422


class LibraryNotFound(LibraryError):
    """The folder is missing, or may not be read."""

    http_status = 404


class LibraryEmpty(LibraryError):
    """The folder holds nothing that could be answered from."""

    @classmethod
    def without_files(cls, folder: str) -> LibraryEmpty:
        """Return the error for a folder with nothing in it."""
        return cls(f"There are no files in {folder!r}.", "Put documents there, or name another folder.")


class NotIndexed(LibraryError):
    """The folder has no index, and the call was not to make one."""


class ReadError(BunkoError):
    """One file could not be read. A sync records it and goes on with the rest."""

    http_status = 422


class NeedsOcr(ReadError):
    """The file holds pictures of text, and no OCR engine could read them."""


class NeedsPassword(ReadError):
    """The file is encrypted."""


class UnsupportedFormat(ReadError):
    """No reader knows this kind of file."""


class StoreError(BunkoError):
    """Something is wrong with the index on disk."""


class StoreTooNew(StoreError):
    """The store was written by a newer version of Bunko."""


class StoreBusy(StoreError):
    """Another process is writing to this library."""

    http_status = 503


class StoreNotWritable(StoreError):
    """The place of the store can't be written to."""


class StoreDamaged(StoreError):
    """The store can't be opened."""


class EmbedderMismatch(StoreError):
    """The index holds vectors of another embedder only."""

    http_status = 409


class DiskFull(StoreError):
    """No space is left; what was committed before is intact."""

    http_status = 507


class ModelError(BunkoError):
    """A model file could not be found, fetched or used."""

    http_status = 422


class ModelNotFound(ModelError):
    """No model of this name, or no file at this path."""

    http_status = 404


class ModelBroken(ModelError):
    """The file is truncated, damaged, or not a model at all."""


class WrongModelKind(ModelError):
    """A chat model where an embedding model was wanted, or the reverse."""


class ModelTooLarge(ModelError):
    """The model does not fit into this machine's memory."""


class HashMismatch(ModelError):
    """A downloaded file is not the one that the catalogue promises."""


class DownloadFailed(ModelError):
    """A download did not complete."""

    http_status = 502


class NotDownloaded(ModelError):
    """The model is not on this machine, and downloading is switched off."""


class MissingExtra(ModelError):
    """An optional package is needed and not installed."""


class AdapterMismatch(ModelError):
    """An adapter was made for another model."""


class EngineError(BunkoError):
    """The model failed at work."""

    http_status = 502


class EngineStartFailed(EngineError):
    """The engine's process did not come up."""


class EngineCrashed(EngineError):
    """The engine's process died; the next request starts a new one."""


class EngineTimeout(EngineError):
    """The engine took longer than the settings allow."""

    http_status = 504


class PromptTooLong(EngineError):
    """The prompt has more tokens than the model's context holds."""

    http_status = 413


class RemoteUnavailable(EngineError):
    """A remote server can't be reached, or refuses to serve."""


class RemoteBadAnswer(EngineError):
    """A remote server answered something that is not its protocol."""


class ServingError(BunkoError):
    """A request that the server refuses. With `retry_after_s`, the same request may do later."""

    http_status = 400

    def __init__(self, message: str, hint: str = "", *, retry_after_s: int = 0) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


class InvalidRequest(ServingError):
    """A field is missing, unknown, or has a value that it can't have."""

    http_status = 422


class TokenMissing(ServingError):
    """No token came with the request, or one that opens nothing."""

    http_status = 401


class AccessRefused(ServingError):
    """The token does not open this library, or the request comes from another site."""

    http_status = 403


class UnknownLibrary(ServingError):
    """No library of this name is served."""

    http_status = 404


class UnknownModel(ServingError):
    """No model of this name is served."""

    http_status = 404


class UnknownDocument(ServingError):
    """The library has no document, and no conversation, of this name."""

    http_status = 404


class UploadRefused(ServingError):
    """The file's name or kind is not one that can be taken, or uploads are switched off."""

    http_status = 415


class UploadTooLarge(ServingError):
    """The body of the request is larger than the server takes."""

    http_status = 413


class NameTaken(ServingError):
    """There is a file of this name already."""

    http_status = 409


class Busy(ServingError):
    """Too many questions are waiting."""

    http_status = 429


class NotReady(ServingError):
    """The library is being indexed for the first time, the model does not start, or the server is stopping."""

    http_status = 503
