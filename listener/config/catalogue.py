"""Sources and channels by their kind: from the catalogue, or a class of the user's own as `package.module:Class`."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from alerts.base import Channel
from listener.config.errors import ProblemReport, choice, nearest
from listener.config.secrets import written_secrets
from listener.config.validation import build, secret_names, setting_names
from listener.config.yamlfile import Path
from scrapers.base import Source

K = TypeVar("K", bound=BaseModel)

OWN_KIND = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"


@dataclass(frozen=True)
class Catalogue(Generic[K]):
    """The kinds of one sort of thing (`noun`), all subclasses of `base`."""

    noun: str
    base: type[K]
    kinds: Mapping[str, type[K]]
    folder: FilePath = field(default_factory=FilePath)

    def build(self, entry: Any, path: Path, report: ProblemReport) -> K | None:
        """One entry of the config as its kind understands it; None when problems were reported."""
        if not isinstance(entry, dict):
            example = f"kind: {entry}" if isinstance(entry, str) and entry in self.kinds else "kind: …"
            report.at(path, f"a {self.noun} is settings (`key: value`)", f"write `{example}`")
            return None
        kind, at = entry.get("kind"), (*path, "kind")
        cls: type[K] | None = None
        if "kind" not in entry:
            report.at(at, "`kind` is missing", f"add `kind:` ({choice('', self.kinds, limit=40)})")
        elif isinstance(kind, str) and kind in self.kinds:
            cls = self.kinds[kind]
        elif isinstance(kind, str) and re.match(OWN_KIND, kind):
            cls = self._import_class(kind, at, report)
        else:
            report.at(at, f"there is no {self.noun} of the kind {kind!r}", choice(kind, self.kinds, limit=40))
        settings = {key: value for key, value in entry.items() if key != "kind"}
        return build(cls, settings, path, report) if cls else None

    def secrets(self, entry: Any) -> Iterator[str]:
        """What is secret in an entry, also where its kind or a key is misspelt."""
        if not isinstance(entry, dict):
            return written_secrets(entry)
        known = self.kinds.get(str(entry.get("kind")))
        kinds = [known] if known else list(self.kinds.values())
        secret = {name for kind in kinds for name in secret_names(kind)}
        fields = {name for kind in kinds for name in setting_names(kind)} if known else set()
        misspelt = {key for key in entry if key not in fields | {"kind"} and nearest(key, secret)}
        return written_secrets(entry, frozenset(secret | misspelt))

    def name(self, made: K) -> str:
        """What `kind:` says for a thing that was built."""
        kind, cls = str(getattr(made, "kind", "")), type(made)
        return kind if self.kinds.get(kind) is cls else f"{cls.__module__}:{cls.__qualname__}"

    def _import_class(self, kind: str, path: Path, report: ProblemReport) -> type[K] | None:
        module, _, name = kind.partition(":")
        if str(self.folder) not in sys.path:
            sys.path.append(str(self.folder))  # a module beside the config is found too, after everything installed
        try:
            found = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:
            report.at(path, f"no module {error.name!r}", "install it, or put it beside the config file")
        except AttributeError:
            report.at(path, f"{module} holds no {name}", "check the spelling of the class")
        except Exception as error:  # noqa: BLE001  # importing somebody's module may raise anything
            report.at(path, f"{module} cannot be imported: {type(error).__name__}: {error}", "correct the module")
        else:
            if isinstance(found, type) and issubclass(found, self.base):
                return found
            where = f"{self.base.__module__}.{self.base.__name__}"
            report.at(path, f"{kind} is not a {self.noun}", f"make it a subclass of {where}")
        return None


def source_kinds(folder: FilePath = FilePath()) -> Catalogue[Source]:
    import scrapers

    return Catalogue("source", Source, getattr(scrapers, "KINDS", {}), folder)


def channel_kinds(folder: FilePath = FilePath()) -> Catalogue[Channel]:
    import alerts

    return Catalogue("channel", Channel, getattr(alerts, "CHANNELS", {}), folder)
