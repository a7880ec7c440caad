"""The window of readings that a page counts and deletes."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from energy.errors import DomainError
from energy.forms import LocalTimeField
from energy.instants import to_micros
from history.buckets import Window
from timeseries.windows import resolve_window

_UTC = ZoneInfo("UTC")


class WindowForm(forms.Form):
    """A half-open window of time, in the page's time zone or with an offset."""

    start = LocalTimeField(label="From")
    end = LocalTimeField(label="Up to, not including")

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        fields: Any = self.fields
        for field in fields.values():
            field.widget.zone = zone
        self.full_clean()

    @property
    def window(self) -> Window | None:
        """The window of a valid form, else None."""
        if not self.is_valid():
            return None
        return Window(*(to_micros(self.cleaned_data[name]) for name in ("start", "end")))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "start" in data and "end" in data:
            try:
                resolve_window(data["start"], data["end"], _UTC, timezone.now())
            except DomainError as error:
                self.add_error(error.field, error.message)
        return data
