"""Errors of the domain. The API answers them as problem details, a page as a message."""


class DomainError(Exception):
    """A request the domain refuses.

    `field` names the input at fault ("" for the whole request), `code` is stable for programs,
    `message` is for people and says what to do next.
    """

    status = 400
    # Seconds after which a retry makes sense; None where a retry cannot help.
    retry_after: int | None = None

    def __init__(self, message: str, *, code: str = "invalid", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field


class Conflict(DomainError):
    """The request is well-formed but contradicts the present state (HTTP 409)."""

    status = 409


class Forbidden(DomainError):
    """The user may not do this (HTTP 403)."""

    status = 403


class LengthRequired(DomainError):
    """The request's body has no announced length, and needs one (HTTP 411)."""

    status = 411


class TooLarge(DomainError):
    """The request is over a documented limit (HTTP 413)."""

    status = 413


class Unsupported(DomainError):
    """The request's body is of a kind that is not understood (HTTP 415)."""

    status = 415


class TooManyRequests(DomainError):
    """The client sends too many requests, or too many at once (HTTP 429)."""

    status = 429

    def __init__(self, message: str, *, code: str, retry_after: int) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class HistoryAway(DomainError):
    """The history store is unreachable while the rest of the system works (HTTP 503)."""

    status = 503
    retry_after = 5

    def __init__(self, message: str = "History is away for a moment; try again shortly.") -> None:
        super().__init__(message, code="history_away")
