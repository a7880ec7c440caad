"""Refusals as InfluxDB words them. Its clients decide by the status whether to send again."""

from collections.abc import Sequence
from typing import Any

from django.http import JsonResponse

from energy.problems import Problem
from ingest.lines.splitting import rows_of
from ingest.parsed import Rejection

MOST_NAMED = 100  # bad lines that a refusal names
MOST_QUOTED = 200  # bytes of each
_CODES = {
    400: "invalid", 401: "unauthorized", 403: "forbidden", 405: "method not allowed",
    413: "request too large", 415: "unsupported media type", 429: "too many requests",
    503: "unavailable",
}  # fmt: skip


def refusal_of(problem: Problem) -> JsonResponse:
    """A problem as InfluxDB's clients read it; the first generation reads `error`."""
    code, message = _CODES.get(problem.status, "invalid"), problem.detail
    answer = {"code": code, "message": message, "error": message}
    headers = problem.headers | ({"WWW-Authenticate": "Token"} if problem.status == 401 else {})
    return JsonResponse(answer, status=problem.status, headers=headers)


def partly_refused(rejections: Sequence[Rejection], body: bytes, *, stored: bool) -> JsonResponse:
    """The answer to a write of which lines were refused: all others are stored, or nothing is.

    It quotes what the `body` has where they begin. A 400 makes clients drop what they sent, and
    must not keep the good lines from being stored.
    """
    faults = list(dict.fromkeys((each.index, each.reason) for each in rejections))
    named = faults[:MOST_NAMED]
    told = "; ".join(f"line {number}: {reason}" for number, reason in named)
    more = f"; and {len(faults) - len(named):,} more" if len(faults) > len(named) else ""
    rows = rows_of(body)
    begin = "partial write" if stored else "nothing was written"
    answer: dict[str, Any] = {
        "code": _CODES[400],
        "message": f"{begin}: {told}{more}",
        # As the third generation has it.
        "error": "partial write of line protocol occurred",
        "data": [
            {
                "line_number": number,
                "error_message": reason,
                "original_line": rows[number - 1][:MOST_QUOTED].decode(errors="replace"),
            }
            for number, reason in named
        ],
    }
    return JsonResponse(answer, status=400)
