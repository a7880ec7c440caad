from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"

    def ready(self) -> None:
        from energy.server_clock import add_witness
        from metrics import receivers  # noqa: F401 - connects the signal receivers
        from metrics.latest import newest_measurement

        add_witness("reading", newest_measurement)
