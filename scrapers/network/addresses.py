"""The address guard: whom the door may call. Pure; `guard` asks it about the address that is dialled."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket

from scrapers.base import SourceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The well-known prefix: https://www.rfc-editor.org/rfc/rfc6052#section-2.1
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
_SPECIAL = tuple(  # https://www.iana.org/assignments/iana-ipv4-special-registry; what ipaddress knows varies by version
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "2001::/23", "3fff::/20"))
)


def why_refused(address: Address) -> str | None:
    """What is wrong with calling this address; None when it is a public one."""
    if isinstance(address, ipaddress.IPv6Address):  # one that carries an IPv4 address: the packet ends up there
        nat64 = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None
        carried = nat64 or address.ipv4_mapped or address.sixtofour
        if carried is not None:
            return why_refused(carried)
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        return "not an address of a host"
    outside = address.version == 6 and address not in _PUBLIC_V6
    if outside or not address.is_global or any(address in network for network in _SPECIAL):
        return "private"
    return None


def literal(host: str) -> Address | None:
    """The host as an address, if it is written as one, also in the short and numeric forms that C libraries read."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host)
    with contextlib.suppress(OSError):
        return ipaddress.IPv4Address(socket.inet_aton(host))
    return None


def is_host(text: str) -> bool:
    """Whether this can be the name or the address of a host at all."""
    if ":" not in text:
        return re.fullmatch(r"[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*", text) is not None
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(text).version == 6
    return False


def refuse_private(host: str, address: Address, *, permanent: bool = False) -> None:
    """Raise SourceError unless the address is public. A name that leads inside may be a captive portal: it passes."""
    why = why_refused(address)
    if why:
        shown = host if host == str(address) else f"{host} ({address})"
        raise SourceError(
            f"{shown} is {why}: nothing outside may send Listener to an address inside",
            permanent=permanent,
            remedy="if this host is your own, write its address into the config as the source's base_url",
        )
