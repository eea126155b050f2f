"""Facets, counts by facet, trouble by search, signals that know their posts, decisions, recipients of deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Text,
    column,
    insert,
    select,
    table,
)
from sqlalchemy import text as sql

from insight.understanding.phrases import phrases
from storage.rows.columns import BigId, Json, UtcTime, Words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WINDOW = timedelta(hours=72)  # how long before a theme was told its posts may have been published
MOST = 5_000  # mentions that are read to find the posts of one theme


def upgrade() -> None:
    _posts()
    _searches()
    _told()
    _indexes()


def _posts() -> None:
    """Posts with facts, mentions with facets, deletion as a state, counts by facet.

    Of what was deleted before, only that is left of its sentiment that it is not known.
    """
    op.add_column("posts", Column("facts", Json, nullable=True))
    some = sql("facts IS NOT NULL")
    op.create_index("ix_posts_facts", "posts", ["event_at", "id"], sqlite_where=some, postgresql_where=some)
    op.add_column("mentions", Column("facets", Json, nullable=True))
    op.drop_index("ix_mentions_hidden", "mentions")
    op.execute("UPDATE mentions SET state = 'deleted' WHERE label = 'deleted' AND state = 'kept'")
    op.execute("UPDATE mentions SET label = 'unknown' WHERE label = 'deleted'")
    hidden = sql("state IN ('excluded', 'dropped')")
    op.create_index("ix_mentions_hidden", "mentions", ["post"], sqlite_where=hidden, postgresql_where=hidden)
    _counts()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE posts_id_seq")
        op.execute("SELECT setval('posts_id_seq', coalesce(max(id), 0) + 1, false) FROM posts")


def _counts() -> None:
    op.rename_table("counts", "counts_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_counts RENAME TO pk_counts_before")
    op.create_table(
        "counts",
        Column("watch", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("grain", Text, nullable=False),
        Column("start", UtcTime, nullable=False),
        Column("facet", Text, nullable=False),
        Column("value", Text, nullable=False),
        Column("lag", Integer, nullable=False),
        # last: SQLite 3.40's integrity_check finds fault with a column before those of the key
        Column("number", Integer, nullable=False),
        PrimaryKeyConstraint(
            "watch", "facet", "grain", "start", "source", "value", "lag", name=op.f("pk_counts")
        ),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.execute(
        "INSERT INTO counts (number, watch, source, grain, start, facet, value, lag) "
        "SELECT sum(value), watch, source, grain, start, 'sentiment', "
        "CASE label WHEN 'deleted' THEN 'unknown' ELSE label END AS known, lag "
        "FROM counts_before GROUP BY watch, source, grain, start, known, lag"
    )
    op.drop_table("counts_before")


def _searches() -> None:
    """How each search of a source is doing, beside its cursor; how complete each source is, apart from the others."""
    op.create_table(
        "searches",
        Column("source", Text, nullable=False),
        Column("search", Words, nullable=False),
        Column("cursor", Json, nullable=True),
        Column("paused", Boolean, nullable=False),
        Column("failures", Integer, nullable=False),
        Column("error", Words, nullable=True),
        Column("next_at", UtcTime, nullable=True),
        Column("last_success", UtcTime, nullable=True),
        PrimaryKeyConstraint("source", "search", name=op.f("pk_searches")),
    )
    op.execute(
        "INSERT INTO searches (source, search, cursor, paused, failures, last_success) "
        "SELECT source, search, cursor, false, 0, updated_at FROM cursors"
    )
    op.drop_table("cursors")
    op.create_index(op.f("ix_searches_next_at"), "searches", ["next_at"])
    fails = sql("failures > 0")
    keys = ["source", "search"]
    op.create_index("ix_searches_failing", "searches", keys, sqlite_where=fails, postgresql_where=fails)
    op.create_index(op.f("ix_sources_next_at"), "sources", ["next_at"])
    op.create_index(op.f("ix_sources_last_attempt"), "sources", ["last_attempt"])
    state = table("state", column("name", Text), column("value", Json), column("updated_at", UtcTime))
    of_all = state.c.name == "completeness"
    for row in op.get_bind().execute(select(state).where(of_all)).all():
        for source, figures in row.value.items():
            name = f"completeness {source}"
            op.execute(insert(state).values(name=name, value=figures, updated_at=row.updated_at))
        op.execute(state.delete().where(of_all))


def _indexes() -> None:
    """What retention looks for."""
    saying = sql("expired_at IS NULL AND deleted_at IS NULL")
    op.create_index("ix_posts_kept", "posts", ["network", "collected_at"], sqlite_where=saying, postgresql_where=saying)
    op.create_index(op.f("ix_revisions_replaced_at"), "revisions", ["replaced_at"])


def _told() -> None:
    """Signals with their posts, decisions, themes, deliveries with a recipient, channels that are held."""
    _signals()
    _themes()
    _deliveries()


# -- signals ------------------------------------------------------------------------------------------------------

_SIGNALS = table("signals", column("number", BigId), column("key", Words), column("evidence", Json))
_POSTS = table("posts", column("id", BigInteger), column("network", Text), column("native_id", Text))


def _signals() -> None:
    """The posts that a signal quoted become the posts that it rests on; their words go from it."""
    op.add_column("signals", Column("versions", Json, nullable=True))
    op.create_table(
        "signal_posts",
        Column("signal", BigInteger, nullable=False),
        Column("post", BigInteger, nullable=False),
        PrimaryKeyConstraint("signal", "post", name=op.f("pk_signal_posts")),
        _reference("signal_posts", "signal", "signals.number"),
        _reference("signal_posts", "post", "posts.id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        Column("signal", BigInteger, nullable=False),
        Column("channel", Text, nullable=False),
        Column("told", Boolean, nullable=False),
        Column("reason", Text, nullable=False),
        Column("delivery", Text, nullable=True),
        Column("at", UtcTime, nullable=False),
        PrimaryKeyConstraint("signal", "channel", name=op.f("pk_decisions")),
        _reference("decisions", "signal", "signals.number"),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    behind = table("signal_posts", column("signal", BigInteger), column("post", BigInteger))
    for row in connection.execute(select(_SIGNALS)).all():
        said = dict(row.evidence)
        for number in sorted(_numbers(said.pop("quotes", ()))):
            connection.execute(insert(behind).values(signal=row.number, post=number))
        connection.execute(_SIGNALS.update().where(_SIGNALS.c.number == row.number).values(evidence=said))


def _numbers(quotes: Iterable[Mapping[str, Any]]) -> set[int]:
    """The row numbers of quoted posts."""
    found = set()
    for quote in quotes:
        its = (_POSTS.c.network == quote["network"]) & (_POSTS.c.native_id == quote["native_id"])
        found |= set(op.get_bind().execute(select(_POSTS.c.id).where(its)).scalars())
    return found


def _reference(name: str, column_: str, target: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([column_], [target], name=op.f(f"fk_{name}_{column_}"), ondelete="CASCADE")


# -- themes -------------------------------------------------------------------------------------------------------


def _themes() -> None:
    """Themes move from the state of each watch, where the open ones stood, into the table that lists them all."""
    connection = op.get_bind()
    listed = table(
        "themes", column("id", Text), column("watch", Text), column("label", Words), column("first_at", UtcTime),
        column("last_at", UtcTime), column("detail", Json),
    )  # fmt: skip
    before = connection.execute(select(listed)).all()
    op.drop_table("themes")
    op.create_table(
        "themes",
        Column("id", Text, nullable=False),
        Column("watch", Text, nullable=False),
        Column("label", Words, nullable=False),
        Column("first_at", UtcTime, nullable=False),
        Column("last_at", UtcTime, nullable=False),
        Column("told", Integer, nullable=False),
        Column("open", Boolean, nullable=False),
        PrimaryKeyConstraint("id", name=op.f("pk_themes")),
    )
    op.create_index(op.f("ix_themes_watch"), "themes", ["watch"])
    op.create_table(
        "theme_phrases",
        Column("theme", Text, nullable=False),
        Column("number", Integer, nullable=False),
        Column("phrase", Words, nullable=False),
        PrimaryKeyConstraint("theme", "number", name=op.f("pk_theme_phrases")),
        _reference("theme_phrases", "theme", "themes.id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "theme_posts",
        Column("theme", Text, nullable=False),
        Column("post", BigInteger, nullable=False),
        PrimaryKeyConstraint("theme", "post", name=op.f("pk_theme_posts")),
        _reference("theme_posts", "theme", "themes.id"),
        _reference("theme_posts", "post", "posts.id"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_theme_posts_post"), "theme_posts", ["post"])
    op.create_table(
        "theme_events",
        Column("number", BigId, nullable=False),
        Column("theme", Text, nullable=False),
        Column("at", UtcTime, nullable=False),
        Column("change", Text, nullable=False),
        Column("other", Words, nullable=False),
        PrimaryKeyConstraint("number", name=op.f("pk_theme_events")),
        _reference("theme_events", "theme", "themes.id"),
    )
    op.create_index(op.f("ix_theme_events_theme"), "theme_events", ["theme"])
    _fill_themes(before, _themes_of_states())


def _themes_of_states() -> dict[str, Mapping[str, Any]]:
    """The themes that the states hold, by id, taken out of them: they say which are open, and how many were told of."""
    state = table("state", column("name", Text), column("value", Json))
    found: dict[str, Mapping[str, Any]] = {}
    for row in op.get_bind().execute(select(state).where(state.c.name.like("watch:%"))).all():
        its = (row.value or {}).get("themes") or {}
        found |= {theme["id"]: theme for theme in its.get("themes", ())}
        value = {**(row.value or {}), "themes": {name: item for name, item in its.items() if name != "themes"}}
        op.execute(state.update().where(state.c.name == row.name).values(value=value))
    return found


def _fill_themes(listed: Sequence[Row[Any]], known: Mapping[str, Mapping[str, Any]]) -> None:
    """The states knew best when a theme was heard of last. Its posts are those that complain in one of its phrases."""
    themes = table(
        "themes", column("id", Text), column("watch", Text), column("label", Words), column("first_at", UtcTime),
        column("last_at", UtcTime), column("told", Integer), column("open", Boolean),
    )  # fmt: skip
    names = table("theme_phrases", column("theme", Text), column("number", Integer), column("phrase", Words))
    members = table("theme_posts", column("theme", Text), column("post", BigInteger))
    connection = op.get_bind()
    for row in listed:
        its = known.get(row.id, {})
        words = list(dict.fromkeys([*its.get("phrases", ()), *(row.detail or {}).get("phrases", ())])) or [row.label]
        last = datetime.fromisoformat(its["last"]) if "last" in its else row.last_at
        values = {"told": its.get("told", 0), "open": its.get("open", False), "last_at": last}
        op.execute(insert(themes).values(id=row.id, watch=row.watch, label=row.label, first_at=row.first_at, **values))
        connection.execute(
            insert(names),
            [{"theme": row.id, "number": number, "phrase": phrase} for number, phrase in enumerate(words)],
        )
        if posts := _saying(row.watch, frozenset((row.label, *words)), row.first_at - WINDOW, last):
            connection.execute(insert(members), [{"theme": row.id, "post": post} for post in posts])


def _saying(watch: str, names: frozenset[str], since: datetime, until: datetime) -> list[int]:
    """The row numbers of a watch's negative mentions of that time that use one of these phrases, at most MOST."""
    posts = table("posts", column("id", BigInteger), column("title", Text), column("text", Text))
    mentions = table(
        "mentions", column("post", BigInteger), column("watch", Text), column("event_at", UtcTime),
        column("state", Text), column("label", Text),
    )  # fmt: skip
    query = (
        select(posts)
        .join(mentions, mentions.c.post == posts.c.id)
        .where(mentions.c.watch == watch, mentions.c.event_at >= since, mentions.c.event_at <= until)
        .where(mentions.c.state == "kept", mentions.c.label == "negative")
        .order_by(mentions.c.event_at.desc())
        .limit(MOST)
    )
    rows = op.get_bind().execute(query).all()
    return [row.id for row in rows if not names.isdisjoint(phrases(f"{row.title or ''}\n{row.text}"))]


# -- deliveries ---------------------------------------------------------------------------------------------------


def _deliveries() -> None:
    """What a delivery does and to whom, channels that are held, and indexes over what waits and what was given up."""
    op.add_column("deliveries", Column("recipient", Text, nullable=False, server_default=""))
    op.add_column("deliveries", Column("action", Text, nullable=False, server_default="post"))
    # a message of a conversation was a reply as soon as there was something to reply to; only a digest stood alone
    op.execute("UPDATE deliveries SET action = 'reply' WHERE conversation <> ''")
    op.execute("UPDATE deliveries SET conversation = 'digest' WHERE conversation = '' AND once LIKE 'digest %'")
    op.drop_index(op.f("ix_deliveries_next_at"), "deliveries")
    for name, columns, those in (
        ("ix_deliveries_waiting", ["channel", "number"], sql("next_at IS NOT NULL")),
        ("ix_deliveries_given_up", ["updated_at"], sql("next_at IS NULL AND state IN ('failed', 'unknown')")),
    ):
        op.create_index(name, "deliveries", columns, sqlite_where=those, postgresql_where=those)
    op.create_index(op.f("ix_deliveries_created_at"), "deliveries", ["created_at"])
    op.create_table(
        "channels",
        Column("channel", Text, nullable=False),
        Column("recipient", Text, nullable=False),
        Column("since", UtcTime, nullable=False),
        Column("held_until", UtcTime, nullable=False),
        Column("failures", Integer, nullable=False),
        Column("error", Words, nullable=False),
        Column("parked", Boolean, nullable=False),
        PrimaryKeyConstraint("channel", "recipient", name=op.f("pk_channels")),
    )
