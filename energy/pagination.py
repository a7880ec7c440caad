"""Numbered pages of every list."""

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

MAX_PAGE_SIZE = 500


class PageNumbers(PageNumberPagination):
    """`?page=&page_size=`: what is no number of a page is a 400, a page past the end a 404."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE
    last_page_strings = ()

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return self.page_size
        size = _whole_number(text)
        if size is None or not 1 <= size <= self.max_page_size:
            raise _refusal("page_size", f"A whole number from 1 to {self.max_page_size}.")
        return size

    def get_page_number(self, request: Request, paginator: Any) -> int:
        page = _whole_number(request.query_params.get(self.page_query_param, "1"))
        told = f"A whole number from 1 to {paginator.num_pages}."
        if page is None or page < 1:
            raise _refusal("page", told)
        if page > paginator.num_pages:
            detail: Any = {"page": [told]}
            raise NotFound(detail, code="out_of_range")
        return page

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limits = {"page": {"minimum": 1}, "page_size": {"minimum": 1, "maximum": MAX_PAGE_SIZE}}
        parameters = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            parameter["schema"] |= limits[parameter["name"]]
        return parameters


def _whole_number(text: str) -> int | None:
    """The number of a short run of ASCII digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _refusal(parameter: str, message: str) -> ValidationError:
    return ValidationError({parameter: [message]}, code="out_of_range")
