"""What keeps a Device with its Metrics, whoever saves or deletes."""

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
    """Create a new Device's named Metrics, or its kind's headline."""
    if not created or raw:
        return
    named = instance.named_metrics
    specs = [headline(instance.kind)] if named is None else named
    for spec in specs:
        Metric.objects.create(device=instance, **spec._asdict())


@receiver(pre_delete, sender=Metric)
def keep_the_last(instance: Metric, origin: Any, **kwargs: Any) -> None:
    """Refuse to delete a Device's last Metric, unless the Device itself goes."""
    if isinstance(origin, Metric):
        going: QuerySet[Any] = Metric.objects.filter(pk=origin.pk)
    elif isinstance(origin, QuerySet) and origin.model is Metric:
        going = origin
    else:
        return
    # Two people who each delete one of the last two wait for each other here.
    Device.objects.select_for_update().get(pk=instance.device_id)
    if not Metric.objects.filter(device=instance.device_id).exclude(pk__in=going).exists():
        raise Conflict(
            f"{instance.name} is the last Metric of {instance.device}: a Device has at least one. "
            "Add another first, or delete the Device.",
            code="last_metric",
        )
