"""The commands as people type them, on a small database of one visit."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from insight.model import Post, Span
from insight.pipeline import Pipeline
from listener.cli import app
from listener.cli.mentions import excerpt
from listener.clock import SystemClock
from listener.config import load
from storage import open_store
from tests.listener.test_daemon import CONFIG, FEED
from tests.world.web import Reply, World

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)

    def command(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, ["-c", str(tmp_path / "config.yaml"), *words])
        assert result.exit_code == code, result.output + str(result.exception or "")
        return result

    return command


@pytest.fixture(scope="session")
def visited_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config and a database after one visit of a feed with one post about Acme, and of one that is out of order."""
    folder = tmp_path_factory.mktemp("visited")
    with World().run_in_thread() as world:
        world.route("/good.xml", Reply.text(FEED.format(url=world.url), 200, "application/rss+xml"))
        world.route("/bad.xml", Reply.text("", 503))
        text = CONFIG.format(url=world.url, folder=folder).replace(", every: 1}", "}")
        (folder / "config.yaml").write_text(text)
        result = CliRunner().invoke(app, ["-c", str(folder / "config.yaml"), "once", "--json"])
    found = json.loads(result.stdout)
    assert found["sources"]["good"] == {"new": 1, "mentions": 1, "error": None}
    assert found["sources"]["bad"]["error"]
    return folder


@pytest.fixture
def filled(tmp_path: Path, run: Run, visited_folder: Path) -> Run:
    """Commands on a copy of the visited folder."""
    text = (visited_folder / "config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(text.replace(str(visited_folder), str(tmp_path)))
    for file in visited_folder.glob("test.db*"):
        shutil.copy(file, tmp_path)
    return run


def test_check_tries_the_tests_beside_a_watch(run: Run, tmp_path: Path) -> None:
    config = (
        "contact: me@example.com\nsources: [{kind: hackernews}]\nchannels: {console: {kind: console}}\nwatches:\n"
        "  - {id: acme, query: 'acme NOT jobs', tests: {match: [Acme works], reject: [%s]}}\n"
    )
    (tmp_path / "config.yaml").write_text(config % "jobs at acme")
    assert "watch acme: 2 tests come out as expected" in run("check", "--offline").stdout
    (tmp_path / "config.yaml").write_text(config % "acme again")
    shown = run("check", "--offline", code=1).stdout
    assert "watch acme: must not match \"acme again\", but it matches: 'acme'" in shown
    found = json.loads(run("check", "--offline", "--json", code=1).stdout)["findings"]
    assert [finding["fine"] for finding in found] == [False]


def test_search_finds_by_the_rules_of_the_watches(filled: Run) -> None:
    (line,) = filled("search", "acme NOT zenith", "--json").stdout.splitlines()
    assert json.loads(line)["post"]["title"] == "Acme moves"
    assert "Nothing stored" in filled("search", "zenith").stdout
    assert "Acme moves" in filled("search", "moving").stdout


def test_search_knows_more_of_stored_mentions_and_says_where_they_match(filled: Run) -> None:
    (line,) = filled("search", "mov* kind:article watch:acme NOT sentiment:positive", "--json").stdout.splitlines()
    spans = json.loads(line)["match"]["spans"]
    assert spans == [{"field": "title", "start": 5, "end": 10}, {"field": "text", "start": 8, "end": 14}]
    assert "Nothing stored" in filled("search", "acme watch:bolt").stdout


def test_search_shows_what_an_exclusion_hides_with_its_clause(filled: Run, tmp_path: Path) -> None:
    assert "Nothing stored" in filled("search", "acme", "--excluded").stdout
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text().replace("query: acme}", "query: acme NOT house}"))
    with open_store(f"sqlite:///{tmp_path}/test.db") as store:
        watches = store.watches.sync(load(config).watches, SystemClock().now())
        for posts, _ in store.posts.bare(None):
            pipeline = Pipeline(watches)
            store.posts.reclassify(pipeline.understand(one.post for one in posts), SystemClock().now())
    assert "Nothing stored" in filled("search", "acme").stdout
    assert "acme: NOT house" in filled("search", "acme", "--excluded").stdout
    (line,) = filled("search", "acme", "--excluded", "--json").stdout.splitlines()
    assert json.loads(line)["mention"]["excluded_by"] == "NOT house"


@pytest.mark.parametrize("words", [0, 100])
def test_search_shows_the_part_of_a_long_post_that_matched(words: int) -> None:
    text = "hay " * words + "a needle here" + " hay" * 100
    start = text.index("needle")
    marked = excerpt(Post("net", "1", text, title="Title"), (Span("text", start, start + 6),))
    assert marked.plain.startswith("…" if words else "Title: a needle")
    assert marked.plain.endswith("…")
    assert [marked.plain[span.start : span.end] for span in marked.spans if "bold" in str(span.style)] == ["needle"]


def test_a_bad_query_is_answered_with_a_caret(filled: Run) -> None:
    assert "^" in filled("search", "acme (", code=1).output


def test_stats_count_and_show_how_the_sources_do(filled: Run) -> None:
    found = json.loads(filled("stats", "--since", "2026-01-01", "--json").stdout)
    assert sum(found["watches"]["acme"].values()) == 1
    assert "failing" in filled("stats").stdout
    assert "not a time" in filled("stats", "--since", "yesterday", code=1).output


def test_everything_can_be_taken_out(filled: Run) -> None:
    (row,) = csv.DictReader(io.StringIO(filled("export").stdout))
    assert (row["watch"], row["title"]) == ("acme", "Acme moves")
    (line,) = filled("export", "--format", "jsonl").stdout.splitlines()
    assert json.loads(line)["mention"]["watch"] == "acme"


def test_a_backup_is_a_database_and_overwrites_nothing(filled: Run, tmp_path: Path) -> None:
    filled("backup", str(tmp_path / "copy.db"))
    assert (tmp_path / "copy.db").stat().st_size > 10_000
    assert "exists already" in filled("backup", str(tmp_path / "copy.db"), code=1).output


def test_a_backup_is_restored_and_the_former_database_kept(filled: Run, tmp_path: Path) -> None:
    filled("backup", str(tmp_path / "copy.db"))
    shown = filled("restore", str(tmp_path / "copy.db")).stdout
    (kept,) = tmp_path.glob("test.db.before-restore-*")
    assert str(kept) in shown
    assert "nothing is sent again" in shown
    assert json.loads(filled("doctor", "--json").stdout)["facts"]["file_system"]
    assert "is no backup" in filled("restore", str(tmp_path / "nowhere.db"), code=1).output
    (tmp_path / "test.db").write_bytes(b"")
    assert "is an empty file" in filled("stats", code=1).output
    shown = filled("restore", str(tmp_path / "copy.db")).stdout
    assert "`listener alerts resend`" in shown
    assert "1" in filled("stats").stdout


def test_doctor_knows_versions_sources_and_counts(filled: Run) -> None:
    found = json.loads(filled("doctor", "--recount", "--json").stdout)
    assert found["facts"]["counts that differ"] == 0
    assert {source["id"] for source in found["sources"]} == {"good", "bad"}
    assert "not running" in filled("doctor").stdout


def test_alerts_and_sources_are_listed(filled: Run) -> None:
    assert "No alert is open" in filled("alerts").stdout
    found = json.loads(filled("alerts", "--json").stdout)
    assert (found["alerts"], found["decisions"]) == ([], [])
    assert {row["id"] for row in json.loads(filled("sources", "--mine", "--json").stdout)} == {"good", "bad"}
    assert "resume" not in filled("sources", "resume", "bad").stderr
    assert "no source 'nobody'" in filled("sources", "resume", "nobody", code=1).output


def test_the_digest_can_be_read_before_anybody_gets_it(filled: Run) -> None:
    assert filled("digest", "--dry-run").stdout.strip()
    assert "<html" in filled("digest", "--dry-run", "--html").stdout
    assert "watches" in json.loads(filled("digest", "--dry-run", "--json").stdout)


def test_the_catalogue_names_every_kind_and_its_terms(run: Run) -> None:
    kinds = {row["kind"] for row in json.loads(run("sources", "--json").stdout)}
    assert {"appstore", "feed", "hackernews", "mastodon", "reviews"} <= kinds


def test_a_saved_answer_is_read_as_json_lines(run: Run, tmp_path: Path) -> None:
    (tmp_path / "answer.xml").write_text(FEED.format(url="https://news.example.com"))
    lines = run(
        "sources", "parse", "feed", str(tmp_path / "answer.xml"), "--url", "https://news.example.com/feed"
    ).stdout
    assert next(json.loads(line)["type"] for line in lines.splitlines()) == "post"
    (tmp_path / "answer.xml").write_text("<html>go away</html>")
    failed = run("sources", "parse", "feed", str(tmp_path / "answer.xml"), "--status", "403", code=1).stdout
    assert json.loads(failed)["type"] == "error"
    assert "did you mean" in run("sources", "parse", "fed", str(tmp_path / "answer.xml"), code=1).output


def test_a_saved_refusal_is_read_with_its_headers_and_at_its_time(run: Run, tmp_path: Path) -> None:
    (tmp_path / "busy.html").write_text("<title>Slow down</title>")
    said = (
        "--status",
        "429",
        "--header",
        "Retry-After: Mon, 02 Mar 2026 10:00:30 GMT",
        "--now",
        "2026-03-02T10:00:00Z",
    )
    error = json.loads(run("sources", "parse", "feed", str(tmp_path / "busy.html"), *said, code=1).stdout)
    assert (error["class"], error["retry_after"], error["permanent"]) == ("SourceError", 30.0, False)
    wrong = run("sources", "parse", "feed", str(tmp_path / "busy.html"), "--header", "Retry-After", code=1)
    assert "write 'Name: value'" in wrong.output


def test_everything_that_a_saved_answer_holds_is_printed(run: Run, tmp_path: Path) -> None:
    answer = {
        "items": [{"question_id": 7, "title": "Acme", "creation_date": 1772446530}, 5],
        "backoff": 9,
        "has_more": False,
    }
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    said = ("--url", "https://api.stackexchange.com/2.3/search/advanced", "--now", "2026-03-02T11:00:00+01:00")
    lines = run("sources", "parse", "stackexchange", str(tmp_path / "answer.json"), *said).stdout.splitlines()
    found = {row["type"]: row for row in map(json.loads, lines)}
    assert found["post"]["published_at"] == "2026-03-02T10:15:30Z"
    assert found["pause"]["seconds"] == 9
    assert "rejected" in found


def test_init_writes_a_config_that_checks_and_never_overwrites_one(run: Run) -> None:
    words = ("--brand", "Acme", "--competitors", "Zenith", "--contact", "me@example.com", "--time-zone", "UTC")
    run("init", *words)
    run("check", "--offline")
    assert "exists already" in run("init", *words, code=1).output


def test_check_says_what_does_not_work_and_ends_with_one(filled: Run) -> None:
    found = json.loads(filled("check", "--json", code=1).stdout)
    assert [finding["fine"] for finding in found["findings"]] == [True, False, False], "the world has gone by now"


def test_without_a_config_or_a_database_it_says_what_to_do(run: Run, tmp_path: Path) -> None:
    assert "listener init" in run("stats", code=2).output
    (tmp_path / "config.yaml").write_text(CONFIG.format(url="http://127.0.0.1:9", folder=tmp_path))
    assert "no database yet" in run("stats", code=1).output
    assert not (tmp_path / "test.db").exists()


def test_test_alert_sends_and_knows_the_nearest_channel(filled: Run) -> None:
    assert "sent" in filled("test-alert", "console").stdout
    assert "did you mean" in filled("test-alert", "consol", code=1).output


def test_reload_needs_a_daemon(filled: Run) -> None:
    assert "no daemon runs" in filled("reload", code=1).output
