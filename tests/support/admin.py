"""How tests fill in the forms of the admin."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

CSV = "0"  # the only format offered


def formset(
    prefix: str, rows: Sequence[Mapping[str, Any]] = (), *, existing: int = 0
) -> dict[str, Any]:
    """The form data of an inline; the first `existing` rows are stored already."""
    data: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(rows),
        f"{prefix}-INITIAL_FORMS": existing,
    }
    for index, row in enumerate(rows):
        data |= {f"{prefix}-{index}-{name}": value for name, value in row.items()}
    return data


def preview(client: Client, url: str, text: str) -> Any:
    """Upload a CSV file; the answer shows what would happen."""
    upload = SimpleUploadedFile("rows.csv", text.encode(), "text/csv")
    return client.post(url, {"import_file": upload, "format": CSV})


def confirm(client: Client, url: str, previewed: Any) -> Any:
    """Confirm a preview without faults."""
    initial = previewed.context["confirm_form"].initial
    return client.post(url.replace("/import/", "/process_import/"), initial)


def faults(previewed: Any) -> list[tuple[int, dict[str, list[str]]]]:
    """(number of the row, its messages by field) for each row that cannot be imported."""
    result = previewed.context["result"]
    assert not result.has_errors(), result.row_errors()
    return [(row.number, row.error.message_dict) for row in result.invalid_rows]


def told(answer: Any) -> list[str]:
    """The messages that a followed answer shows."""
    return [str(message) for message in get_messages(answer.wsgi_request)]
