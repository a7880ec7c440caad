"""The form of a Subscription: its name, and Metrics from everything that the user sees."""

from collections.abc import Iterable
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django import forms
from django.db import transaction

from accounts.models import User
from energy.serializers import MAX_ID
from metrics.filters import MetricFilterSet
from metrics.models import Metric
from subscriptions.models import Subscription

OFFERED_AT_ONCE = 300


class Branch(NamedTuple):
    """A Site with its Devices in the picker, or a Device with its Metrics."""

    owner: Any
    below: list[Any]


class MetricsField(forms.ModelMultipleChoiceField):
    """Metrics by id, of those that the user sees."""

    def clean(self, value: Any) -> Any:
        for text in value or ():
            if not _is_id(text):
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"],
                    code="invalid_choice",
                    params={"value": text[:20]},
                )
        return super().clean(value)


class SubscriptionForm(forms.ModelForm):
    """Name, description and the selected Metrics.

    Metrics that the user may no longer see stay in the Subscription, without their names, until the
    user removes them.
    """

    metrics = MetricsField(
        queryset=Metric.objects.none(),
        required=False,
        error_messages={"invalid_choice": "Metric %(value)s does not exist, or you cannot see it."},
    )
    drop_unavailable = forms.BooleanField(
        required=False, label="Remove them from this subscription when saving"
    )

    class Meta:
        model = Subscription
        fields = ("name", "description")
        error_messages = {"name": {"unique": "You already have a subscription of that name."}}
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "description": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, user: User, search: str = "", **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.instance.owner = user
        self.search = search
        self.visible = Metric.objects.visible_to(user).select_related("device__site")
        self.fields["metrics"].queryset = self.visible  # type: ignore[attr-defined]

    @cached_property
    def selected(self) -> list[Metric]:
        """The Metrics selected in the form as it was sent, or else the saved ones."""
        if not self.is_bound:
            return list(self._saved().filter(pk__in=self.visible)) if self.instance.pk else []
        data: Any = self.data
        ids = {int(value) for value in data.getlist("metrics") if _is_id(value)}
        return list(self.visible.filter(pk__in=ids)) if ids else []

    @cached_property
    def unavailable(self) -> int:
        """The number of saved Metrics that the user may no longer see."""
        return self._saved().exclude(pk__in=self.visible).count() if self.instance.pk else 0

    @cached_property
    def units(self) -> list[str]:
        """The units of the selected Metrics, each once."""
        return sorted({metric.unit for metric in self.selected})

    @cached_property
    def matches(self) -> list[Metric]:
        """The Metrics that match the search and are not selected: at most one more than offered."""
        rows = MetricFilterSet({"search": self.search}, queryset=self.visible).qs
        rows = rows.exclude(pk__in=[metric.pk for metric in self.selected])
        return list(
            rows.order_by("device__site__name", "device__name", "pk")[: OFFERED_AT_ONCE + 1]
        )

    @property
    def tree(self) -> list[Branch]:
        """The Metrics offered, by Site and by Device."""
        return [
            Branch(site, _branches(metrics, "device"))
            for site, metrics in _branches(self.matches[:OFFERED_AT_ONCE], "device.site")
        ]

    @property
    def has_more(self) -> bool:
        """Whether more Metrics match the search than are offered."""
        return len(self.matches) > OFFERED_AT_ONCE

    @transaction.atomic
    def save(self, commit: bool = True) -> Subscription:
        subscription = super().save(commit)
        metrics = set(self.cleaned_data["metrics"])
        if not self.cleaned_data["drop_unavailable"]:
            metrics.update(self._saved().exclude(pk__in=self.visible))
        subscription.metrics.set(metrics)
        return subscription

    def _saved(self) -> Any:
        return self.instance.metrics.select_related("device__site")


def _is_id(text: str) -> bool:
    """Whether `text` is a number that the database can store as an id."""
    is_short = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID))
    return is_short and int(text) <= MAX_ID


def _branches(metrics: Iterable[Metric], path: str) -> list[Branch]:
    """`metrics` grouped by the attribute at `path`, by which they are sorted."""
    return [Branch(owner, list(below)) for owner, below in groupby(metrics, attrgetter(path))]
