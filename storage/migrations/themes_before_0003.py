"""The part of revision 0003 that moves themes: from the states of the watches into tables of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Boolean, Integer, Row, Text, column, insert, select, table

from insight.understanding.phrases import phrases
from storage.rows.columns import Json, UtcTime, Words

WINDOW = timedelta(hours=72)  # how long before a theme was told its posts may have been published
MOST = 5_000  # mentions that are read to find the posts of one theme


# fmt: off
def take_themes_from_states() -> dict[str, Mapping[str, Any]]:
    """The themes that the states hold, by id, taken out of them: they say which are open, and how many were told of."""
    state = table("state", column("name", Text), column("value", Json))
    found: dict[str, Mapping[str, Any]] = {}
    for row in op.get_bind().execute(select(state).where(state.c.name.like("watch:%"))).all():
        themes = (row.value or {}).get("themes") or {}
        found |= {theme["id"]: theme for theme in themes.get("themes", ())}
        value = {**(row.value or {}), "themes": {name: item for name, item in themes.items() if name != "themes"}}
        op.execute(state.update().where(state.c.name == row.name).values(value=value))
    return found


def fill_themes(listed: Sequence[Row[Any]], known: Mapping[str, Mapping[str, Any]]) -> None:
    """The states knew best when a theme was heard of last. Its posts are those that complain in one of its phrases."""
    themes = table(
        "themes", column("id", Text), column("watch", Text), column("label", Words), column("first_at", UtcTime),
        column("last_at", UtcTime), column("told", Integer), column("open", Boolean),
    )
    names = table("theme_phrases", column("theme", Text), column("number", Integer), column("phrase", Words))
    members = table("theme_posts", column("theme", Text), column("post", BigInteger))
    connection = op.get_bind()
    for row in listed:
        state = known.get(row.id, {})
        words = list(dict.fromkeys([*state.get("phrases", ()), *(row.detail or {}).get("phrases", ())])) or [row.label]
        last = datetime.fromisoformat(state["last"]) if "last" in state else row.last_at
        values = {"told": state.get("told", 0), "open": state.get("open", False), "last_at": last}
        op.execute(insert(themes).values(id=row.id, watch=row.watch, label=row.label, first_at=row.first_at, **values))
        connection.execute(
            insert(names),
            [{"theme": row.id, "number": number, "phrase": phrase} for number, phrase in enumerate(words)],
        )
        if posts := _posts_with_phrases(row.watch, frozenset((row.label, *words)), row.first_at - WINDOW, last):
            connection.execute(insert(members), [{"theme": row.id, "post": post} for post in posts])


def _posts_with_phrases(watch: str, names: frozenset[str], since: datetime, until: datetime) -> list[int]:
    """The row numbers of a watch's negative mentions of that time that use one of these phrases, at most MOST."""
    posts = table("posts", column("id", BigInteger), column("title", Text), column("text", Text))
    mentions = table(
        "mentions", column("post", BigInteger), column("watch", Text), column("event_at", UtcTime),
        column("state", Text), column("label", Text),
    )
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
