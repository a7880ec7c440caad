"""The page that says how every figure of a Site is computed."""

from typing import Any

from django.urls import reverse
from django.views.generic import TemplateView

from energy.pages import PageMixin
from figures.formulas import ENERGIES, FLOWS, POWERS, SHARES


class FigureGuideView(PageMixin, TemplateView):
    """How every figure of a Site is computed."""

    template_name = "figures/guide.html"
    section = "sites"
    title = "How figures are computed"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Sites", reverse("site-list"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        groups = [("Now", POWERS), ("Of a day or month", ENERGIES), ("Flows", FLOWS)]
        return super().get_context_data(groups=[*groups, ("Shares", SHARES)], **kwargs)
