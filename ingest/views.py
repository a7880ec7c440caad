"""The page that deletes readings of a Metric."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.generic import FormView
from django.views.generic.detail import SingleObjectMixin

from energy.instants import from_micros
from history import get_store
from history.buckets import Window
from ingest.forms import WindowForm
from ingest.services import delete_readings
from metrics.views import MetricPageMixin


class ReadingsDeleteView(MetricPageMixin, SingleObjectMixin, FormView):
    """Counts the readings of a window, then deletes them."""

    form_class = WindowForm
    template_name = "metrics/readings_delete.html"
    permission_required = "history.delete_reading"
    title = "Delete readings"
    query_parameters = ("start", "end", "start_offset", "end_offset")
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and request.method != "OPTIONS":
            self.object = self.get_object()
        return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), (self.object.name, self.object.get_absolute_url())]

    def get_form_kwargs(self) -> dict[str, Any]:
        # A form that was posted takes precedence over the window in the address.
        from_address = {"data": self.request.GET} if "start" in self.request.GET else {}
        return {**from_address, **super().get_form_kwargs(), "zone": self.get_zone()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        window = context["form"].window
        if window is None:
            return context
        count = get_store().count([self.object.pk], *window)
        start, end = map(from_micros, window)
        return {**context, "start": start, "end": end, "count": count}

    def get_status(self, context: dict[str, Any]) -> int:
        return 400 if context["form"].errors else 200

    def get_success_url(self) -> str:
        return self.object.get_absolute_url()

    def form_valid(self, form: WindowForm) -> HttpResponse:
        window = cast("Window", form.window)
        count = delete_readings([self.object], window, actor=self.request.user)
        messages.success(self.request, f"{count:,} readings of “{self.object.name}” were deleted.")
        return super().form_valid(form)
