"""The project package as an app, for what belongs to no single domain."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EnergyConfig(AppConfig):
    """Grants the role groups their permissions after every migration."""

    name = "energy"

    def ready(self) -> None:
        from energy.access import grant_roles

        post_migrate.connect(grant_roles, dispatch_uid="energy.grant_roles")
