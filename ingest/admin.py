"""Deleting Metrics in the admin, by themselves or with their Device or Site."""

from typing import Any

from django.http import HttpRequest

from ingest.importing import admin as importing_admin  # noqa: F401 - registers imports
from ingest.naming import admin  # noqa: F401 - registers the models of names from outside
from metrics.models import Latest


class DeletesHistoryMixin:
    """Lists the history among what will be deleted.

    Latest values are deleted too, whether or not the user may edit them.
    """

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        listed, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        perms_needed.discard(Latest._meta.verbose_name)
        history = "The whole history of these metrics: it cannot be brought back."
        return [*listed, history], counts, perms_needed, protected
