"""Signal receivers that ensure that a Device always has a Metric, whoever saves or deletes."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver

from devices.models import Device
from energy.errors import Conflict
from metrics.models import Metric
from metrics.vocabulary import headline


@receiver(post_save, sender=Device)
def give_metrics(instance: Device, created: bool, raw: bool = False, **kwargs: Any) -> None:
    """Create the Metrics of a new Device: those named, or else the headline of its kind."""
    if not created or raw:
        return
    specs = instance.named_metrics
    for spec in [headline(instance.kind)] if specs is None else specs:
        Metric.objects.create(device=instance, **spec._asdict())


@receiver(pre_delete, sender=Metric)
def keep_last_metric(instance: Metric, origin: Any, **kwargs: Any) -> None:
    """Refuse to delete the last Metric of a Device, unless the Device itself is deleted."""
    if isinstance(origin, Metric):
        deleted: QuerySet[Any] = Metric.objects.filter(pk=origin.pk)
    elif isinstance(origin, QuerySet) and origin.model is Metric:
        deleted = origin
    else:
        return
    # Without this lock two requests could each delete one of the last two.
    Device.objects.select_for_update().get(pk=instance.device_id)
    if not Metric.objects.filter(device=instance.device_id).exclude(pk__in=deleted).exists():
        raise Conflict(
            f"{instance.name} is the last Metric of {instance.device}: a Device has at least one. "
            "Add another first, or delete the Device.",
            code="last_metric",
        )
