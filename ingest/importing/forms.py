"""The forms that bring a file of readings, and correct what it was taken for."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from django import forms
from django.forms import BoundField

from devices.models import Device
from ingest.importing.mapping import Target
from ingest.importing.planning import Place
from ingest.importing.preview import exact
from ingest.importing.uploads import begin_import, place_of
from ingest.layouts.delimited import DELIMITERS
from ingest.layouts.profiles import BY_NAME, GREEN_BUTTON, PROFILES
from ingest.layouts.understood import END, EPOCH, START, Asked, FileColumn, Understood
from ingest.models import Import
from metrics.units import UNITS
from sites.models import Site
from sites.time_zones import time_zone_names

_COLUMNS_SHOWN = 200  # of a file that have fields of their own
_OFFERED = 500  # Sites, Devices or Metrics in a list to choose from
_LAYOUTS = [(profile.name, profile.label) for profile in PROFILES]
_FILES = ".csv,.tsv,.txt,.xml,.gz"
_PATTERNS = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d.%m.%y",
    "%d/%m/%y", "%m/%d/%y", EPOCH,
)  # fmt: skip
_EXAMPLE = date(2026, 12, 31)
_ENDS = {START: "the start of its interval", END: "the end of its interval"}
_SIGNS = {"point": "point, 1,204.5", "comma": "comma, 1.204,5"}
_NOT_IN_XML = ("time_column", "date_format", "delimiter", "decimal")
Choices = list[tuple[str, str]]


class UploadForm(forms.Form):
    """A file, and the Site or the Device that it belongs to."""

    file = forms.FileField(
        widget=forms.FileInput(attrs={"accept": _FILES}),
        help_text="CSV, text or XML, also with gzip. Nothing is stored before you have checked it.",
    )
    site = forms.ModelChoiceField(
        Site.objects.none(), required=False, empty_label="Choose a site or a device"
    )
    device = forms.ModelChoiceField(
        Device.objects.none(), required=False, empty_label="The columns name the devices"
    )
    profile = forms.ChoiceField(
        choices=[("", "Find out from the file"), *_LAYOUTS], required=False, label="Layout"
    )

    def __init__(
        self, *args: Any, user: Any, site: Site | None = None, device: Device | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        self.user = user
        super().__init__(*args, label_suffix="", **kwargs)
        sites = Site.objects.visible_to(user).order_by("name", "pk")
        devices = Device.objects.visible_to(user).select_related("site")
        place = device.site if device else site
        near = devices.filter(site=place) if place else devices
        offered = _offered(sites, place)
        only = offered[0] if len(offered) == 1 else None
        self.initial.update(site=place or only, device=device)
        _offer(self.fields["site"], sites, [(each.pk, each.name) for each in offered])
        nearest = _offered(near.order_by("site__name", "name", "pk"), device)
        named = [(each.pk, each.name if place else f"{each.site} › {each}") for each in nearest]
        _offer(self.fields["device"], devices, named)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        site, device = cleaned.get("site"), cleaned.get("device")
        if site and device and device.site_id != site.pk:
            self.add_error("device", f"{device} is not a device of {site}.")
        if not self.errors and not (site or device):
            self.add_error("site", "Choose a site, or a device.")
        return cleaned

    def save(self) -> Import:
        """Keep the file and say what it is taken for. Raises DomainError."""
        said = self.cleaned_data
        device = said["device"]
        place = Place(self.user, device.site if device else said["site"], device)
        return begin_import(place, said["file"], Asked(profile=said["profile"]), [], dry_run=False)


def _offered(rows: Any, chosen: Any) -> list[Any]:
    """The first rows, and the one that is chosen wherever it stands."""
    offered = list(rows[:_OFFERED])
    return offered if chosen is None or chosen in offered else [chosen, *offered]


def _offer(field: Any, rows: Any, choices: Iterable[tuple[int, str]]) -> None:
    """Offer some of the rows, and take all."""
    field.queryset = rows
    field.choices = [("", field.empty_label), *choices]


class ColumnRow(NamedTuple):
    """A column of the file on the page, and the fields to say where it goes, None for texts.

    `holds` says what stands in it.
    """

    column: FileColumn
    holds: str
    target: Target | None
    to: BoundField | None
    unit: BoundField | None


class CorrectionForm(forms.Form):
    """What people say about a file; a field that is left as found is found out again.

    `seen` is what the page has shown: whoever has another page before them reads it first.
    """

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    profile = forms.ChoiceField(required=False, label="Layout")
    time_column = forms.ChoiceField(required=False, label="Time column")
    date_format = forms.ChoiceField(required=False, label="Dates look like")
    time_zone = forms.ChoiceField(required=False, label="Time zone")
    time_is = forms.ChoiceField(required=False, label="A row’s time is")
    delimiter = forms.ChoiceField(required=False, label="Between cells")
    decimal = forms.ChoiceField(required=False, label="Decimal sign")

    def __init__(
        self, *args: Any, imported: Import, understood: Understood | None,
        targets: Sequence[Target], **kwargs: Any,
    ) -> None:  # fmt: skip
        self.imported, self.targets = imported, {each.column: each for each in targets}
        self.columns = understood.columns if understood else ()
        self.stamp = imported.touched_at.isoformat()
        initial = {**imported.asked, "seen": self.stamp}
        super().__init__(*args, label_suffix="", initial=initial, **kwargs)
        for name, choices in _choices(imported, understood).items():
            self._choose(name, choices, _found(understood, name))
        if not understood or understood.profile == GREEN_BUTTON or not understood.header:
            del self.fields["time_column"]
        if understood and understood.profile == GREEN_BUTTON:
            for name in set(_NOT_IN_XML) & set(self.fields):
                del self.fields[name]
        for place, column in self._numbers():
            self._add_column(place, column)

    def _choose(self, name: str, choices: Choices, found: str) -> None:
        asked = self.imported.asked.get(name, "")
        known = {value for value, _ in choices}
        others = [] if not asked or asked in known else [(asked, asked)]
        first = f"As found: {found}" if found and not asked else "Find out from the file"
        field: Any = self.fields[name]
        field.choices = [("", first), *others, *choices]

    def _numbers(self) -> list[tuple[int, FileColumn]]:
        shown = enumerate(self.columns[:_COLUMNS_SHOWN])
        return [(place, column) for place, column in shown if not column.is_text]

    def _add_column(self, place: int, column: FileColumn) -> None:
        target = self.targets.get(column.name)
        metric = target and target.metric
        self.fields[f"to_{place}"] = _listed(
            f"Metric of {column.name}", "metrics-offered", 200, "not imported"
        )
        self.fields[f"unit_{place}"] = _listed(f"Unit of {column.name}", "units-offered", 16, "")
        self.initial[f"to_{place}"] = f"{metric.device.slug}/{metric.key}" if metric else ""
        self.initial[f"unit_{place}"] = target.unit if target else column.unit

    def settings(self) -> list[BoundField]:
        """The fields about the whole file."""
        return [self[name] for name in self.fields if name in Asked.__struct_fields__]

    def rows(self) -> Iterator[ColumnRow]:
        """The columns with their fields, those of texts without."""
        for place, column in enumerate(self.columns[:_COLUMNS_SHOWN]):
            to = None if column.is_text else self[f"to_{place}"]
            unit = None if column.is_text else self[f"unit_{place}"]
            yield ColumnRow(column, _holds(column), self.targets.get(column.name), to, unit)

    def hidden(self) -> int:
        """How many columns have no fields here, and stay as they are."""
        return len(self.columns[_COLUMNS_SHOWN:])

    def metrics(self) -> list[tuple[str, str]]:
        """Metrics that columns may go to, as they are written and in words."""
        place = place_of(self.imported)
        metrics = place.sender.metrics().select_related("device__site")
        if place.device:
            metrics = metrics.filter(device=place.device)
        near = metrics.order_by("device__name", "name", "pk")[:_OFFERED]
        return [(f"{each.device.slug}/{each.key}", f"{each}, {each.unit}") for each in near]

    def units(self) -> list[str]:
        """The units that are known."""
        return list(UNITS)

    def is_current(self) -> bool:
        """Whether what was sent is about the page as it would be shown now."""
        return bool(self.data.get("seen") == self.stamp)

    def asked(self) -> Asked:
        """What was said about the whole file."""
        fields = Asked.__struct_fields__
        return Asked(**{name: self.cleaned_data.get(name, "") for name in fields})

    def wishes(self) -> list[str]:
        """Where columns are to go: as it was, unless something was said about it."""
        if not any(name.startswith(("to_", "unit_")) for name in self.changed_data):
            return list(self.imported.wishes)
        said = self.cleaned_data
        wishes = [
            _wish(column.name, said[f"to_{place}"], said[f"unit_{place}"])
            for place, column in self._numbers()
            if said[f"to_{place}"]
        ]
        hidden = [self.targets.get(column.name) for column in self.columns[_COLUMNS_SHOWN:]]
        return wishes + [_as_it_was(target) for target in hidden if target]


def _listed(label: str, offered: str, length: int, placeholder: str) -> forms.CharField:
    """A text field that shares a list of what it may hold."""
    attrs = {"list": offered, "autocomplete": "off", "placeholder": placeholder}
    widget = forms.TextInput(attrs=attrs)
    return forms.CharField(label=label, required=False, max_length=length, widget=widget)


def _holds(column: FileColumn) -> str:
    if column.is_text:
        return f"text: {', '.join(column.texts)}"
    if column.low is None or column.high is None:
        return "empty"
    return f"{'rises, ' if column.rises else ''}{exact(column.low)} to {exact(column.high)}"


def _wish(column: str, to: str, unit: str) -> str:
    return f"{column}={to}:{unit}" if unit else f"{column}={to}"


def _as_it_was(target: Target) -> str:
    metric = target.metric
    return _wish(target.column, f"{metric.device.slug}/{metric.key}", target.unit)


def _choices(imported: Import, understood: Understood | None) -> dict[str, Choices]:
    names = understood.names[:_COLUMNS_SHOWN] if understood else ()
    return {
        "profile": _LAYOUTS,
        "time_column": [(name, name) for name in names if name],
        "date_format": [(each, f"{_example(each)} ({each})") for each in _PATTERNS],
        "time_zone": [(name, name) for name in sorted(time_zone_names())],
        "time_is": list(_ENDS.items()),
        "delimiter": [(name.rstrip("s"), name) for name in DELIMITERS.values()],
        "decimal": list(_SIGNS.items()),
    }


def _found(understood: Understood | None, name: str) -> str:
    """What was found out about the file, in words; "" where nothing was."""
    if understood is None:
        return ""
    place, names = understood.time_column, understood.names
    return {
        "profile": BY_NAME[understood.profile].label,
        "time_column": names[place] if place < len(names) else "",
        "date_format": _example(understood.date_format),
        "time_zone": understood.time_zone,
        "time_is": _ENDS[understood.time_is],
        "delimiter": DELIMITERS.get(understood.delimiter, ""),
        "decimal": _SIGNS["comma" if understood.decimal == "," else "point"],
    }[name]


def _example(pattern: str) -> str:
    return "seconds since 1970" if pattern == EPOCH else _EXAMPLE.strftime(pattern)
