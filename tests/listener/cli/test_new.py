"""`listener new`: what it writes passes the contract suite as it is, and it never writes over anything."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from listener.cli import app, scaffold

ROOT = Path(__file__).parent.parent.parent.parent
SOURCE, CHANNEL = "bulletin_board", "zebra_pager"  # among the others of the alphabet, and behind them all


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout: what is changed or imported from beside it as a copy, the rest as it is here."""
    for folder in ("scrapers", "alerts", "tests", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("insight", "listener", "storage", "benchmarks", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    for file in ROOT.iterdir():
        if file.is_file() and not (tmp_path / file.name).exists():
            shutil.copy(file, tmp_path)
    return tmp_path


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """As much of a checkout as the command itself looks at."""
    for name in (
        "scrapers/__init__.py",
        "alerts/__init__.py",
        "alerts/rules.py",
        "docs/channels.md",
        "CONTRIBUTING.md",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def new(*arguments: str) -> str:
    """What the command prints. It fails where the command does."""
    result = CliRunner().invoke(app, ["new", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["new", *arguments])
    assert result.exit_code == 1, result.output
    return result.output


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of Python in a folder, whose packages win."""
    path = os.pathsep.join([str(folder), str(ROOT)])
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def pass_in(folder: Path, *arguments: str) -> int:
    """How many tests pass; fails with pytest's words where one does not."""
    done = run(folder, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    return int(re.findall(r"(\d+) passed", done.stdout)[0])


def written_in(folder: Path) -> str:
    new("source", SOURCE, "--family", "news")
    new("channel", CHANNEL)
    return f"{SOURCE} or {CHANNEL}"


def test_what_is_written_into_a_checkout_passes_its_own_tests_and_the_contracts(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy)
    names = written_in(copy)
    files = (f"tests/scrapers/test_{SOURCE}.py", f"tests/alerts/test_{CHANNEL}.py")
    suites = ("tests/contracts/test_sources.py", "tests/contracts/test_channels.py")
    assert pass_in(copy, *files, *suites, "-k", names) >= 5 + 3 + 6 + 14
    lint = run(copy, "ruff", "check", "scrapers", "alerts", *files, f"tests/contracts/channels/{CHANNEL}.py")
    assert lint.returncode == 0, lint.stdout


@pytest.mark.soak
def test_what_is_written_into_a_checkout_passes_every_test_that_looks_at_all_kinds(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy)
    names = written_in(copy)
    (copy / "listener").unlink()  # its schema is generated
    shutil.copytree(ROOT / "listener", copy / "listener", ignore=shutil.ignore_patterns("__pycache__"))
    assert run(copy, "docs.generate").returncode == 0
    assert pass_in(copy, "tests/contracts/test_sources_broken.py", "-k", names)
    pages = ("tests/test_docs.py", "tests/test_contributing.py", "tests/listener/config/test_example.py")
    assert pass_in(copy, *pages, "tests/insight/query/test_pushdown.py", "tests/listener/test_all_kinds_week.py")


@pytest.mark.soak
def test_a_rule_that_is_broken_says_in_the_last_lines_what_to_change(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy)
    written_in(copy)
    kind = copy / "scrapers" / "news" / f"{SOURCE}.py"
    kind.write_text(kind.read_text().replace("https://bulletin-board.example/terms", "somewhere"))
    suite = ("tests/contracts/test_sources.py", "-k", f"{SOURCE} and allows")
    said = run(copy, "pytest", "-q", "-p", "no:cacheprovider", *suite).stdout.partition(" what to change ")[2]
    assert f"- scrapers/news/{SOURCE}.py: terms needs the address of the platform's own terms" in said


def test_ones_of_your_own_lie_in_the_current_folder_and_their_tests_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for sort, name in (("source", "intranet"), ("channel", "bell")):
        said = json.loads(new(sort, name, "--json"))
        assert said["folder"] == str(tmp_path)
        assert set(said["written"]) == {path.name for path in tmp_path.glob(f"*{name}*")}
        assert f"{name}:{name.capitalize()}" in "".join(said["next"])
    assert pass_in(tmp_path) == 5 + 5


def test_in_a_checkout_one_of_your_own_has_to_be_asked_for(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare / "docs")
    before = (bare / "scrapers" / "__init__.py").read_text()
    assert json.loads(new("source", "intranet", "--here", "--json"))["folder"] == str(bare / "docs")
    assert (bare / "scrapers" / "__init__.py").read_text() == before
    assert json.loads(new("source", "bulletin", "--json"))["folder"] == str(bare)


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        (("source", "Bulletin-Board"), "cannot be the name of a kind", "write bulletin_board"),
        (("source", "GoogleNews2"), "cannot be the name of a kind", "write google_news2"),
        (("source", "3com"), "cannot be the name of a kind", "lower-case letters"),
        (("source", "../x"), "cannot be the name of a kind", "write x"),
        (("source", "class"), "cannot be the name of a kind", "a word of Python"),
        (("source", "a" * 31), "cannot be the name of a kind", "write aaa"),
        (("source", "mastodon"), "there is a kind 'mastodon' already", "take another name"),
        (("source", "feed_", "--here"), "cannot be the name of a kind", "write feed"),
        (("source", "json", "--here"), "a module 'json' is installed", "take another name"),
        (("source", "source"), "there is a class Source already", "take another name"),
        (("source", "board", "--family", "blogs"), "there is no family 'blogs'", "social, news, reviews, pages"),
        (("channel", "email"), "there is a kind 'email' already", "take another name"),
        (("channel", "rules"), "alerts/rules.py is there already", "move the file away"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_a_remedy_and_nothing_is_written(
    bare: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str, remedy: str
) -> None:
    monkeypatch.chdir(bare)
    before = {path: path.stat().st_mtime_ns for path in bare.rglob("*") if path.is_file()}
    said = refused(*arguments)
    assert message in said
    assert remedy in said
    assert {path: path.stat().st_mtime_ns for path in bare.rglob("*") if path.is_file()} == before


def test_nothing_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_intranet.py").write_text("mine")
    assert "test_intranet.py is there already" in refused("source", "intranet")
    assert [path.name for path in tmp_path.iterdir()] == ["test_intranet.py"]
    assert (tmp_path / "test_intranet.py").read_text() == "mine"


def test_no_word_of_the_template_is_left_under_another_name(bare: Path) -> None:
    drafts = (scaffold.new_source("bulletin_board", "news", bare), scaffold.new_channel("bulletin_board", bare))
    for draft in drafts:
        assert not [path for path, text in draft.new.items() if "noticeboard" in f"{path}{text}".lower()]
