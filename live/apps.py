from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "live"

    def ready(self) -> None:
        from live import receivers  # noqa: F401 - connects the signal receivers
