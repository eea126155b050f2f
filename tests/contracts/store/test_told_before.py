"""What an older database knows of signals and themes is taken over: nothing is told again, no text kept twice."""

from __future__ import annotations

from sqlalchemy import text

from insight.model import Post, PostKey, Signal, SignalKind, Theme
from storage import open_store
from tests.contracts.store.former import former_post, of_revision, put
from tests.contracts.store.samples import DAY, HOUR, NOON

SAID = ("the battery drain is awful", "battery drain!", "invoice of bankruptcy", "battery drain, long before")
STATE = {
    "version": 2,
    "spikes": {"since": "2026-01-01T00:00:00+00:00"},
    "themes": {
        "since": "2026-01-01T00:00:00+00:00", "looked_at": NOON.isoformat(), "mark": "3 up to 9",
        "themes": [{
            "id": "t1", "label": "battery drain", "phrases": ["battery drain", "drain"], "told": 5, "open": True,
            "first": (NOON - DAY).isoformat(), "last": NOON.isoformat(),
        }],
    },
}  # fmt: skip
EVIDENCE = {
    "watch": "acme", "source": None, "headline": 'New complaint about Acme: "battery drain"', "detail": "why",
    "figures": {"mentions": 5.0, "p_value": 1e-9}, "over": False,
    "quotes": [
        {"network": "net", "native_id": name, "text": "its words", "url": None, "author": "somebody",
         "published_at": None, "label": "negative", "visibility": "public"}
        for name in ("p0", "p1", "never stored")
    ],
}  # fmt: skip


def test_themes_of_an_older_database_go_on_where_they_were(url: str) -> None:
    with of_revision(url, "0002") as connection:
        for number, words in enumerate(SAID):
            at = NOON - HOUR if number < 3 else NOON - 30 * DAY
            former_post(connection, Post("net", f"p{number}", words, published_at=at))
        lately, long_ago = {"first_at": NOON - DAY, "last_at": NOON - DAY}, {"first_at": NOON - 90 * DAY}
        put(connection, "themes", {
            "id": "t1", "watch": "acme", "label": "battery drain", "detail": {"phrases": ["battery drain"]}, **lately,
        })  # fmt: skip
        put(connection, "themes", {
            "id": "t0", "watch": "acme", "label": "long over", "detail": {}, "last_at": NOON - 80 * DAY, **long_ago,
        })  # fmt: skip
        put(connection, "state", {"name": "watch:acme", "value": STATE, "updated_at": NOON})
        put(connection, "state", {"name": "watch:new", "value": None, "updated_at": NOON})
        signal = {"number": 7, "key": "theme:acme:t1", "kind": "theme", "at": NOON, "evidence": EVIDENCE}
        put(connection, "signals", signal)

    with open_store(url) as store:
        theme = Theme("t1", "acme", "battery drain", NOON - DAY, NOON, ("battery drain", "drain"), told=5, open=True)
        gone = Theme("t0", "acme", "long over", NOON - 90 * DAY, NOON - 80 * DAY, ("long over",))
        assert store.themes.all() == [theme, gone]
        assert store.themes.known("acme", NOON - 28 * DAY) == [theme]
        keys = [PostKey("net", f"p{number}") for number in range(4)]
        assert set(store.themes.of(keys)) == {("acme", keys[0]), ("acme", keys[1])}
        rest = {"since": "2026-01-01T00:00:00+00:00", "looked_at": NOON.isoformat(), "mark": "3 up to 9"}
        assert store.state.get("watch:acme") == {"version": 2, "spikes": STATE["spikes"], "themes": rest}
        assert store.signals.recent(NOON) == [
            Signal(
                SignalKind.THEME, "theme:acme:t1", "acme", None, NOON, 'New complaint about Acme: "battery drain"',
                "why", {"mentions": 5.0, "p_value": 1e-9}, posts=(keys[0], keys[1]),
            )
        ]  # fmt: skip
        with store._database.read() as connection:
            assert "its words" not in str(connection.execute(text("SELECT evidence FROM signals")).all())
        assert store.signals.decisions(NOON) == []
