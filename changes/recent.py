"""The newest changes of a Site or Device, as its page shows them."""

from typing import Any

from changes.models import Change

SHOWN = 10


def recent_changes(user: Any, **of: Any) -> list[Change] | None:
    """The newest of the changes that `user` sees; None for users who may see none."""
    if not user.has_perm("changes.view_change"):
        return None
    changes = Change.objects.visible_to(user).filter(**of)
    return list(changes.select_related("content_type").newest_first()[:SHOWN])
