"""How the forms of the pages are rendered, and the times that are typed into them."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from energy.clock_changes import is_skipped, repeated

LOCAL_MINUTES = "%Y-%m-%dT%H:%M"


class PageFormRenderer(TemplatesSetting):
    """Renders forms and fields with the project's own templates (see FORM_RENDERER)."""

    form_template_name = "partials/form.html"
    field_template_name = "partials/field.html"


class LocalTimeInput(forms.DateTimeInput):
    """A time on the clocks of `zone`; where they show it twice, also which of the two is meant.

    The browser's own input has no offset. That of a repeated time is chosen from a list beside it,
    which the form sends as the field's name and `_offset`, and only such a time takes it.
    """

    template_name = "partials/local_time.html"
    zone: tzinfo = UTC

    def __init__(self) -> None:
        super().__init__(format=LOCAL_MINUTES, attrs={"type": "datetime-local"})

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        text = super().value_from_datadict(data, files, name)
        offset = str(data.get(f"{name}_offset"))
        wall = _parsed(text)
        if wall and wall.tzinfo is None and offset in map(_offset, repeated(wall, self.zone)):
            return f"{text}{offset}"
        return text

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        moment = _parsed(value)
        shown = _on_clocks(moment, self.zone) if moment else None
        context = super().get_context(name, shown or value, attrs)
        both = repeated(shown.replace(tzinfo=None), self.zone) if shown else []
        chosen = _offset(shown) if shown and shown.tzinfo else ""
        context["widget"]["offsets"] = [(each, each == chosen) for each in map(_offset, both)]
        return context


class LocalTimeField(forms.DateTimeField):
    """A time on the clocks of its widget's zone, or one with an offset."""

    widget = LocalTimeInput

    def to_python(self, value: Any) -> datetime | None:
        zone = self.widget.zone
        with timezone.override(zone):
            try:
                return super().to_python(value)
            except ValidationError:
                wall = _parsed(value)
                if wall and repeated(wall, zone):
                    message = "The clocks show this time twice: choose which of the two is meant."
                    raise ValidationError(message, code="repeated") from None
                if wall and is_skipped(wall, zone):
                    message = "The clocks skip this time: they are set forward then."
                    raise ValidationError(message, code="skipped") from None
                raise


def local_text(moment: datetime, zone: tzinfo) -> str:
    """`moment` to the minute as a LocalTimeField reads it, in whichever of two hours it lies."""
    return moment.astimezone(zone).isoformat(timespec="minutes")


def _parsed(text: Any) -> datetime | None:
    """The time that a text is, naive or aware; None for any other."""
    try:
        return parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _on_clocks(moment: datetime, zone: tzinfo) -> datetime | None:
    """The same as the clocks of `zone` show it; as it is without an offset."""
    try:
        return moment.astimezone(zone) if moment.tzinfo else moment
    except OverflowError:  # at either end of the years that there are
        return None


def _offset(moment: datetime) -> str:
    """The offset of an aware time, such as +02:00."""
    return moment.isoformat()[-len("+02:00") :]
