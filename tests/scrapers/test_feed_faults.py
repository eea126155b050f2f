"""Feeds as publishers write them, with the faults that readers of feeds meet: each costs at most its own entry."""

from __future__ import annotations

import base64
import time
from contextlib import suppress
from html import escape
from typing import Any

import pytest

from scrapers.formats import feed, limits
from scrapers.formats.entries import Entry, NotAFeedError, ParsedFeed

ATOM = "http://www.w3.org/2005/Atom"


def rss(*items: str, attributes: str = "", before: str = "") -> bytes:
    body = "".join(f"<item>{item}</item>" for item in items)
    return f'{before}<rss version="2.0" {attributes}><channel><title>t</title>{body}</channel></rss>'.encode()


def atom(entry: str, attributes: str = f'xmlns="{ATOM}"') -> bytes:
    return f"<feed {attributes}><title>t</title><entry>{entry}</entry></feed>".encode()


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# What is sent, and what a person would say that it says.
ENTRIES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "a bare & in a title, a text and a link": (
        rss("<title>H&M, B&Q & more</title><description>Salt &pepper; R&D</description><link>https://a.example/p?x=1&copy=2&y</link>"),
        {"title": "H&M, B&Q & more", "text": "Salt &pepper; R&D", "link": "https://a.example/p?x=1&copy=2&y"},
    ),
    "references of HTML": (
        rss("<title>caf&eacute; &hellip; &#8212; &#x1F600; &lt;3</title>"),
        {"title": "café … — 😀 <3"},
    ),
    "references of Windows": (
        rss("<title>it&#146;s &#x93;done&#148; &#128;5</title>"),
        {"title": "it’s “done” €5"},
    ),
    "the halves of an emoji": (
        rss("<title>broke &#55357;&#56869; again</title><description>half &#xD83D; only</description>"),
        {"title": "broke 😥 again", "text": "half \ufffd only"},
    ),
    "numbers that are no character": (
        rss("<title>one&#0; two&#1114112; three&#8;</title>"),
        {"title": "one\ufffd two\ufffd three"},
    ),
    "entities of its own": (
        rss("<title>&shop; sale</title>", before='<!-- x --><!DOCTYPE rss [<!ENTITY shop "Fern &amp; Co">]>'),
        {"title": "Fern & Co sale"},
    ),
    "Atom's text with references in it": (
        atom('<title type="text">Fern &amp;amp; Moss</title><summary type="text">5 &amp;gt; 3</summary>'),
        {"title": "Fern & Moss", "text": "5 > 3"},
    ),
    "Atom's HTML in a title": (
        atom('<title type="html">&lt;p&gt;Kettles &lt;img src="https://cdn.acme.example/k.png"&gt;burn&lt;/p&gt;</title>'),
        {"title": "Kettles burn"},
    ),
    "a picture in a title of RSS": (
        rss("<title>&lt;img src='https://cdn.acme.example/k.png' alt='x'/&gt;Kettles burn</title>"),
        {"title": "Kettles burn"},
    ),
    "a title about HTML": (
        rss("<title>How to close a &amp;lt;template&gt; tag</title>"),
        {"title": "How to close a <template> tag"},
    ),
    "base64 of Atom 0.3": (
        atom(f'<title mode="base64">{coded("Kettles <b>burn</b>")}</title>', 'xmlns="http://purl.org/atom/ns#"'),
        {"title": "Kettles burn"},
    ),
    "base64 of Atom 1.0": (
        atom(f'<content type="application/octet-stream">\n {coded("<p>Kettles burn</p>")}\n</content>'),
        {"text": "Kettles burn"},
    ),
    "a picture in base64": (
        atom('<title>k</title><content type="image/png">iVBORw0KGgr/</content><summary>Kettles</summary>'),
        {"title": "k", "text": "Kettles"},
    ),
    "the body of XHTML": (
        rss('<body xmlns="http://www.w3.org/1999/xhtml"><p>Kettles <b>burn</b></p></body><description>K</description>'),
        {"text": "Kettles burn"},
    ),
    "fullitem": (rss("<fullitem>&lt;p&gt;Kettles burn&lt;/p&gt;</fullitem>"), {"text": "Kettles burn"}),
    "names of Dublin Core": (
        rss("<dc:title>Kettles</dc:title><dc:description>burn</dc:description><dc:author>Fern</dc:author>",
            attributes='xmlns:dc="http://purl.org/dc/elements/1.1/"'),
        {"title": "Kettles", "text": "burn", "author": "Fern"},
    ),
    "a prefix that nobody declared": (
        rss("<dc:creator>Fern</dc:creator><content:encoded>burns</content:encoded>"),
        {"author": "Fern", "text": "burns"},
    ),
    "a usual prefix with a namespace of its own": (
        rss("<dc:creator>Fern</dc:creator>", attributes='xmlns:dc="https://example.org/dc"'),
        {"author": "Fern"},
    ),
    "a default namespace that nobody knows": (
        rss("<title>Kettles</title><link>https://a.example/1</link>", attributes='xmlns="https://example.org/rss"'),
        {"title": "Kettles", "link": "https://a.example/1"},
    ),
    "a subtitle of a podcast": (
        rss("<itunes:subtitle>Kettles burn</itunes:subtitle>", attributes='xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'),
        {"text": "Kettles burn"},
    ),
    "a name and a mail address": (rss("<author>Fern Moss &lt;fern@a.example&gt;</author>"), {"author": "Fern Moss"}),
    "a mail address and a name": (rss("<author>fern@a.example (Fern Moss)</author>"), {"author": "Fern Moss"}),
    "a mail address alone": (rss("<title>k</title><author>fern@a.example</author>"), {"author": None}),
    "a handle is no mail address": (rss("<author>@fern@social.example</author>"), {"author": "@fern@social.example"}),
    "where an entry comes from": (
        atom('<source><title type="html">The &lt;b&gt;Kettle&lt;/b&gt; Post</title></source>'),
        {"publisher": "The Kettle Post"},
    ),
    "several alternates": (
        atom('<link rel="alternate" type="application/json" href="https://a.example/1.json"/>'
             '<link rel="alternate" type="text/html" href="https://a.example/1"/>'),
        {"link": "https://a.example/1"},
    ),
    "an id that is an address, and no link": (
        atom("<id>https://a.example/1</id>"),
        {"id": "https://a.example/1", "link": "https://a.example/1"},
    ),
    "several enclosures": (
        atom('<link rel="enclosure" href="https://a.example/1.mp3"/><link rel="enclosure" href="https://a.example/2.mp3"/>'),
        {"media": ("https://a.example/1.mp3", "https://a.example/2.mp3")},
    ),
    "the language of the content": (
        atom('<title>k</title><content xml:lang="pt_BR">A chaleira</content>', f'xmlns="{ATOM}" xml:lang="en"'),
        {"language": "pt-BR"},
    ),
    "a warning of PHP before it": (
        rss("<title>Kettles</title>", before="<br />\n<b>Warning</b>: Undefined variable<br />\n<?xml version='1.0'?>"),
        {"title": "Kettles"},
    ),
    "HTML around it": (
        b"<html><head></head><body>" + rss("<title>Kettles</title>") + b"</body></html>",
        {"title": "Kettles"},
    ),
    "HTML that shows it": (
        f"<!DOCTYPE html><html><pre>{escape(rss('<title>K&amp;amp;M</title>').decode())}</pre></html>".encode(),
        {"title": "K&M"},
    ),
}  # fmt: skip


def only(found: ParsedFeed) -> Entry:
    (entry,) = found.entries
    return entry


@pytest.mark.parametrize("name", ENTRIES)
def test_it_says_what_a_person_reads_in_it(name: str) -> None:
    body, expected = ENTRIES[name]
    entry = only(feed.read(body))
    assert {key: getattr(entry, key) for key in expected} == expected


GOOD = "<title>Good</title><link>https://a.example/good</link>"
# One entry that no parser gets through, and what is said of it.
BROKEN = {
    "an element without an end": "<title>Bad<link>https://a.example/bad</link>",
    "elements that cross": "<p><b></p></b><q>",
    "a text above ten megabytes": f"<title>Bad</title><description>{'kettle ' * 1_450_000}</description>",
    "elements a thousand deep": "<description>" + "<div>" * 1_000 + "</div>" * 1_000 + "</description>",
    "CDATA that stays open": "<title>Bad</title><description><![CDATA[ it never ends </description>",
    "a tag that is none": "<title>Bad</title><5>five</5>",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_entry_takes_no_other_along_and_is_not_lost_in_silence(name: str) -> None:
    began = time.process_time()
    found = feed.read(rss(GOOD, BROKEN[name], GOOD.replace("ood", "ood too")))
    assert [entry.title for entry in found.entries if (entry.title or "").startswith("Good")] == ["Good", "Good too"]
    others = [entry for entry in found.entries if not (entry.title or "").startswith("Good")]
    assert len(others) + len(found.rejected) == 1
    assert all(rejected.reason.startswith("the entry is broken: ") for rejected in found.rejected)
    assert time.process_time() - began < 2


def test_an_entry_that_speaks_of_entries_is_whole_beside_a_broken_one() -> None:
    about = "<title>How to</title><description><![CDATA[write <item> and more]]></description>"
    found = feed.read(rss("<title>Bad<b></title>", about, GOOD))
    assert ("How to", "write and more") in [(entry.title, entry.text) for entry in found.entries]
    assert "Good" in [entry.title for entry in found.entries]


def test_a_title_without_an_end_takes_no_link_for_words() -> None:
    found = feed.read(rss("<title>Kettles burn<link>https://a.example/b</link>", GOOD))
    assert [entry.title for entry in found.entries] == ["Kettles burn", "Good"]


def test_half_a_million_bare_signs_cost_no_other_entry() -> None:
    with limits.one_page():
        found = feed.read(rss(GOOD, f"<description>{'&#' * 500_000}</description>", GOOD))
    assert len([entry for entry in found.entries if entry.title == "Good"]) == 2


HOSTILE = {
    "feeds that are shown and never end": b"&lt;rss " * 200_000 + b"<p>",
    "declarations that never end": b"<!DOCTYPE rss [" * 100_000 + rss("<title>k</title>"),
    "sections that never end": rss("<title>k</title>", "<![CDATA[" * 100_000),
    "a title of scripts": rss(f"<title>{'&lt;script&gt;' * 60_000}</title>"),
    "sections that end with the page": rss("<b><![CDATA[</item><item>" * 60_000 + "]]>"),
    "entries that never end": rss("<item><title>k" * 20_000),
    "an author of one long word": rss(f"<title>k</title><author>{'a' * 200_000} @</author>"),
}


@pytest.mark.sampled(cases=3)
@pytest.mark.parametrize("name", HOSTILE)
def test_no_feed_costs_seconds(name: str) -> None:
    began = time.process_time()
    with suppress(NotAFeedError):
        feed.read(HOSTILE[name])
    assert time.process_time() - began < 3


def test_entities_that_multiply_cost_nothing() -> None:
    declared = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 30}">' for n in range(1, 20))
    body = rss(
        f"<title>k</title><description>{'&e19;' * 20_000}</description>",
        before=f'<!DOCTYPE rss [<!ENTITY e0 "x">{declared}]>',
    )
    began = time.process_time()
    assert only(feed.read(body)).title == "k"
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "page",
    ["<!doctype html><html><head><title>k</title></head><body>no feed</body></html>",
     "<html><body><script>var feed = '<rss version=2.0>'</script></body></html>"],
)  # fmt: skip
def test_a_page_is_no_feed(page: str) -> None:
    with pytest.raises(NotAFeedError, match="an HTML page"):
        feed.read(page.encode())
