"""Google Alerts brought over: every alert is accounted for, and what it becomes is a config that loads."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.model import Post
from insight.query import Matcher, parse, parse_watch
from listener.cli.google_alerts import export
from listener.cli.google_alerts.config_entries import AppendError, append_entries, entries_yaml
from listener.cli.google_alerts.export import Alert, ExportError, parse_export, read_export
from listener.cli.google_alerts.feeds import AlertFeed, parse_feeds
from listener.cli.google_alerts.migration import AlertOutcome, ExistingEntries, migrate
from listener.cli.google_alerts.query import translate
from listener.config import parse as parse_config
from listener.config import yamlfile
from scrapers.answers import read_page
from scrapers.base import Page, Request
from scrapers.news.feed import Feed

FEED = "https://www.google.com/alerts/feeds/123/456"
CONFIG = """\
contact: me@example.com   # who is asked
watches:
  # our own
  - id: acme
    query: 'acme'   # the brand
  # more to come

# where from
sources:
  - {kind: hackernews}
channels: {console: {kind: console}}
"""


# -- the language ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("google", "ours"),
    [
        ("acme", "acme"),
        ("acme bolt", "acme AND bolt"),
        ("acme | bolt", "acme OR bolt"),
        ("acme crash OR bug report", "acme AND (crash OR bug) AND report"),
        ('"acme corp" -jobs -"hiring now"', '"acme corp" AND NOT jobs AND NOT "hiring now"'),
        ("acme -(jobs OR hiring)", "acme AND NOT (jobs OR hiring)"),
        ("acme OR -bolt", "acme AND NOT bolt"),
        ('"acme * crash"', '"acme" ONEAR/3 "crash"'),
        ("acme AROUND(4) crash", "acme NEAR/4 crash"),
        ("acme AROUND(4) (crash OR bug)", "acme NEAR/4 (crash OR bug)"),
        ("site:acme.com OR site:www.bolt.example", "site:acme.com OR site:bolt.example"),
        ("acme site:.edu", "acme AND site:edu"),
        ("acme site:bolt.example/blog", 'acme AND site:bolt.example AND url:"bolt.example/blog"'),
        ("intitle:acme inurl:news", "title:acme AND url:news"),
        ("allintitle: acme news", "title:acme AND title:news"),
        ("intext:acme", "text:acme"),
        ("acme filetype:pdf", 'acme AND url:"pdf"'),
        ("acme 2024..2026", "acme AND (2024 OR 2025 OR 2026)"),
        ("+acme and bolt", "acme AND bolt"),
        ("acme $ACME", 'acme AND raw:"$ACME"'),
        ("what? acme.", "what AND acme"),
        ("(acme", "acme"),
        ("OR acme OR", "acme"),
        ("小米 OR 手机", "小米 OR 手机"),
    ],
)
def test_google_means_what_is_written_in_our_language(google: str, ours: str) -> None:
    assert translate(google).query == ours


@pytest.mark.parametrize(
    ("google", "lost"),
    [
        ("acme related:bolt.example", "related:bolt.example"),
        ("acme ~phone", "~"),
        ('acme source:"bolt times"', 'source:"bolt times"'),
        ("acme 1..5000", "1..5000"),
        ("acme *", "*"),
        ("acme AROUND(3)", "AROUND(3)"),
        ("acme inanchor:bolt", "inanchor:bolt"),
    ],
)
def test_what_cannot_be_said_is_named_as_lost_with_its_reason(google: str, lost: str) -> None:
    found = translate(google)
    note = next(note for note in found.notes if note.lost)
    assert (note.what, bool(note.why), "acme" in (found.query or "")) == (lost, True, True)


@pytest.mark.parametrize("google", ["-jobs", "related:acme.com", '""', "...", "", "x" * 3000, "(" * 60 + "acme"])
def test_an_alert_that_can_be_no_watch_is_refused_with_a_reason(google: str) -> None:
    found = translate(google)
    assert found.query is None
    assert found.notes[-1].lost
    assert found.notes[-1].why


@pytest.mark.parametrize(
    "google", ["acme or bolt", "acme NOT jobs", "acme crash OR bug", "crash*", "#acme", "acme OR -bolt"]
)
def test_what_is_read_otherwise_than_people_may_think_is_told_and_kept(google: str) -> None:
    found = translate(google)
    assert found.query
    assert [note.lost for note in found.notes] == [False]


PARTS = st.sampled_from(
    ["acme", "bolt", '"acme corp"', '"a * b"', "OR", "|", "AND", "NOT", "-", "+", "~", "(", ")", "site:acme.com",
     "intitle:", "allintitle:", "inurl:", "AROUND(3)", "1..3", "*", "crash*", "#tag", "@name", "$x",
     "@file:x", "/x/", "{x}",
     "lang:en", "raw:x", "<<<", "[a", "TO", "NEAR/2",
     "小米", "😀", "or", "near", '"', "’s", "before:2026", "filetype:pdf"]
)  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=60), st.lists(PARTS, max_size=12).map(" ".join), st.lists(PARTS, max_size=8).map("".join)
    )
)
def test_whatever_google_took_becomes_a_query_that_a_watch_can_have_or_is_refused(google: str) -> None:
    found = translate(google, "en")
    if found.query is None:
        assert found.notes[-1].lost
    else:
        assert str(parse_watch(found.query)) == found.query


@given(
    st.lists(st.sampled_from(["acme", "bolt", "quill"]), min_size=1, max_size=3), st.text("abcq lotmeuil ", max_size=40)
)
def test_words_side_by_side_find_what_google_would(words: list[str], text: str) -> None:
    query = translate(" ".join(words)).query
    assert query is not None
    said = f"{text} {words[0]}"
    found = Matcher(parse(query)).match(Post("web", "1", said)) is not None
    assert found == all(word in said.split() for word in words)


# -- the export ------------------------------------------------------------------------------------------------------


ENTRY: dict[str, Any] = {
    "query": "acme OR bolt",
    "language": "en",
    "country": "US",
    "apply_language_restrict": True,
    "apply_region_restrict": False,
    "source": ["NEWS", "WEB"],
    "quality": ["HIGH"],
    "delivery_method": "EMAIL",
    "delivery_frequency": "DAILY",
    "email_address": "me@example.com",
}


@pytest.mark.parametrize(
    "shape",
    [ENTRY, [ENTRY], {"Alerts": [ENTRY]}, {"alerts": {"subscriptions": [{"subscription": ENTRY}]}},
     [{"Query": "acme OR bolt", "deliveryMethod": "EMAIL", "applyLanguageRestrict": "true", "language": "en",
       "country": "US", "source": ["NEWS", "WEB"], "quality": "HIGH", "deliveryFrequency": "FREQUENCY_DAILY"}]],
)  # fmt: skip
def test_an_export_is_read_however_its_list_is_wrapped(shape: Any) -> None:
    alert = Alert("acme OR bolt", "en", "US", True, False, ("NEWS", "WEB"), ("HIGH",), "EMAIL", "DAILY")
    assert parse_export(json.dumps(shape)) == [alert]


def test_lines_of_json_are_an_export_too(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"query": "acme"}\n\n{"query": "bolt"}\n')
    assert [alert.query for alert in read_export(tmp_path / "a.jsonl")] == ["acme", "bolt"]


def _zip(folder: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(folder / "takeout.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return folder / "takeout.zip"


def _tgz(folder: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(folder / "takeout.tgz", "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return folder / "takeout.tgz"


FILES = {
    "Takeout/My Activity/Search.json": b'[{"query": "private"}]',
    "Takeout/Alerts/Alerts.json": json.dumps([ENTRY]).encode(),
    "Takeout/archive_browser.html": b"<html>",
}


@pytest.mark.parametrize("pack", [_zip, _tgz])
def test_the_alerts_are_found_in_the_archive_as_it_was_downloaded_and_nothing_else_is(
    pack: Any, tmp_path: Path
) -> None:
    assert [alert.query for alert in read_export(pack(tmp_path, FILES))] == ["acme OR bolt"]


def test_an_unpacked_archive_is_as_good(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert [alert.query for alert in read_export(tmp_path / "Takeout")] == ["acme OR bolt"]


@pytest.mark.parametrize("pack", [_zip, _tgz])
def test_an_archive_bomb_is_refused(pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MAX_BYTES", 100_000)
    monkeypatch.setattr(export, "MAX_UNPACKED", 1_000_000)
    with pytest.raises(ExportError, match="more than"):
        read_export(pack(tmp_path, {"Takeout/Alerts/Alerts.json": b" " * 200_000}))
    if pack is _tgz:
        with pytest.raises(ExportError, match="unpacks to more"):
            read_export(pack(tmp_path, {"Takeout/Photos/1.jpg": b" " * 2_000_000}))


def test_a_header_that_claims_to_be_endless_is_not_read_into_memory(tmp_path: Path) -> None:
    member = tarfile.TarInfo("x")
    member.type, member.size = tarfile.XHDTYPE, 1 << 33
    (tmp_path / "bomb.tgz").write_bytes(gzip.compress(member.tobuf() + b"1" * 4096))
    with pytest.raises(ExportError):
        read_export(tmp_path / "bomb.tgz")


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\xff\xfe\x00", b"PK\x03\x04 broken", b"\x1f\x8b broken", b'{"a": 1}', b"[" * 100_000]
)
def test_what_is_no_export_is_refused_with_what_to_do(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(ExportError) as caught:
        read_export(tmp_path / "file")
    assert "takeout.google.com" in caught.value.remedy


def test_a_file_that_is_not_there_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be read"):
        read_export(tmp_path / "none.json")


# -- feeds -----------------------------------------------------------------------------------------------------------


def test_feeds_are_read_from_opml_by_their_title() -> None:
    opml = """<?xml version="1.0"?><opml><body><outline text="News">
      <outline type="rss" title="Google Alert - &quot;acme corp&quot; -jobs" xmlUrl="%s"/>
      <outline text="Google アラート - 小米" xmlUrl="http://www.google.co.jp/alerts/feeds/123/789"/>
      <outline text="A blog" xmlUrl="https://example.com/feed"/></outline></body></opml>"""
    assert parse_feeds(opml % FEED) == [
        AlertFeed(FEED, '"acme corp" -jobs'),
        AlertFeed("https://www.google.com/alerts/feeds/123/789", "小米"),
    ]


def test_feeds_are_read_from_lines_with_or_without_their_query() -> None:
    lines = (f"acme OR bolt | {FEED}", f"{FEED}7", "Google Alert - quill\tgoogle.com/alerts/feeds/1/2", "# mine")
    assert [feed.query for feed in parse_feeds("\n".join(lines))] == ["acme OR bolt", "", "quill"]
    old = "http://www.google.com/reader/view/user%2F123%2Fstate%2Fcom.google%2Falerts%2F456"
    assert parse_feeds(old)[0].url == FEED


def test_a_feed_goes_to_the_alert_with_its_query_however_it_is_spelt() -> None:
    found = migrate([Alert("Acme  OR Bolt", delivery="RSS")], [AlertFeed(FEED, "acme or bolt")])
    assert [(feed.url, feed.watch) for feed in found.feeds] == [(FEED, "acme-or-bolt")]


def test_a_feed_without_an_alert_becomes_one() -> None:
    found = migrate([Alert("bolt")], [AlertFeed(FEED, "acme")])
    assert [watch.id for watch in found.watches] == ["bolt", "acme"]
    assert found.feeds[0].watch == "acme"


def test_an_address_alone_is_taken_when_it_can_be_no_other_and_told_otherwise() -> None:
    rss = Alert("acme", delivery="RSS")
    assert migrate([rss, Alert("bolt", delivery="EMAIL")], [AlertFeed(FEED)]).feeds[0].watch == "acme"
    found = migrate([rss, Alert("bolt", delivery="RSS")], [AlertFeed(FEED)])
    assert (found.feeds, found.unpaired) == ((), (FEED,))


def test_a_google_feed_names_the_article_and_not_googles_way_to_it() -> None:
    wrapped = (
        "https://www.google.com/url?rct=j&amp;sa=t&amp;url=https://news.example.com/acme%3Fid%3D1&amp;ct=ga&amp;usg=AOv"
    )
    body = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Google Alert - acme</title><entry>
      <id>tag:google.com,2013:googlealerts/feed:1</id><title type="html">&lt;b&gt;Acme&lt;/b&gt; moves</title>
      <link href="{wrapped}"/><published>2026-03-02T10:00:00Z</published></entry></feed>"""
    page = Page(Request(FEED), 200, body.encode(), FEED, datetime(2026, 3, 2, 12, tzinfo=UTC))
    (post,) = read_page(Feed(url=FEED), page).items
    assert isinstance(post, Post)
    assert (post.url, post.title) == ("https://news.example.com/acme?id=1", "Acme moves")


# -- what becomes of them --------------------------------------------------------------------------------------------


def test_every_alert_is_accounted_for() -> None:
    alerts = [Alert("acme"), Alert("ACME"), Alert("related:x.example"), Alert("bolt OR quill"), Alert("zen")]
    found = migrate(alerts, (), ExistingEntries({"z": "bolt OR quill", "zen": "zenith"}))
    assert [each.became for each in found.alerts] == [
        AlertOutcome.WATCH, AlertOutcome.MERGED, AlertOutcome.REFUSED, AlertOutcome.KNOWN, AlertOutcome.TAKEN,
    ]  # fmt: skip
    assert [watch.id for watch in found.watches] == ["acme"]


def test_ids_are_unique_and_ids_of_the_config() -> None:
    queries = ["acme!", "acme?", "acme OR acme bolt", "小米", "手机", "1.5", "null", "-x y"]
    found = migrate([Alert(query + " quill" * n) for n, query in enumerate(queries)])
    ids = [watch.id for watch in found.watches]
    assert len(set(ids)) == len(ids) == len(queries)


def test_a_language_is_asked_for_only_where_the_alert_is_strict_about_it() -> None:
    strict = migrate([Alert("acme", "pt-BR", strict_language=True)]).watches[0]
    lax = migrate([Alert("acme", "pt-BR")]).watches[0]
    assert (strict.query, lax.query) == ("acme AND lang:pt", "acme")
    assert migrate([Alert("acme", "iw", strict_language=True)]).watches[0].query == "acme AND lang:he"


def test_settings_that_a_watch_has_not_are_named_as_lost() -> None:
    alert = Alert("acme", country="DE", strict_country=True, sources=("NEWS",), delivery="EMAIL", frequency="WEEKLY")
    (outcome,) = migrate([alert]).alerts
    assert [note.what for note in outcome.notes if note.lost] == [
        "region DE", "sources NEWS", "mail weekly", "what Google finds",
    ]  # fmt: skip


def test_a_feed_of_one_alert_serves_the_other_that_asks_for_the_same() -> None:
    alerts = [Alert("acme", delivery="EMAIL"), Alert("Acme", delivery="RSS")]
    found = migrate(alerts, [AlertFeed(FEED, "acme")])
    assert len(found.feeds) == 1
    assert not [note for outcome in found.alerts for note in outcome.notes]


def test_a_feed_for_a_watch_of_the_config_is_added_to_it_once() -> None:
    feeds = [AlertFeed(FEED, "acme")]
    found = migrate([Alert("acme")], feeds, ExistingEntries({"brand": "acme"}))
    assert [(feed.watch, feed.url) for feed in found.feeds] == [("brand", FEED)]
    assert not migrate([Alert("acme")], feeds, ExistingEntries({"brand": "acme"}, urls=[FEED])).feeds


# -- YAML ------------------------------------------------------------------------------------------------------------


def test_the_new_entries_are_set_in_and_every_other_character_stays() -> None:
    found = migrate([Alert('"it\'s bolt" ${HOME}')], [AlertFeed(FEED, '"it\'s bolt" ${HOME}')])
    text = append_entries(CONFIG, found.watches, found.feeds)
    kept = iter(text.splitlines())
    assert all(line in kept for line in CONFIG.splitlines()), "in their order"
    config = parse_config(text, Path("config.yaml"), {})
    assert [watch.query for watch in config.watches] == ["acme", found.watches[0].query]
    assert [source.id for source in config.sources] == ["hackernews", "google-alert-it-s-bolt-home"]


@pytest.mark.parametrize(
    "config", [CONFIG.replace("\n", "\r\n"), CONFIG.rstrip("\n"), CONFIG.replace("  - ", "- ").replace("    q", "  q")]
)
def test_other_line_ends_and_indents_are_kept(config: str) -> None:
    text = append_entries(config, migrate([Alert("bolt")]).watches, ())
    assert [entry["id"] for entry in yamlfile.parse(text).value["watches"]] == ["acme", "bolt"]
    assert ("\r" in config) == ("\r" in text)
    assert text.count("\r\n") in (0, text.count("\n"))


@pytest.mark.parametrize(
    "config",
    [
        "watches: [{id: acme, query: acme}]\n",
        "watches:\n",
        "a: 1\n",
        "",
        "watches:\n- id: a\n  query: |\n    x\n    # y\n",
    ],
)
def test_a_layout_that_is_not_understood_is_left_alone(config: str) -> None:
    with pytest.raises(AppendError):
        append_entries(config, migrate([Alert("bolt")]).watches, ())


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=4))
def test_what_is_printed_is_yaml_that_says_the_same(queries: list[str]) -> None:
    found = migrate(map(Alert, queries), [AlertFeed(f"{FEED}{n}", query) for n, query in enumerate(queries)])
    value = yamlfile.parse(entries_yaml(found.watches, found.feeds)).value or {}
    written = [(entry["id"], entry["query"].replace("$${", "${")) for entry in value.get("watches", [])]
    assert written == [(watch.id, watch.query) for watch in found.watches]
    assert [entry["watches"] for entry in value.get("sources", [])] == [[feed.watch] for feed in found.feeds]
