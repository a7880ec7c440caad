"""Where the broker is, and how to be let in. Pure."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_FORM = "mqtt[s]://[user:password@]host[:port]"


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker; `is_secure` with TLS. `user` is empty where it asks for none."""

    host: str
    port: int
    is_secure: bool
    user: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """Raises ValueError, which names no password, where it is not the URL of a broker."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
        except (KeyError, ValueError) as error:
            raise ValueError(f"MQTT_URL has the form {_FORM}.") from error
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(f"MQTT_URL has the form {_FORM}, with nothing behind it.")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port, parts.scheme == "mqtts", user, password)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"
