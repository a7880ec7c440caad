"""Where a request comes from. Whom a proxy names is believed only behind ours (NUM_PROXIES)."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from rest_framework.throttling import BaseThrottle

_NETWORK = 64  # bits of an IPv6 address: whoever has one address there has all of them


def address_of(request: Any) -> str | None:
    """The client's address; None where there is none, as behind a Unix socket."""
    address = _parsed(_named(request))
    return str(address) if address else None


def network_of(request: Any) -> str:
    """The client's address; of IPv6 the network that one subscriber has."""
    text = _named(request)
    address = _parsed(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), _NETWORK), strict=False))
    return str(address) if address else text


def _named(request: Any) -> str:
    return BaseThrottle().get_ident(request) or ""


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
