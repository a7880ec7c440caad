"""What the domain raises when it refuses: the API answers problem details, a page a message."""


class DomainError(Exception):
    """A request the domain refuses.

    `field` names the input at fault ("" for the whole request), `code` is stable for programs,
    `message` is for people and says what to do next.
    """

    status = 400
    # Seconds after which asking again makes sense; None where it makes none.
    retry_after: int | None = None

    def __init__(self, message: str, *, code: str = "invalid", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field


class Conflict(DomainError):
    """The request is well-formed but contradicts the present state (HTTP 409)."""

    status = 409


class TooLarge(DomainError):
    """The request is over a documented limit (HTTP 413)."""

    status = 413


class Unsupported(DomainError):
    """The request's body is of a kind that is not understood (HTTP 415)."""

    status = 415


class TooManyRequests(DomainError):
    """The request comes too often, or beside too many others (HTTP 429)."""

    status = 429

    def __init__(self, message: str, *, code: str, retry_after: int) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class HistoryAway(DomainError):
    """The history store does not answer; everything else does (HTTP 503)."""

    status = 503
    retry_after = 5

    def __init__(self, message: str = "History is away for a moment; try again shortly.") -> None:
        super().__init__(message, code="history_away")
