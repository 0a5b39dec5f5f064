"""Every error that Bunko raises on purpose, as one tree.

    BunkoError
     +- UsageError               a wrong command or call (exit code 2)
     |   +- SettingsError        an unknown setting, or a wrong value
     |   +- QuestionError        an empty question, or one too long for the context window
     |   +- ScopeError           a filter that is wrong, or that no document passes
     |   +- SavedAnswerError     a file that holds no answer to replay, or can't be written
     +- LibraryError             the folder
     |   +- LibraryNotFound      missing, or not readable
     |   +- LibraryEmpty         no file in it to answer from
     |   +- PageNotAdded         a web page that can't be saved into the folder
     |   +- FilesLost            nearly all of its indexed files are gone
     |   +- NotIndexed           a folder without an index
     +- ReadError                one file; a sync reports it and continues
     |   +- NeedsOcr / NeedsPassword / UnsupportedFormat
     +- StoreError               the index on disk
     |   +- StoreTooNew / StoreBusy / StoreNotWritable / StoreDamaged / StoreUntrusted
     |   +- LeaseLost            another writer has taken over; a kind of StoreBusy
     |   +- DiskFull
     |   +- EmbedderMismatch
     +- ModelError               finding, fetching and checking a model file
     |   +- ModelNotFound / ModelBroken / WrongModelKind / ModelTooLarge
     |   +- HashMismatch / DownloadFailed / NotDownloaded / MissingExtra
     |   +- AdapterMismatch
     +- EngineError              a running model
         +- EngineStartFailed / EngineCrashed / EngineTimeout
         +- PromptTooLong
         +- RemoteUnavailable / RemoteBadAnswer
     +- ClusterError             a Ray cluster: not there, or a node that can't work
     +- ServingError             a request that `bunko serve` refuses
         +- InvalidRequest / TokenMissing / AccessRefused
         +- UnknownLibrary / UnknownModel / UnknownDocument
         +- UploadRefused / UploadTooLarge / NameTaken
         +- Busy / NotReady      try again later

`message` says what happened and to what; `hint` says what to do next. Each class has the exit code of the command
line and the status of the HTTP API. Knows nothing of where errors are raised and shown.
"""

from __future__ import annotations

from typing import ClassVar


class BunkoError(Exception):
    """The base class of all errors of Bunko."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def _render_traceback_(self) -> list[str]:
        """Return the lines that a notebook shows in place of a traceback: where it was called, what is wrong."""
        from bunko.short_traceback import short_traceback

        return short_traceback(self)


class UsageError(BunkoError):
    """The command or call is wrong."""

    exit_code = 2
    http_status = 400


class SettingsError(UsageError):
    """A setting is unknown, or has a wrong value."""


class QuestionError(UsageError):
    """The question is empty, or too long for the model's context window."""


class ScopeError(UsageError):
    """A filter of documents is wrong, or no document passes it."""


class SavedAnswerError(UsageError):
    """A file holds no saved answer, or one can't be saved there."""


class LibraryError(BunkoError):
    """Something is wrong with the folder of documents."""

    http_status = 422


class LibraryNotFound(LibraryError):
    """The folder is missing, or can't be read."""

    http_status = 404


class LibraryEmpty(LibraryError):
    """The folder has no file to answer from."""

    @classmethod
    def without_files(cls, folder: str, *, but: str = "") -> LibraryEmpty:
        """Return the error for a folder without files; `but` says what else is in it, such as a link."""
        return cls(f"There are no files in {folder!r}{but or '.'}", "Put documents there, or name another folder.")


class FilesLost(LibraryError):
    """The folder has lost all or nearly all files that were indexed, as an unmounted disk has. The index is kept."""


class PageNotAdded(LibraryError):
    """A web page can't be saved into the folder: its address may not be opened, it can't be fetched, or not be read."""


class NotIndexed(LibraryError):
    """The folder has no index, and the call does not make one."""


class ReadError(BunkoError):
    """One file could not be read. A sync reports it and continues with the rest."""

    http_status = 422


class NeedsOcr(ReadError):
    """The file has images of text, and no OCR engine could read them."""


class NeedsPassword(ReadError):
    """The file is encrypted."""


class UnsupportedFormat(ReadError):
    """No reader supports this kind of file."""


class StoreError(BunkoError):
    """Something is wrong with the index on disk."""


class StoreTooNew(StoreError):
    """The store was written by a newer version of Bunko."""


class StoreBusy(StoreError):
    """Another process is writing to this library."""

    http_status = 503


class LeaseLost(StoreBusy):
    """Another process writes to this library on an object store now: this one did not renew its lease in time."""


class StoreNotWritable(StoreError):
    """The store's location is not writable."""


class StoreDamaged(StoreError):
    """The store can't be opened, or has lost a part."""


class StoreUntrusted(StoreError):
    """Another installation made the store: it came with the folder."""

    http_status = 409


class EmbedderMismatch(StoreError):
    """The index has no vectors of this embedder, only of another."""

    http_status = 409


class DiskFull(StoreError):
    """The disk is full. Earlier commits are intact."""

    http_status = 507


class ModelError(BunkoError):
    """A model file could not be found, downloaded or used."""

    http_status = 422


class ModelNotFound(ModelError):
    """There is no model with this name, or no file at this path."""

    http_status = 404


class ModelBroken(ModelError):
    """The file is truncated, damaged, or not a model."""


class WrongModelKind(ModelError):
    """A chat model was given where an embedding model is needed, or the reverse."""


class ModelTooLarge(ModelError):
    """The model does not fit into this machine's memory."""


class HashMismatch(ModelError):
    """A downloaded file differs from the catalogue's checksum or size."""


class DownloadFailed(ModelError):
    """A download was not completed."""

    http_status = 502


class NotDownloaded(ModelError):
    """The model is not on this machine, and downloads are switched off."""


class MissingExtra(ModelError):
    """An optional package is needed, but not installed."""


class AdapterMismatch(ModelError):
    """An adapter was made for another model."""


class EngineError(BunkoError):
    """A running model failed."""

    http_status = 502
    may_pass = False
    """Whether the same request may succeed at once: a server could not be reached, or answered with 502 or 503."""


class EngineStartFailed(EngineError):
    """The engine's process did not start."""


class EngineCrashed(EngineError):
    """The engine's process died; the next request starts a new one."""


class EngineTimeout(EngineError):
    """The engine took longer than the settings allow."""

    http_status = 504


class PromptTooLong(EngineError):
    """The prompt has more tokens than the context window."""

    http_status = 413


class RemoteUnavailable(EngineError):
    """A remote server can't be reached, or refuses the request."""


class RemoteBadAnswer(EngineError):
    """A remote server's response does not follow the protocol, or it refuses the request's form."""

    def __init__(self, message: str, hint: str = "", *, status: int = 0, said: str = "") -> None:
        """`status` is the HTTP status of a refusal, `said` the server's own message."""
        super().__init__(message, hint)
        self.status = status
        self.said = said


class ClusterError(BunkoError):
    """A Ray cluster can't be reached, or its nodes can't do their work."""

    http_status = 502


class ServingError(BunkoError):
    """The server refuses a request. With `retry_after_s`, the same request may succeed later."""

    http_status = 400

    def __init__(self, message: str, hint: str = "", *, retry_after_s: int = 0) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


class InvalidRequest(ServingError):
    """A field is missing, unknown, or has a wrong value."""

    http_status = 422


class TokenMissing(ServingError):
    """The request has no token, or an unknown one."""

    http_status = 401


class AccessRefused(ServingError):
    """The token does not open this library, or the request comes from another site."""

    http_status = 403


class UnknownLibrary(ServingError):
    """No library with this name is served."""

    http_status = 404


class UnknownModel(ServingError):
    """No model with this name is served."""

    http_status = 404


class UnknownDocument(ServingError):
    """The library has no document or conversation with this name."""

    http_status = 404


class UploadRefused(ServingError):
    """The file's name or kind is not accepted, or uploads are switched off."""

    http_status = 415


class UploadTooLarge(ServingError):
    """The request is larger than the server accepts."""

    http_status = 413


class NameTaken(ServingError):
    """A file with this name exists already."""

    http_status = 409


class Busy(ServingError):
    """Too many questions are waiting."""

    http_status = 429


class NotReady(ServingError):
    """The first sync is running, the model does not start, or the server is stopping."""

    http_status = 503
