"""config.yaml → settings, or line, column and remedy."""

from listener.config.catalogue import Catalogue
from listener.config.changes import Changes, changes
from listener.config.config import Config, redacted, show
from listener.config.cross_checks import zones
from listener.config.errors import ConfigError, Problem, nearest
from listener.config.load import load, parse
from listener.config.query_library import ConfigLibrary
from listener.config.query_settings import WatchTests
from listener.config.schema import SCHEMA_FILE, schema, schema_text
from listener.config.secrets import Redactor
from listener.config.settings import AlertSettings, DaemonSettings, DigestSettings, StorageSettings

__all__ = [
    "SCHEMA_FILE",
    "AlertSettings",
    "Catalogue",
    "Changes",
    "Config",
    "ConfigError",
    "ConfigLibrary",
    "DaemonSettings",
    "DigestSettings",
    "Problem",
    "Redactor",
    "StorageSettings",
    "WatchTests",
    "changes",
    "load",
    "nearest",
    "parse",
    "redacted",
    "schema",
    "schema_text",
    "show",
    "zones",
]
