"""Secrets: fetched from `${ENV}` and `${file:…}`, remembered, and shown as *** everywhere."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, quote_plus, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from listener.config.yamlfile import Path

MASK = "***"
SHORTEST = 4  # a shorter secret is left in free text: taking out every "a" would leave nothing to read
WORD = 8  # a shorter one may be a part of another word
_MAX_FILE = 65_536

_HOLE = re.compile(r"\$\$\{|\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SENSITIVE = r"(?:token|passw(?:or)?d|secret|api_?key|private_?key|credentials?|authorization|webhook|cookie|heartbeat)"
_SECRET_KEY = re.compile(rf"(?i)^[a-z_-]*{_SENSITIVE}(?:_?url|_?uri|s)?$")
_SECRET_PARAMETERS = {"key", "sig", "signature", "auth", "pass", "pwd"}
_SECRET_LINE = re.compile(rf"""(?i)([a-z_-]*{_SENSITIVE}[a-z_]*["']?\s*[:=]\s*["']?)(?!\$\{{|["'\s]|$).+""")
_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^/\s]+(?=@)")


class Redactor:
    """Takes secrets out of text, also where they were escaped on the way (a URL, JSON, HTML, base64, a repr).

    A short one that could be a word is taken out where it stands alone: "prod" leaves "products" as they are.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))  # the longest first

    def __repr__(self) -> str:
        return "Redactor(***)"

    def mask(self, text: str) -> str:
        # A page of megabytes is searched for each form much faster than for all of them in one expression.
        found = [form for form in self._forms if form in text]
        alone = {form for form in found if len(form) < WORD and form.isalnum()}
        patterns = (rf"(?<![^\W_]){form}(?![^\W_])" if form in alone else re.escape(form) for form in found)
        return re.sub("|".join(patterns), MASK, text) if found else text


def _forms(secret: str) -> Iterator[str]:
    """The secret as it may come back: escaped by whoever quotes it, and of an address what no host shows of itself."""
    texts, lines, parts = [secret, secret.strip(), unquote(secret)], secret.splitlines(), _split(secret)
    if len(lines) > 1:  # of a key file: a log may show one of them alone
        texts += [line for line in lines if len(line) >= 16]
    if parts is not None:  # of a webhook its path, of a signed address its query
        texts += [part for part in (parts.path.strip("/"), parts.query) if len(part) >= WORD]
    for text in texts:
        whole = quote(text, safe="", errors="replace")
        escaped = (whole, quote(text, errors="replace"), quote_plus(text, errors="replace"), quote(whole))
        yield from (text, *escaped, *(re.sub("%..", lambda found: found[0].lower(), one) for one in escaped))
        yield from (html.escape(text), repr(text)[1:-1], text.replace("/", "\\/"))
        yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
        # Base64 takes three bytes at a time, so a text looks otherwise behind 0, 1 or 2 bytes of something else, such
        # as the user's name in a Basic login; only the characters that it alone decides are looked for.
        data = text.encode(errors="replace")
        for before, start in ((0, 0), (1, 2), (2, 3)):
            coded = b64encode(bytes(before) + data).decode()[start : (before + len(data)) * 8 // 6]
            if len(coded) >= WORD:
                yield from (coded, coded.replace("+", "-").replace("/", "_"))


def hide(line: str) -> str:
    """A line of the file without what looks like a secret, for errors raised before anything is understood."""
    return _PASSWORD.sub(rf"\1{MASK}", _SECRET_LINE.sub(rf"\1{MASK}", line))


@dataclass(slots=True)
class Interpolation:
    """Fills `${…}` in strings, once: what comes in is never read as YAML nor filled again. `$${X}` stays `${X}`."""

    environ: Mapping[str, str]
    folder: FilePath
    report: Callable[[Path, str, str], None]
    secrets: set[str] = field(default_factory=set)

    def fill(self, value: Any, path: Path = ()) -> Any:
        if isinstance(value, dict):
            return {key: self.fill(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner, (*path, index)) for index, inner in enumerate(value)]
        if isinstance(value, str):
            return _HOLE.sub(lambda hole: self._value_of(hole, path), value)
        return value

    def _value_of(self, hole: re.Match[str], path: Path) -> str:
        """The value of a `${NAME}`; the text `${NAME}` itself when there is none, which has then been reported."""
        name = hole.group(1)
        if name is None:  # `$${`
            return "${"
        found = None
        if name.startswith("file:"):
            found = self._read_file(name.removeprefix("file:"), path)
        elif not _NAME.match(name):
            remedy = "write ${NAME} or ${file:/path}; $${ stands for the two characters themselves"
            self.report(path, f"${{{name}}} names no environment variable", remedy)
        elif not (found := self.environ.get(name)):
            state = "is empty" if found == "" else "is not set"
            remedy = f"set it where Listener starts: export {name}=…, or use ${{file:/path/to/it}}"
            self.report(path, f"the environment variable {name} {state}", remedy)
        if not found:
            return hole.group()
        self.secrets.add(found)
        return found

    def _read_file(self, name: str, path: Path) -> str | None:
        file = self.folder / name.strip()
        try:
            with file.open("rb") as opened:
                text = opened.read(_MAX_FILE + 1).decode("utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            self.report(path, f"the secret file {file} cannot be read: {reason}", "check the path and who may read it")
            return None
        if not text or len(text) > _MAX_FILE:
            state = "too large" if text else "empty"
            self.report(path, f"the secret file {file} is {state}", "write the secret in it")
            return None
        return text


def written_secrets(value: Any, names: frozenset[str] = frozenset(), key: str = "") -> Iterator[str]:
    """Secrets that stand in the file itself: under `names` and keys that sound like one, and in addresses."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from written_secrets(inner, names, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from written_secrets(inner, names, key)
    elif value is not None and not isinstance(value, bool):
        parts = _split(str(value))
        if parts is not None:  # of an address the password, and the parameters whose names sound like a secret
            yield from filter(None, [parts.password])
            for name, parameter in parse_qsl(parts.query):
                if _SECRET_KEY.match(name) or name.lower() in _SECRET_PARAMETERS:
                    yield parameter
        if key in names or (_SECRET_KEY.match(key) and isinstance(value, str)):
            yield str(value)


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text) if "://" in text else None
    except ValueError:
        return None


def held_secrets(value: Any) -> Iterator[str]:
    """Every secret inside models that were understood."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from held_secrets(getattr(value, name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from held_secrets(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from held_secrets(inner)


def plain(value: Any, mask: Callable[[str], str]) -> Any:
    """A value as JSON holds it, secrets masked; what is not set is left out."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, BaseModel):
        return plain({name: getattr(value, name) for name in type(value).model_fields}, mask)
    if isinstance(value, Mapping):
        return {mask(str(key)): plain(inner, mask) for key, inner in value.items() if inner not in (None, ())}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner, mask) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return mask(str(value))
