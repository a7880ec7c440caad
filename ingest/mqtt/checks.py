"""What `manage.py check` says of the MQTT settings: what is wrong, and what is listened to."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info

_MOST_LISTED = 200


def check_mqtt(app_configs: Any = None, **options: Any) -> list[CheckMessage]:
    """Nothing where MQTT is not used."""
    if not (settings.MQTT_URL or settings.MQTT_MAPPING):
        return []
    return [*_address_errors(), *_mapping_messages()]


def mapping_file() -> Path | None:
    """The file that MQTT_MAPPING names; a relative path begins at the project."""
    return Path(settings.BASE_DIR, settings.MQTT_MAPPING) if settings.MQTT_MAPPING else None


def _address_errors() -> list[CheckMessage]:
    from ingest.mqtt.address import BrokerAddress

    errors: list[CheckMessage] = []
    try:
        if settings.MQTT_URL:
            BrokerAddress.of(settings.MQTT_URL)
    except ValueError as error:
        errors.append(Error(str(error), id="mqtt.E001"))
    if settings.MQTT_CA_FILE and not Path(settings.MQTT_CA_FILE).is_file():
        errors.append(
            Error(f"MQTT_CA_FILE: there is no file {settings.MQTT_CA_FILE}.", id="mqtt.E002")
        )
    if set(settings.MQTT_SHARE) & set("/+#"):
        errors.append(Error("MQTT_SHARE is a name without /, + and #.", id="mqtt.E003"))
    if set(settings.MQTT_REFUSED_TOPIC) & set("+#"):
        errors.append(Error("MQTT_REFUSED_TOPIC is a topic without + and #.", id="mqtt.E004"))
    return errors


def _mapping_messages() -> list[CheckMessage]:
    # Reading YAML takes a while to import, and most processes need none.
    from ingest.mqtt.mapping import described, read_mapping
    from ingest.mqtt.places import MappingError

    try:
        mapping = read_mapping(mapping_file())
    except MappingError as error:
        return [Error(str(error), id="mqtt.E005")]
    for rule in mapping.rules:
        if settings.MQTT_REFUSED_TOPIC and rule.pattern.match(settings.MQTT_REFUSED_TOPIC):
            said = f"{rule.pattern.text} of {rule.origin} matches MQTT_REFUSED_TOPIC."
            return [Error(said, hint="Refused messages would come back.", id="mqtt.E006")]
    if not settings.MQTT_MAPPING:
        return []
    lines = list(described(mapping))
    more = [f"and {len(lines) - _MOST_LISTED} more"] if len(lines) > _MOST_LISTED else []
    listed = "\n\t".join(["By MQTT come:", *lines[:_MOST_LISTED], *more])
    return [Info(listed, id="mqtt.I001")]
