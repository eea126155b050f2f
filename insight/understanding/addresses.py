"""One spelling for the addresses of one page: what posts are known by, and what stories are told apart by."""

from __future__ import annotations

import re
from importlib.resources import files
from unicodedata import normalize
from urllib.parse import quote, urlsplit

LONGEST_HOST = 253
"""Letters of a host: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4. Punycode takes time by their square."""
# https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_DOTS = re.compile("[。．｡]")  # https://www.unicode.org/reports/tr46/#Notation


def canonical(url: str) -> str:
    """An address as an identity: https, a lower-case host, without what only says where the reader came from.

    What stays of the query stays byte for byte, as only its site knows what it means: two search pages that differ in
    an escaped letter are two. It is for comparing; it may not be fetched as it stands. What is no web address stays.
    """
    try:
        parts = urlsplit(url.strip())
        host = _host(parts.netloc)
    except ValueError:  # such as a bracket without its pair
        return url.strip()
    if parts.scheme not in ("http", "https") or not host:
        return url.strip()
    query, fragment = parts.query, parts.fragment.partition(":~:")[0]  # https://wicg.github.io/scroll-to-text-fragment/
    if query:
        query = _untracked(query, host)
    if "=" in fragment:
        fragment = _untracked(fragment, host)
    return f"https://{host}{_path(parts.path)}{'?' if query else ''}{query}{'#' if fragment else ''}{fragment}"


def _host(netloc: str) -> str:
    """Without a name, the usual ports and the dot of a full name; letters beyond ASCII as they go over the wire."""
    host = netloc.rpartition("@")[2].lower()
    name, colon, port = host.rpartition(":")
    if not colon or port.endswith("]"):
        name, port = host, ""
    name = name.rstrip(".")
    if not name.isascii() and len(name) <= LONGEST_HOST:
        labels = _DOTS.sub(".", normalize("NFKC", name).lower()).split(".")
        name = ".".join(one if one.isascii() else f"xn--{one.encode('punycode').decode()}" for one in labels)
    return name if port in ("", "80", "443") else f"{name}:{port}"


def _path(path: str) -> str:
    """Escaped only where it must be, and without steps up and down."""
    if not path.isascii():
        path = _NOT_ASCII.sub(lambda found: quote(found[0], errors="replace"), path)
    if "%" in path:
        path = _ESCAPE.sub(_escaped, path)
    if "/." in path:
        kept, steps = [""], path.split("/")[1:]
        for step in steps:
            if step not in (".", ".."):
                kept.append(step)
            elif step == ".." and len(kept) > 1:
                kept.pop()
        path = "/".join(kept) + ("/" if steps[-1] in (".", "..") else "")
    return path or "/"


def _escaped(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return letter if letter in _UNRESERVED else found[0].upper()


# -- parameters -------------------------------------------------------------------------------------------------


class _Tracking:
    """What `lexicons/tracking_parameters.txt` lists."""

    def __init__(self) -> None:
        listed = files("insight").joinpath("lexicons", "tracking_parameters.txt").read_text(encoding="utf-8")
        self.names: set[str] = set()
        beginnings: list[str] = []
        self.on_hosts: dict[str, frozenset[str]] = {}
        for said, _, hosts in (line.partition("#")[0].partition("@") for line in listed.splitlines()):
            parameter = said.strip()
            if hosts.strip():
                self.on_hosts[parameter] = frozenset(hosts.split())
            elif parameter.endswith("*"):
                beginnings.append(parameter[:-1])
            elif parameter:
                self.names.add(parameter)
        self.beginnings = tuple(beginnings)


_TRACKING = _Tracking()


def _untracked(query: str, host: str) -> str:
    """The parameters that tell pages apart, as they were written."""
    return "&".join(one for one in query.split("&") if one and not _tracks(one, host))


def _tracks(parameter: str, host: str) -> bool:
    said = parameter.lower().removeprefix("amp;")  # an address that was escaped twice: ?utm_source=a&amp;utm_medium=b
    name = said.partition("=")[0]
    if name in _TRACKING.names or said.startswith(_TRACKING.beginnings):
        return True
    labels = _TRACKING.on_hosts.get(name) or _TRACKING.on_hosts.get(said)
    return labels is not None and not labels.isdisjoint(host.split("."))
