"""Whose readings a file has, and what is to be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.models import Device
from energy.errors import DomainError
from ingest.importing.mapping import find_targets, parse_wish
from ingest.importing.running import ImportPlan
from ingest.layouts.understood import Understood
from ingest.sender import Sender
from sites.models import Site

SOURCE = "file"  # what aliases of files are kept apart by


@dataclass(frozen=True, slots=True)
class Place:
    """The Site and the Device that a file belongs to, each of which may be left open."""

    user: Any
    site: Site | None = None
    device: Device | None = None

    @property
    def sender(self) -> Sender:
        """Whoever brings the file, for this Site alone where it is known."""
        return Sender(self.user, SOURCE, self.site.pk if self.site else None)

    @property
    def zone(self) -> str:
        """The time zone of times without an offset; "" where the Site is open."""
        return self.site.time_zone if self.site else ""


def find_place(site: str, device: str, user: Any) -> Place:
    """The Site and Device of these slugs, of those that `user` sees. Raises DomainError."""
    place = find_site(site, user)
    if not device:
        return Place(user, place)
    found = find_device(place, device, user)
    return Place(user, found.site, found)


def find_site(slug: str, user: Any) -> Site | None:
    """The Site of that slug, None for none. Raises DomainError where `user` sees none."""
    if not slug:
        return None
    site = Site.objects.visible_to(user).filter(slug=slug).first()
    if site is None:
        raise DomainError(f"There is no site {slug}.", code="unknown_site", field="site")
    return site


def find_device(site: Site | None, slug: str, user: Any) -> Device:
    """The Device of that slug. Raises DomainError where there is none, or more than one."""
    devices = Device.objects.visible_to(user).filter(slug=slug).select_related("site")
    found = list((devices if site is None else devices.filter(site=site))[:2])
    if len(found) == 1:
        return found[0]
    several = f"Several sites have a device {slug}: name the site, too."
    message = several if found else f"There is no device {slug}."
    raise DomainError(message, code="unknown_device", field="device")


def plan_import(
    file: Path, understood: Understood, wishes: Sequence[str], place: Place
) -> ImportPlan:
    """What is to be done with a file that left no question. Raises DomainError."""
    device = place.device.slug if place.device else ""
    targets = find_targets(understood, list(map(parse_wish, wishes)), place.sender, device)
    return ImportPlan(file, understood, targets, place.sender)
