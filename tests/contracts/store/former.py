"""Databases of former versions, made by the migrations of then and filled by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from insight.model import Post
from storage import migrations
from storage.rows.columns import dumps
from storage.store import _database
from tests.contracts.store.samples import NOON

_NUMBERS = count(1)


@contextmanager
def of_revision(url: str, revision: str, *, anew: bool = True) -> Iterator[Connection]:
    """The database at this address, made `anew` with the schema of then."""
    if anew and url.startswith("sqlite"):
        Path(str(make_url(url).database)).unlink(missing_ok=True)
    database = _database(url)
    with database.write() as connection:
        if anew and database.dialect == "postgresql":
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        command.upgrade(config, revision)
        yield connection
    database.close()


def former_post(connection: Connection, post: Post, label: str = "negative", state: str = "kept", **more: Any) -> int:
    """A post of `mastodon` with its mention by acme, as the first version stored them. Gives its row number."""
    number = next(_NUMBERS)
    put(connection, "posts", {
        "id": number, "network": post.network, "native_id": post.native_id, "source": "mastodon",
        "collected_at": NOON, "event_at": post.published_at, "edition_at": NOON, "kind": post.kind.value,
        "visibility": post.visibility.value, "precision": post.precision.value, "text": post.text,
        "author": post.author, "published_at": post.published_at, **more,
    })  # fmt: skip
    put(connection, "mentions", {
        "post": number, "watch": "acme", "event_at": post.published_at, "grain": "hour", "query_version": 1,
        "state": state, "language": "en", "label": label, "score": 0.0, "confidence": 0.0, "story": post.native_id,
    })  # fmt: skip
    return number


def put(connection: Connection, table: str, row: dict[str, Any]) -> None:
    """Insert a row by its columns; times and JSON as each database keeps them."""
    text_times = connection.dialect.name == "sqlite"
    values = {
        name: value.isoformat(" ", "microseconds")[:26] if text_times and isinstance(value, datetime)
        else dumps(value) if isinstance(value, (list, dict)) else value
        for name, value in row.items()
    }  # fmt: skip
    names, marks = ", ".join(values), ", ".join(
        f"CAST(:{name} AS jsonb)" if isinstance(row[name], (list, dict)) and not text_times else f":{name}"
        for name in values
    )  # fmt: skip
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)
