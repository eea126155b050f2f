"""What Google's data export holds of its alerts: the JSON itself, or a Takeout archive as it was downloaded.

The fields: https://developers.google.com/data-portability/schema-reference/alerts. They are read liberally, because an
export leaves out what an alert does not use, and has changed before.
"""

from __future__ import annotations

import gzip
import json
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any

MAX_BYTES = 20_000_000
"""Of one JSON file. A thousand alerts are half a megabyte."""

MAX_UNPACKED = 20_000_000_000
"""Of a whole .tgz, which is unpacked to be looked through: an account is smaller, an archive bomb is not."""

_MAX_FILES = 50
_MAX_DEPTH = 12
_HOW = "ask takeout.google.com for Alerts alone, or name the JSON file in its folder Alerts"


class ExportError(ValueError):
    """The file cannot be read as an export of Google Alerts."""

    def __init__(self, message: str, remedy: str = _HOW) -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as Google has it. `language` and `country` limit it only where they are strict.

    `delivery` is "RSS" or "EMAIL" where it is known, `frequency` "HOURLY", "DAILY" or "WEEKLY" (of e-mail only).
    """

    query: str
    language: str = ""
    country: str = ""
    strict_language: bool = False
    strict_country: bool = False
    sources: tuple[str, ...] = ()
    quality: tuple[str, ...] = ()
    delivery: str = ""
    frequency: str = ""


def read_export(file: Path) -> list[Alert]:
    """Every alert in a JSON, JSONL, .zip or .tgz file, or a folder unpacked from one. Raises ExportError."""
    alerts = [alert for text in _json_files(file) for alert in parse_export(text)]
    if not alerts:
        raise ExportError(f"{file} holds no alerts: no entry has a `query`")
    return alerts


def parse_export(data: bytes | str) -> list[Alert]:
    """The alerts of one JSON or JSONL text; none when it holds something else. Raises ExportError for neither."""
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        try:
            value = json.loads(text)
        except ValueError:
            lines = [line for line in text.splitlines() if line.strip()]
            if len(lines) < 2:
                raise
            value = [json.loads(line) for line in lines]
        return list(_alerts_in(value))
    except (ValueError, RecursionError) as error:
        raise ExportError(f"this is neither JSON nor an archive: {error}") from error


def _alerts_in(value: Any, depth: int = 0) -> Iterator[Alert]:
    """Every object that has a query, wherever it lies; keys may be spelt regionRestrict or region_restrict."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        fields = {re.sub(r"[^a-z]", "", str(key).lower()): inner for key, inner in value.items()}
        if isinstance(fields.get("query"), str) and fields["query"].strip():
            yield Alert(
                # Half a surrogate pair is valid in JSON, and can be no text.
                query=" ".join(fields["query"].encode("utf-8", "replace").decode().split()),
                language=_text(fields.get("language")),
                country=_text(fields.get("country")),
                strict_language=_yes(fields.get("applylanguagerestrict")),
                strict_country=_yes(fields.get("applyregionrestrict")),
                sources=_list(fields.get("source")),
                quality=_list(fields.get("quality")),
                delivery=_one_of(fields.get("deliverymethod"), "RSS", "EMAIL"),
                frequency=_one_of(fields.get("deliveryfrequency"), "HOURLY", "DAILY", "WEEKLY"),
            )
            return
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _alerts_in(inner, depth + 1)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _yes(value: Any) -> bool:
    return value is True or _text(value).lower() == "true"


def _list(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(text.upper() for text in map(_text, values) if text)


def _one_of(value: Any, *words: str) -> str:
    """The word that the value holds: "DELIVERY_METHOD_RSS" is RSS."""
    return next((word for word in words if word in _text(value).upper()), "")


_UNREADABLE = (  # what is raised for an archive that is damaged, encrypted or packed in another way
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, RuntimeError, NotImplementedError, EOFError,
)  # fmt: skip


# -- files -----------------------------------------------------------------------------------------------------------


def _json_files(file: Path) -> Iterator[bytes]:
    """The contents of every JSON file of Google Alerts in an archive, in a folder, or of the one file."""
    try:
        if file.is_dir():
            found = [path for path in sorted(file.rglob("*.json")) if _is_ours(str(path.relative_to(file.parent)))]
            yield from (_read(path.open("rb"), str(path)) for path in found[:_MAX_FILES])
            return
        with file.open("rb") as opened:
            magic = opened.read(2)
        unpack = {b"PK": _unzip, b"\x1f\x8b": _untar}.get(magic)
        if unpack is None:
            yield _read(file.open("rb"), str(file))
            return
        empty = True
        for text in islice(unpack(file), _MAX_FILES):
            empty = False
            yield text
        if empty:
            raise ExportError(f"{file} holds no file of Google Alerts")
    except _UNREADABLE as error:
        raise ExportError(f"{file} is no archive that can be read: {error}") from error
    except OSError as error:
        raise ExportError(f"{file} cannot be read: {error.strerror or error}", "check the path") from error


def _is_ours(name: str) -> bool:
    """Takeout/Alerts/Alerts.json; other products of the export have folders of their own."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.suffix.lower() in (".json", ".jsonl") and "alert" in str(path).lower()


def _read(opened: IO[bytes], name: str) -> bytes:
    with opened:
        data = opened.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ExportError(f"{name} has more than {MAX_BYTES / 1e6:.0f} MB, which is no list of alerts")
    return data


def _unzip(file: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if _is_ours(member.filename):
                yield _read(archive.open(member), member.filename)


def _untar(file: Path) -> Iterator[bytes]:
    with gzip.open(file) as unpacked, tarfile.open(fileobj=_Bounded(unpacked), mode="r:") as archive:  # type: ignore[call-overload]  # it only reads
        for member in archive:
            opened = archive.extractfile(member) if member.isreg() and _is_ours(member.name) else None
            if opened:
                yield _read(opened, member.name)


class _Bounded:
    """The unpacked stream, with limits: a small archive can stand for terabytes, and name a header of gigabytes."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        if size > MAX_BYTES + 1:  # a header that says it is that long
            raise ExportError("a header of this archive is far too long")
        return self._stream.read(size)

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, place: int) -> int:
        if place > MAX_UNPACKED:
            raise ExportError(f"this archive unpacks to more than {MAX_UNPACKED / 1e9:.0f} GB")
        return self._stream.seek(place)
