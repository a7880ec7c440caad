"""Pages of Subscriptions: the user's list, the dashboard, and the form with the picker."""

from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, Self

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse, reverse_lazy
from django.views.generic import CreateView, DeleteView, DetailView, UpdateView

from energy.access import VisibleObjectsMixin
from energy.pages import BelowObjectMixin, FilteredListView, PageMixin, SavingMixin
from metrics.freshness import Freshness
from metrics.latest import latest_value
from sites.models import Site
from subscriptions.filters import SubscriptionFilterSet
from subscriptions.forms import SubscriptionForm
from subscriptions.models import Subscription
from timeseries.panel import HistoryPageMixin, HistoryPanel, series_styles
from timeseries.recent import metric_rows


class SubscriptionRow(NamedTuple):
    """A Subscription in the list, with a summary of its visible Metrics."""

    subscription: Subscription
    metric_count: int
    stale_count: int
    sites: list[Site]

    @classmethod
    def of(cls, subscription: Subscription, now: datetime) -> Self:
        """Make a row of a Subscription that was fetched `with_visible_metrics`."""
        metrics = subscription.visible_metrics
        states = [latest_value(metric, now).state for metric in metrics]
        stale_count = states.count(Freshness.STALE) + states.count(Freshness.NEVER)
        sites = sorted({metric.device.site for metric in metrics}, key=attrgetter("name"))
        return cls(subscription, len(metrics), stale_count, sites)


class SubscriptionListView(FilteredListView):
    """The user's Subscriptions, with the number of their stale Metrics."""

    model = Subscription
    filterset_class = SubscriptionFilterSet
    template_name = "subscriptions/list.html"
    section = "subscriptions"
    title = "Subscriptions"

    def annotated(self, rows: Any) -> Any:
        return rows.with_visible_metrics(self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["rows"] = [
            SubscriptionRow.of(subscription, context["now"])
            for subscription in context["object_list"]
        ]
        return context


class SubscriptionPageMixin(PageMixin, VisibleObjectsMixin):
    """A page about one of the user's own Subscriptions."""

    model = Subscription
    section = "subscriptions"
    object: Subscription

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Subscriptions", reverse("subscription-list"))]


class SubscriptionDetailView(HistoryPageMixin, SubscriptionPageMixin, DetailView):
    """The dashboard: latest values, and history as a chart, as statistics and as a table."""

    template_name = "subscriptions/detail.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().with_visible_metrics(self.request.user)

    def get_title(self) -> str:
        return self.object.name

    def get_sites(self) -> list[Any]:
        return [metric.device.site for metric in self.object.visible_metrics]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        metrics = self.object.visible_metrics
        styles = series_styles(len(metrics))
        panel = HistoryPanel(
            metrics,
            self.request,
            context["zone"],
            context["now"],
            api_url=reverse("api:subscription-timeseries", args=[self.object.pk]),
            heading="History",
            styles=styles,
        )
        rows = metric_rows(metrics, context["now"])
        tiles = list(zip(rows, styles, strict=True))
        unavailable = self.object.metrics.count() - len(rows)
        return {**context, "tiles": tiles, "panel": panel, "unavailable": unavailable}


class PickerMixin(SavingMixin, SubscriptionPageMixin):
    """A form with a search: the button "find" shows it again, as it was sent, without saving."""

    form_class = SubscriptionForm
    template_name = "subscriptions/form.html"
    query_parameters = ("search",)

    def get_form_kwargs(self) -> dict[str, Any]:
        query = self.request.POST or self.request.GET
        kwargs = super().get_form_kwargs()
        return {**kwargs, "user": self.request.user, "search": query.get("search", "")}

    def form_invalid(self, form: SubscriptionForm) -> HttpResponse:
        if "find" in self.request.POST:
            form.errors.clear()
        return super().form_invalid(form)

    def form_valid(self, form: SubscriptionForm) -> HttpResponse:
        if "find" in self.request.POST:
            return self.form_invalid(form)
        response = super().form_valid(form)
        messages.success(self.request, f"“{self.object}” was saved.")
        return response


class SubscriptionAddView(PickerMixin, CreateView):
    """Adds a Subscription of the user."""

    title = "New subscription"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=reverse("subscription-list"), **kwargs)


class SubscriptionEditView(BelowObjectMixin, PickerMixin, UpdateView):
    """Edits the name, the description and the selected Metrics."""

    title = "Edit subscription"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=self.object.get_absolute_url(), **kwargs)


class SubscriptionDeleteView(BelowObjectMixin, SubscriptionPageMixin, DeleteView):
    """Deletes a Subscription, but not its Metrics and their history."""

    template_name = "subscriptions/delete.html"
    success_url = reverse_lazy("subscription-list")
    title = "Delete subscription"

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, f"“{self.object}” was deleted.")
        return super().form_valid(form)
