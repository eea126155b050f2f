"""`listener query …` as people type it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from insight.model import Post
from insight.query import Matcher, parse
from listener.cli import app
from listener.cli.query_match import with_answer
from tests.listener.test_daemon import FEED
from tests.world.web import Reply, World

Run = Callable[..., Result]

WITH_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # background jobs ignore it
LISTENER = [sys.executable, "-c", f"{WITH_CTRL_C}; from listener.cli import main; main()", "query"]
CONFIG = """\
contact: tests@example.com
queries:
  noise: jobs OR hiring
owned: ["@acme"]
watches:
  - id: acme
    name: Acme
    query: acme NOT $noise
    tests:
      match: [acme is slow]
      reject:
        - acme jobs
  - id: bolt
    role: competitor
    query: 'bolt crash*'
sources:
  - {{kind: feed, name: good, url: "{url}/good.xml"}}
  - {{kind: hackernews}}
  - {{kind: appstore, app: "123456789", watches: [bolt]}}
channels:
  console: {{kind: console}}
storage: {{url: "sqlite:///{folder}/test.db"}}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)

    def command(*words: str, code: int = 0, before: tuple[str, ...] = ("query",), **more: Any) -> Result:
        result = CliRunner().invoke(app, ["-c", str(tmp_path / "config.yaml"), *before, *words], **more)
        assert result.exit_code == code, result.output + repr(result.exception or "")
        return result

    return command


@pytest.fixture
def configured(run: Run, tmp_path: Path) -> Run:
    (tmp_path / "config.yaml").write_text(CONFIG.format(url="http://127.0.0.1:9", folder=tmp_path))
    return run


@pytest.fixture
def filled(run: Run, tmp_path: Path) -> Run:
    """One visit of a feed with one post, "acme is moving house"."""
    with World().run_in_thread() as world:
        feed = FEED.format(url=world.url).replace("Mon, 02 Mar 2026 10:00:00 GMT", format_datetime(datetime.now(UTC)))
        world.route("/good.xml", Reply.text(feed, 200, "application/rss+xml"))
        lines = CONFIG.format(url=world.url, folder=tmp_path).splitlines(keepends=True)
        (tmp_path / "config.yaml").write_text(
            "".join(x for x in lines if "hackernews" not in x and "appstore" not in x)
        )
        run("once", "--json", before=())
    return run


# -- explain ---------------------------------------------------------------------------------------------------------


def test_explain_shows_tree_and_defaults_without_a_config_and_says_what_is_missing(run: Run) -> None:
    found = run("explain", "acme crash")
    assert "AND: all of these" in found.stdout
    assert "side by side" in found.stdout
    assert "no config" in found.stderr


def test_explain_says_what_each_source_searches_for_and_what_runs_here(configured: Run) -> None:
    found = json.loads(configured("explain", "acme crash lang:en", "--json").stdout)
    by_source = {name: pushed for pushed in found["sources"] for name in pushed["sources"]}
    assert by_source["hackernews"]["searches"] == ["acme crash"]
    assert "lang:en" in by_source["hackernews"]["left_here"]
    assert by_source["good"]["reads"] == "read whole: the query runs here"
    assert found["stored"] is None
    assert any("no database yet" in reason for reason in found["missing"])
    assert not Path("test.db").exists(), "looking at it makes none"


def test_a_source_that_is_bound_to_the_watch_asks_no_query(configured: Run) -> None:
    assert "bound to this watch" in configured("explain", "--watch", "bolt").stdout


def test_explain_counts_each_clause_on_what_is_stored(filled: Run) -> None:
    stored = json.loads(filled("explain", "(acme OR bolt) NOT moving", "--json").stdout)["stored"]
    assert (stored["posts"], stored["hits"], stored["rejected"]) == (1, 0, 1)
    assert [(clause["text"], clause["rejected"]) for clause in stored["clauses"][:2]] == [("acme", 1), ("bolt", 0)]
    assert stored["clauses"][2]["text"] == "NOT moving"
    shown = filled("explain", "acme").stdout
    assert "last 30 days" in shown
    assert "Only posts that concerned some watch are stored" in shown


def test_a_query_and_a_watch_are_one_too_many(configured: Run) -> None:
    assert "one query is wanted" in configured("explain", "acme", "--watch", "acme", code=1).output
    assert "did you mean 'acme'" in configured("explain", "--watch", "acmee", code=1).output


def test_a_refused_query_is_answered_with_a_caret(run: Run) -> None:
    assert "^" in run("explain", "acme (", code=1).output


def test_a_config_that_cannot_be_used_does_not_keep_one_from_a_query(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("watches: 1\n")
    assert "left aside" in run("explain", "acme").stderr


# -- lint ------------------------------------------------------------------------------------------------------------


def test_lint_ends_with_one_for_a_refused_query_and_for_warnings_only_when_strict(run: Run) -> None:
    refused = json.loads(run("lint", "acme (", "--json", code=1).stdout)
    assert [finding["level"] for finding in refused] == ["error"]
    warned = json.loads(run("lint", "acme NOT acme", "--json").stdout)
    assert "warning" in {finding["level"] for finding in warned}
    run("lint", "acme NOT acme", "--strict", code=1)
    run("lint", "acme", "--strict")


def test_lint_points_at_the_place_and_says_what_to_do(run: Run) -> None:
    shown = run("lint", "acme NOT acme").stdout.splitlines()
    caret = next(number for number, line in enumerate(shown) if line.strip() == "^")
    assert shown[caret - 1] == "  acme NOT acme"
    assert shown[caret + 1].strip()


def test_lint_says_what_search_may_ask_and_a_watch_may_not(run: Run) -> None:
    (finding,) = [f for f in json.loads(run("lint", "sentiment:neg", "--json").stdout) if f["code"] == "no-watch"]
    assert finding["level"] == "warning"


def test_lint_reads_every_watch_as_it_stands_in_the_config(configured: Run, tmp_path: Path) -> None:
    configured("lint", "--all")
    text = (tmp_path / "config.yaml").read_text().replace("acme NOT $noise", "acme NOT acme NOT $noise")
    (tmp_path / "config.yaml").write_text(text)
    found = json.loads(configured("lint", "--all", "--json").stdout)
    assert {finding["watch"] for finding in found if finding["level"] == "warning"} == {"acme"}
    assert "$noise" in found[0]["pointed"][0]


# -- test ------------------------------------------------------------------------------------------------------------


def test_the_tests_of_the_config_are_run(configured: Run) -> None:
    assert "2 texts" in configured("test").stdout


def test_a_text_that_comes_out_otherwise_is_named_with_its_line_and_the_reason(configured: Run, tmp_path: Path) -> None:
    text = (tmp_path / "config.yaml").read_text().replace("- acme jobs", "- acme grows")
    (tmp_path / "config.yaml").write_text(text)
    line = text.splitlines().index("        - acme grows") + 1
    found = json.loads(configured("test", "--json", code=1).stdout)
    assert [(each["line"], each["query"]) for each in found["failures"]] == [(line, "watch acme")]
    assert (
        f"config.yaml:{line}: watch acme must not match 'acme grows': it matches: 'acme'"
        in configured("test", code=1).output
    )


def test_a_file_of_texts_needs_no_config(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(
        "- query: acme lang:en\n  match: [{text: acme, lang: en}]\n  reject: [{text: acme, lang: de}, bolt]\n"
    )
    assert "3 texts" in run("test", str(tmp_path / "t.yaml")).stdout


def test_a_file_may_name_watches_of_the_config(configured: Run, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("- watch: bolt\n  match: [bolt crashes]\n- query: $noise\n  match: [hiring]\n")
    configured("test", str(tmp_path / "t.yaml"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- query: 'acme ('\n  match: [a]\n", "t.yaml:1:17"),
        ("- match: [a]\n", "either `watch` or `query`"),
        ("- query: acme\n  mach: [a]\n", "did you mean `match`"),
        ("query: acme\n", "a list is wanted"),
        ("- query: acme\n  match: [{txt: a}]\n", "t.yaml:2"),
    ],
)
def test_a_fault_of_the_file_is_told_with_its_place(run: Run, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "t.yaml").write_text(text)
    assert says in run("test", str(tmp_path / "t.yaml"), code=2).output


def test_nothing_to_try_is_no_success(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("- query: acme\n")
    assert "no texts" in run("test", str(tmp_path / "t.yaml"), code=1).output


# -- match -----------------------------------------------------------------------------------------------------------


def _matched(run: Run, query: str, *lines: str, code: int = 0, more: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    found = run("match", query, "-", *more, code=code, input="\n".join(lines))
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_match_adds_the_answer_and_leaves_the_rest_as_it_was_written(run: Run) -> None:
    line = '{"text": "Acme is cr\\u0061shing", "mine": 1.50, "big": 12345678901234567890123}'
    found = run("match", "acme crash*", "-", input=line).stdout
    assert found.startswith(line[:-1])
    spans = json.loads(found)["spans"]
    assert [("Acme is crashing")[span["start"] : span["end"]] for span in spans] == ["Acme", "crashing"]


def test_match_says_which_exclusion_hides_a_post(run: Run) -> None:
    (post,) = _matched(run, "acme NOT jobs", '{"text": "acme jobs"}')
    assert (post["match"], post["excluded_by"]) == (False, "NOT jobs")
    assert _matched(run, "acme NOT jobs", '{"text": "acme jobs"}', '{"text": "bolt"}', more=("--only",)) == []


@pytest.mark.parametrize(
    ("query", "key", "fits", "differs"),
    [
        ("acme lang:vi", "lang", "vi", "en"), ("acme author:bolt", "author", "bolt", "quill"),
        ("title:acme", "title", "Acme", "Bolt"), ("acme site:bolt.example", "url", "https://bolt.example/1", "https://x.example"),
        ("acme source:mine", "source", "mine", "yours"), ("acme kind:review", "kind", "review", "post"),
        ("acme rating:[1 TO 2]", "rating", 1.5, 3), ("acme followers:>10", "followers", 11, 10),
        ("acme engagement:>5", "engagement", {"likes": 4, "replies": 2}, 5), ("acme is:reply", "reply_to", "7", None),
        ("acme after:2026-03-02", "published_at", "2026-03-02T00:00Z", "2026-03-01"),
        ("acme country:de", "country", "DE", "us"),
    ],
)  # fmt: skip
def test_every_key_of_a_post_can_be_asked_for(run: Run, query: str, key: str, fits: Any, differs: Any) -> None:
    found = _matched(run, query, json.dumps({"text": "acme", key: fits}), json.dumps({"text": "acme", key: differs}))
    assert [post["match"] for post in found] == [True, False]


def test_sentiment_is_judged_as_in_what_is_collected(run: Run) -> None:
    bad, good = '{"text": "acme is terrible, I hate it"}', '{"text": "acme is wonderful, I love it"}'
    assert [post["match"] for post in _matched(run, "acme sentiment:neg", bad, good)] == [True, False]
    assert [post["match"] for post in _matched(run, "acme NOT sentiment:neg", bad, good)] == [False, True]
    assert [
        post["match"] for post in _matched(run, "acme sentiment:neg", good[:-1] + ', "sentiment": "negative"}')
    ] == [True]


def test_bad_lines_are_told_and_the_others_are_written(run: Run) -> None:
    lines = (
        '{"text": "acme"}',
        "oops",
        "",
        '"acme"',
        '{"text": "x", "rating": "many"}',
        "{}",
        "[" * 5000,
        '{"text": "acme"}',
    )
    found = run("match", "acme", "-", code=1, input="\n".join(lines))
    assert len(found.stdout.splitlines()) == 2
    for number in (2, 4, 5, 6, 7):
        assert f"line {number}: " in found.stderr
    assert "line 3" not in found.stderr
    assert "5 lines of - could not be read" in found.stderr


def test_an_answer_of_before_is_replaced(run: Run) -> None:
    (post,) = _matched(run, "acme", '{"match": false, "text": "acme", "spans": [], "excluded_by": "NOT x"}')
    assert (post["match"], "excluded_by" in post) == (True, False)


def test_named_queries_of_the_config_can_be_asked(configured: Run) -> None:
    assert [post["match"] for post in _matched(configured, "$noise", '{"text": "hiring"}')] == [True]


def test_a_file_that_is_not_there_is_said(run: Run) -> None:
    assert "cannot be read" in run("match", "acme", "none.jsonl", code=1).output


VALUES = st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.sampled_from(["acme", "bolt acme jobs", ""]))
def test_what_is_written_is_the_post_and_the_answer(post: dict[str, Any], text: str) -> None:
    found = Matcher(parse("acme NOT jobs")).match(Post("web", "1", text))
    written = json.loads(with_answer(json.dumps(post).encode(), post, found))
    answer = {key: written.pop(key) for key in ("match", "spans", "excluded_by") if key in written}
    assert written == {key: value for key, value in post.items() if key not in ("match", "spans", "excluded_by")}
    spans = [{"field": span.field, "start": span.start, "end": span.end} for span in found.spans] if found else []
    hidden = {"excluded_by": found.excluded_by} if found and found.excluded_by else {}
    assert answer == {"match": found is not None and not hidden, "spans": spans, **hidden}


def test_a_reader_that_has_had_enough_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_text('{"text": "acme"}\n' * 50_000)
    process = subprocess.Popen(
        [*LISTENER, "match", "acme", "posts.jsonl"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(60) == 0


def test_posts_are_answered_as_they_come_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*LISTENER, "match", "acme", "-"], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(b'{"text": "acme"}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["match"]
    process.send_signal(signal.SIGINT)
    assert process.wait(60) != 0
    with process.stdin, process.stdout, process.stderr:
        assert b"Traceback" not in process.stderr.read()


# -- import ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def export(tmp_path: Path) -> str:
    alerts = [{"query": "quill OR zen", "delivery_method": "RSS"}, {"query": "related:x.example"}]
    (tmp_path / "Alerts.json").write_text(json.dumps({"Alerts": alerts}))
    (tmp_path / "feeds.txt").write_text("quill OR zen https://www.google.com/alerts/feeds/1/2\n")
    return str(tmp_path / "Alerts.json")


def test_import_prints_yaml_and_tells_what_was_lost(run: Run, export: str) -> None:
    found = run("import", export, "--feeds", "feeds.txt")
    assert "  - id: quill-or-zen\n" in found.stdout
    assert "alerts/feeds/1/2" in found.stdout
    assert "left out" in found.stderr
    assert "only Google knows" in found.stderr
    assert "Deliver to" not in found.stderr
    assert "Deliver to: RSS feed" in run("import", export).stderr


def test_import_writes_into_the_config_once(configured: Run, export: str, tmp_path: Path) -> None:
    before = (tmp_path / "config.yaml").read_text()
    assert "added to" in configured("import", export, "--feeds", "feeds.txt", "--write").stdout
    after = (tmp_path / "config.yaml").read_text()
    assert set(before.splitlines()) < set(after.splitlines())
    configured("check", "--offline", before=())
    assert "nothing to add" in configured("import", export, "--feeds", "feeds.txt", "--write").stdout
    assert (tmp_path / "config.yaml").read_text() == after
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_import_writes_nothing_when_the_config_would_not_take_it(run: Run, export: str, tmp_path: Path) -> None:
    config = CONFIG.format(url="http://127.0.0.1:9", folder=tmp_path)
    flow = config[: config.index("sources:")] + "sources: [{kind: hackernews}]\n" + config[config.index("channels:") :]
    (tmp_path / "config.yaml").write_text(flow)
    assert "nothing was written" in run("import", export, "--feeds", "feeds.txt", "--write", code=1).output
    assert (tmp_path / "config.yaml").read_text() == flow


def test_import_writes_into_no_config_that_is_not_there_or_broken(run: Run, export: str, tmp_path: Path) -> None:
    assert "listener init" in run("import", export, "--write", code=2).output
    (tmp_path / "config.yaml").write_text("watches: 1\n")
    run("import", export, "--write", code=2)
    assert (tmp_path / "config.yaml").read_text() == "watches: 1\n"
    assert "quill-or-zen" in run("import", export).stdout


def test_the_report_is_data_too(run: Run, export: str) -> None:
    found = json.loads(run("import", export, "--json").stdout)
    assert [alert["became"] for alert in found["alerts"]] == ["watch", "refused"]
    assert found["yaml"].startswith("watches:")
    assert found["written"] is None


def test_a_note_that_many_alerts_share_is_told_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"query": f"quill{n}"} for n in range(9)]))
    told = run("import", "a.json").stderr
    assert told.count("Deliver to: RSS feed") == 1
    assert "9 of the 9 alerts" in told


def test_what_is_no_export_is_said_with_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("hello")
    assert "takeout.google.com" in run("import", "a.json", code=1).output
    (tmp_path / "b.json").write_text('{"query": "acme"}')
    assert "holds no feed" in run("import", "b.json", "--feeds", "a.json", code=1).output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_text('{"text": "acme"}\n')
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*LISTENER, "match", "acme", "posts.jsonl"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr.decode().startswith("✗ no space is left where the output goes\n")
    assert b"Traceback" not in ended.stderr
