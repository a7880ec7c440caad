"""A Subscription's name and its Metrics, picked across everything the user sees."""

from collections.abc import Iterable
from functools import cached_property
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
    """A Site or a Device in the picker, with what hangs below it."""

    owner: Any
    below: list[Any]


class MetricsField(forms.ModelMultipleChoiceField):
    """Metrics by id, of those the user sees."""

    def clean(self, value: Any) -> Any:
        for asked in value or ():
            if not _is_id(asked):
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"],
                    code="invalid_choice",
                    params={"value": asked[:20]},
                )
        return super().clean(value)


class SubscriptionForm(forms.ModelForm):
    """Name, description and the picked Metrics.

    Metrics the user may no longer see stay in the Subscription, unnamed, until they are dropped.
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
        """The Metrics that are picked now: those sent, else those saved."""
        if not self.is_bound:
            return list(self._saved().filter(pk__in=self.visible)) if self.instance.pk else []
        data: Any = self.data
        sent = {int(value) for value in data.getlist("metrics") if _is_id(value)}
        return list(self.visible.filter(pk__in=sent)) if sent else []

    @cached_property
    def unavailable(self) -> int:
        """How many saved Metrics the user may no longer see."""
        return self._saved().exclude(pk__in=self.visible).count() if self.instance.pk else 0

    @cached_property
    def units(self) -> list[str]:
        """The different units of what is picked."""
        return sorted({metric.unit for metric in self.selected})

    @cached_property
    def found(self) -> list[Metric]:
        """What the search finds and is not picked yet, one more than is offered at once."""
        rows = MetricFilterSet({"search": self.search}, queryset=self.visible).qs
        rows = rows.exclude(pk__in=[metric.pk for metric in self.selected])
        return list(
            rows.order_by("device__site__name", "device__name", "pk")[: OFFERED_AT_ONCE + 1]
        )

    @property
    def tree(self) -> list[Branch]:
        """What is offered, as Sites with Devices with Metrics."""
        return [
            Branch(site, _branches(metrics, "device"))
            for site, metrics in _branches(self.found[:OFFERED_AT_ONCE], "device.site")
        ]

    @property
    def is_cut(self) -> bool:
        """Whether there is more than the tree shows."""
        return len(self.found) > OFFERED_AT_ONCE

    @transaction.atomic
    def save(self, commit: bool = True) -> Subscription:
        kept = set() if self.cleaned_data["drop_unavailable"] else self._invisible_ids()
        subscription = super().save(commit)
        picked = {metric.pk for metric in self.cleaned_data["metrics"]}
        subscription.metrics.set(picked | kept)
        return subscription

    def _invisible_ids(self) -> set[int]:
        if not self.instance.pk:
            return set()
        return set(self._saved().exclude(pk__in=self.visible).values_list("pk", flat=True))

    def _saved(self) -> Any:
        return self.instance.metrics.select_related("device__site")


def _is_id(text: str) -> bool:
    """Whether a database can hold `text` as an id."""
    plain = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID))
    return plain and int(text) <= MAX_ID


def _branches(metrics: Iterable[Metric], path: str) -> list[Branch]:
    """`metrics`, which are sorted that way, grouped by what `path` leads to."""
    grouped: dict[Any, list[Metric]] = {}
    for metric in metrics:
        owner: Any = metric
        for name in path.split("."):
            owner = getattr(owner, name)
        grouped.setdefault(owner, []).append(metric)
    return [Branch(owner, below) for owner, below in grouped.items()]
