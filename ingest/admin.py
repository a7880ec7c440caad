"""What the admin says before Metrics are deleted, on their own or with their Device or Site."""

from typing import Any

from django.http import HttpRequest

from metrics.models import Latest


class DeletesHistoryMixin:
    """Names the history among what goes. Latest values go with it, whoever may not edit them."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        listed, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        perms_needed.discard(Latest._meta.verbose_name)
        history = "The whole history of these metrics: it cannot be brought back."
        return [*listed, history], counts, perms_needed, protected
