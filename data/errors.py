"""Every way the desk can fail, one class each; imports nothing, is imported by everybody.

The message is one English sentence for the log: expected, got, where. `key` names the text that the
user reads in their language, `context` fills its placeholders, `hint` says what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class HazeError(Exception):
    """Base of all errors of the desk.

    Parameters
    ----------
    message : str
        One English sentence for the log. Never holds a secret.
    key : str, optional
        Text key without the ``error.`` prefix; the class's own key when omitted.
    context : mapping, optional
        Values for the placeholders of the text.
    hint : str, optional
        What to do, in English, for the log and the command line.
    """

    key: str = "haze"

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        context: Mapping[str, Any] | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.key = key or type(self).key
        self.context = dict(context or {})
        self.hint = hint


class SettingError(HazeError):
    """A setting is unknown, malformed or points to nothing usable."""

    key = "setting"


class SourceError(HazeError):
    """A source outside the house failed; `retry` says whether asking again can help."""

    key = "source"
    retry = False


class SourceUnreachable(SourceError):
    """No connection, no answer in time, or a server error: asking again may help."""

    key = "source_unreachable"
    retry = True


class SourceBusy(SourceError):
    """The provider asked us to wait (429); `context['retry_after_s']` says how long when known."""

    key = "source_busy"
    retry = True


class SourceRefused(SourceError):
    """The provider refused the key or the request; asking again does not help."""

    key = "source_refused"


class SourceChanged(SourceError):
    """The reply has a shape that the parser does not know."""

    key = "source_changed"


class Offline(SourceError):
    """The mode forbids the network; raised before a socket is opened."""

    key = "offline"


class ContractError(HazeError):
    """A table breaks its contract: which column, which rows (up to five), expected, got."""

    key = "contract"


class FileRefused(ContractError):
    """A file brought by a user cannot be taken in; `key` is the reason, the store is as it was."""

    key = "file_refused"


class StoreError(HazeError):
    """The store could not be read or written."""

    key = "store"


class NotStored(StoreError):
    """Nothing of this kind is stored. Never raised for a stored, empty result."""

    key = "not_stored"


class Damaged(StoreError):
    """A stored file does not match its checksum or cannot be read."""

    key = "damaged"


class Locked(StoreError):
    """Another process holds the store's writing lock for too long."""

    key = "locked"


class RegistryError(HazeError):
    """The registry of interventions refused a change."""

    key = "registry"


class Conflict(RegistryError):
    """Someone else saved first.

    Attributes
    ----------
    version : int
        The version that is there now; 0 when the record is gone.
    theirs : mapping of str to (before, after)
        What changed since the version that the edit was based on, by field.
    """

    key = "conflict"

    def __init__(
        self,
        message: str,
        *,
        version: int = 0,
        theirs: Mapping[str, tuple[Any, Any]] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, context=context, hint="look at what changed and save again on top of it")
        self.version = version
        self.theirs = dict(theirs or {})


class NotAllowed(RegistryError):
    """The author may not make this change; refused by the registry, whatever a screen showed."""

    key = "not_allowed"


class RecordRefused(RegistryError):
    """A record holds what it may not hold; `problems` says what, field by field."""

    key = "record_refused"

    def __init__(self, message: str, *, problems: Sequence[Any] = (), context: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, context=context)
        self.problems = tuple(problems)


class ChannelError(HazeError):
    """An alert could not be handed to a channel; `retry` says whether trying again can help."""

    key = "channel"

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        context: Mapping[str, Any] | None = None,
        retry: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(message, key=key, context=context, hint=hint)
        self.retry = retry


class ModelError(HazeError):
    """A method cannot give an answer."""

    key = "model"


class InputMissing(ModelError):
    """A declared input is not there; `context['input']` names it."""

    key = "input_missing"


class TooLittleData(ModelError):
    """There is data, but less than the method needs; `context` says how much."""

    key = "too_little_data"
