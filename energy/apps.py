"""The project package as an app, for what belongs to no single domain."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class AdministrationConfig(AdminConfig):
    """Django's admin, on the project's own site."""

    default_site = "energy.admin.ProjectAdminSite"


class EnergyConfig(AppConfig):
    """Grants the role groups their permissions after every migration."""

    name = "energy"

    def ready(self) -> None:
        from energy.access import grant_roles

        post_migrate.connect(grant_roles, dispatch_uid="energy.grant_roles")
