from django.apps import AppConfig
from django.core.checks import register


class IngestConfig(AppConfig):
    name = "ingest"

    def ready(self) -> None:
        from ingest.mqtt.checks import check_mqtt

        register(check_mqtt)
