"""A Metric's history goes with it, whoever deletes the Metric."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from history import get_store
from metrics.models import Metric


@receiver(pre_delete, sender=Metric)
def forget_history(instance: Metric, **kwargs: Any) -> None:
    """Delete a Metric's readings with it, wherever they live."""
    # Whoever stores readings locks the Metric until the commit (`ingest.door`): none come later.
    Metric.objects.select_for_update().filter(pk=instance.pk).first()
    get_store().forget([instance.pk])
