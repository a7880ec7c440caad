"""The forms about names from outside."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.functional import cached_property
from django.utils.text import slugify

from devices.models import Device
from energy.errors import DomainError
from ingest.models import Alias, Discovered
from ingest.names import ExternalName
from ingest.naming.proposals import Proposal, first_proposal
from ingest.naming.services import (
    BackFilled,
    accept,
    check_metric,
    make_alias,
    sender_of,
)
from metrics.models import Metric
from metrics.units import UNITS
from metrics.vocabulary import CANONICAL, MetricType
from sites.models import Site

_OFFERED = 500  # Devices in a list to choose from
_DESCRIBED = ("key", "name", "unit", "type", "factor", "sign")
_KEYS = sorted({spec.key for specs in CANONICAL.values() for spec in specs})
_STAYS = "What is stored already stays as it is; the change is for what comes from now on."


class ListedInput(forms.TextInput):
    """A text field that offers some values and takes all others, without a script."""

    template_name = "discovered/listed_input.html"

    def __init__(self, offered: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.offered = offered

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        list_id = f"{name}-offered"
        context = super().get_context(name, value, {**(attrs or {}), "list": list_id})
        return {**context, "list_id": list_id, "offered": self.offered}


class FactorField(forms.FloatField):
    """What values are multiplied by."""

    def __init__(self, **kwargs: Any) -> None:
        message = "A factor is greater than 0. “Turned round” changes the sign."
        factor: Any = Alias._meta.get_field("factor")
        super().__init__(min_value=0, validators=factor.validators, **kwargs)
        self.error_messages["min_value"] = message


class AcceptForm(forms.Form):
    """Which Metric a discovered name stands for: one of a Device, by its key.

    What would be stored is said first. Only what was said as it is in the form is then done, so a
    form that was changed is shown once more.
    """

    device = forms.ModelChoiceField(Device.objects.none(), empty_label="Choose a device")
    key = forms.CharField(max_length=64, widget=ListedInput(_KEYS))
    name = forms.CharField(max_length=120, label="Name of a new metric")
    unit = forms.CharField(
        max_length=16, label="Unit of a new metric", widget=ListedInput(list(UNITS))
    )
    type = forms.ChoiceField(choices=MetricType.choices, label="Type of a new metric")
    factor = FactorField(help_text="1000 from kW to W.")
    sign = forms.TypedChoiceField(choices=Alias.Sign.choices, coerce=int)
    said = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, row: Discovered, user: Any, **kwargs: Any) -> None:
        self.row, self.user = row, user
        devices = Device.objects.filter(pk__in=self._devices()).select_related("site")
        offered = list(devices.order_by("site__name", "name")[:_OFFERED])
        called = slugify(row.device_name)
        likely = next((each for each in offered if called and slugify(each.name) == called), None)
        only = offered[0] if len(offered) == 1 else None
        super().__init__(
            *args, label_suffix="", initial=first_proposal(row, likely or only), **kwargs
        )
        field: Any = self.fields["device"]
        field.queryset = devices
        field.choices = [("", field.empty_label), *((d.pk, self._label(d)) for d in offered)]

    def _devices(self) -> Any:
        """The Devices whose readings both the user and the senders of the name may see."""
        sender = sender_of(self.row, self.user)
        visible = Device.objects.visible_to(self.user).filter(
            pk__in=Device.objects.visible_to(sender.user).values("pk")
        )
        return visible.filter(site=sender.site_id) if sender.site_id else visible

    def _label(self, device: Device) -> str:
        return device.name if self.row.site_id else f"{device.site} › {device}"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and self.proposal.metric is None:
            try:
                self._new_metric().full_clean()
            except ValidationError as error:
                self.add_error(None, error)
        return cleaned

    @cached_property
    def proposal(self) -> Proposal:
        """What the form says; before anything was sent, what it begins with."""
        told: Any = self.cleaned_data if self.is_bound else self.initial
        device = told["device"]
        if not isinstance(device, Device):
            device = self.fields["device"].queryset.get(pk=device)  # type: ignore[attr-defined]
        return Proposal(device, **{name: told[name] for name in _DESCRIBED})

    def result(self) -> list[str]:
        """What accepting would do, in words; nothing where that is not clear yet."""
        is_clear = not self.errors if self.is_bound else self.initial["device"] is not None
        return self.proposal.said(self.row) if is_clear and self.initial_is_complete() else []

    def initial_is_complete(self) -> bool:
        """Whether the form begins with all that a Metric needs."""
        return self.is_bound or bool(self.initial["unit"])

    def digest(self) -> str:
        """What was said, for the form to send back; "" where nothing was."""
        return self.proposal.digest() if self.result() else ""

    def is_said(self) -> bool:
        """Whether a valid form says what had been said before it was sent."""
        return bool(self.cleaned_data["said"] == self.proposal.digest())

    @transaction.atomic
    def save(self) -> BackFilled:
        """Make the Metric, where there is none, and the alias; store what waited."""
        metric = self.proposal.metric
        if metric is None:
            metric = self._new_metric()
            metric.save()
        told = self.cleaned_data
        return accept(self.row, metric, self.user, factor=told["factor"], sign=told["sign"])

    def _new_metric(self) -> Metric:
        proposal = self.proposal
        told = {name: getattr(proposal, name) for name in ("key", "name", "unit", "type")}
        return Metric(device=proposal.device, **told)


class AliasForm(forms.ModelForm):
    """An alias: its Metric, factor and sign. What it is an alias of stays as it is."""

    factor = FactorField(initial=1, help_text="1000 from kW to W.")
    sign = forms.TypedChoiceField(choices=Alias.Sign.choices, coerce=int)
    metric = forms.ModelChoiceField(
        Metric.objects.none(),
        widget=forms.NumberInput,
        label="Metric, by its id",
        help_text="The number at the end of the address of its page.",
    )

    class Meta:
        model = Alias
        fields = ("metric", "factor", "sign")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.user = user
        self.fields["metric"].queryset = Metric.objects.visible_to(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "metric" in cleaned and not self.errors:
            self.instance.metric = cleaned["metric"]
            try:
                check_metric(self.instance, self.user)
            except DomainError as error:
                self.add_error("metric", ValidationError(error.message, code=error.code))
        return cleaned


class AliasEditForm(AliasForm):
    """Changes an alias."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["factor"].help_text = _STAYS


class AliasAddForm(AliasForm):
    """Adds an alias, of a name that need not have come yet."""

    class Meta:
        model = Alias
        fields = ("name", "source", "site", "metric", "factor", "sign")
        labels = {"name": "Name from outside", "site": "Site that its token is bound to"}
        help_texts = {"site": "None for a token of yours that is not bound to a Site."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.visible_to(self.user)  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not ExternalName(name).is_valid:
            raise ValidationError("A name is printable.", code="invalid_name")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        self.instance.site = cleaned.get("site")
        self.instance.owner = None if self.instance.site else self.user
        self.instance.source = cleaned.get("source", "")
        return super().clean()

    def save(self, commit: bool = True) -> Alias:
        """Store it with what waited under its name."""
        self.made = make_alias(self.instance, self.user)
        return self.made.alias
