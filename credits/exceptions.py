"""What the books refuse, each with the sentence a person is shown."""

from __future__ import annotations


class CreditsError(Exception):
    """A refusal: nothing was written. `message` is a full sentence, `field` where it belongs."""

    code = "refused"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidCommand(CreditsError):
    """What was asked makes no sense in itself: an end before a start, a negative quantity."""

    code = "invalid"


class UnknownObject(CreditsError):
    """The license, feature or operation named does not exist for this customer."""

    code = "unknown"


class KeyConflict(CreditsError):
    """The same key was used before for something else or for another customer (409)."""

    code = "key-conflict"


class NotAllowed(CreditsError):
    """The state of the books or a right stands against it."""

    code = "not-allowed"


class RateClosed(CreditsError):
    """The feature takes no new allocations on this day; what is held stays."""

    code = "rate-closed"


class StaleView(CreditsError):
    """The group changed after the drawer was drawn, so nothing was written."""

    code = "stale"


class ShortBalance(CreditsError):
    """The customer's setting refuses a person's increase beyond the balance."""

    code = "short"

    def __init__(self, message: str, *, shortfall: int, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.shortfall = shortfall


class ConfirmationNeeded(ShortBalance):
    """A person's increase goes below zero and asks for confirmation of the shortfall."""

    code = "confirm"
