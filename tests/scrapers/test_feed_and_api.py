"""A post says the same by a platform's feed as by its API, where the platform speaks both."""

from __future__ import annotations

import html
import json

import pytest

from insight.model import Post
from scrapers.base import Batch
from scrapers.saved import read_saved
from tests.scrapers.samples import NOW

SAID = {
    "words": '<p>The kettle <b>leaks</b>, see <a href="https://a.example/log">log</a>.</p><p>AT&amp;T &lt;3</p>',
    "emoji": '<p>Third refund <img class="emoji" alt="💔" src="https://a.example/e.png"> asked for</p>',
    "hidden": '<p>See <span style="display:none">utm</span>it<span hidden>x</span></p>',
    "code": "<p>Run</p><pre><code>if hot:\n    pour()</code></pre>",
    "joined": "<p>ke&#8203;ttle 👩‍💻 می‌خواهم &#55357;&#56866;</p>",
    "quoting": "<blockquote><p>It broke.</p></blockquote><p>Mine too.</p>",
}


def answer(kind: str, url: str, content: object) -> Batch:
    written = content if isinstance(content, str) else json.dumps(content)
    return read_saved(kind, written.encode(), url=url, now=NOW)


def said(batch: Batch) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    (post,) = batch.items
    assert isinstance(post, Post)
    return post.text, post.links, post.media


def rss(description: str, link: str, more: str = "") -> str:
    item = f"<item><description>{html.escape(description)}</description><link>{link}</link>{more}</item>"
    return f"<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/'><channel>{item}</channel></rss>"


@pytest.mark.parametrize("markup", SAID.values(), ids=SAID)
def test_of_a_discourse_forum(markup: str) -> None:
    quote = '<aside class="quote"><div class="title">oak:</div><blockquote><p>Never.</p></blockquote></aside>'
    post = {"topic_id": 4, "post_number": 2, "topic_slug": "leaks", "cooked": quote + markup, "raw": "as it was typed"}
    listed = answer("discourse", "https://forum.example/posts.json", {"latest_posts": [post]})
    feed = rss(quote + markup, "https://forum.example/t/leaks/4/2")
    assert said(listed) == said(answer("discourse", "https://forum.example/posts.rss", feed))


@pytest.mark.parametrize("markup", SAID.values(), ids=SAID)
def test_of_mastodon(markup: str) -> None:
    uri = "https://toots.example/@fern/7"
    toot = {"id": "7", "uri": uri, "url": uri, "content": markup, "visibility": "public", "account": {"acct": "fern"}}
    listed = answer("mastodon", "https://toots.example/api/v1/timelines/tag/kettle", [toot])
    assert said(listed) == said(answer("feed", "https://toots.example/tags/kettle.rss", rss(markup, uri)))


def test_of_mastodon_where_pictures_say_it_all() -> None:
    uri, pictures = "https://toots.example/@fern/7", {"a": "my kettle in flames", "b": "the receipt", "c": None}
    attached = [{"url": f"https://files.example/{name}.png", "description": about} for name, about in pictures.items()]
    toot = {"id": "7", "uri": uri, "url": uri, "content": "", "visibility": "public", "media_attachments": attached}
    more = "".join(
        f"<media:content url='https://files.example/{name}.png' medium='image'>"
        + (f"<media:description type='plain'>{about}</media:description>" if about else "")
        + "</media:content>"
        for name, about in pictures.items()
    )
    listed = answer("mastodon", "https://toots.example/api/v1/timelines/tag/kettle", [toot])
    assert said(listed)[0] == "my kettle in flames\nthe receipt"
    assert said(listed) == said(answer("feed", "https://toots.example/tags/kettle.rss", rss("", uri, more)))


def test_a_toot_with_words_is_read_by_its_words() -> None:
    toot = {"uri": "https://toots.example/s/7", "content": "<p>Look</p>", "visibility": "public"}
    toot |= {"media_attachments": [{"url": "https://files.example/a.png", "description": "my kettle in flames"}]}
    assert said(answer("mastodon", "https://toots.example/api/v1/timelines/tag/kettle", [toot]))[0] == "Look"


@pytest.mark.parametrize("markup", SAID.values(), ids=SAID)
def test_of_reddit(markup: str) -> None:
    link, shown = "https://www.reddit.com/r/tea/comments/k1/leaks/", f'<div class="md">{markup}</div>'
    found = {"name": "t3_k1", "title": "Leaks", "selftext": "as it was typed", "selftext_html": shown}
    listing = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": found}]}}
    entry = (
        f"<entry><id>t3_k1</id><title>Leaks</title><link href='{link}'/><content type='html'>"
        + html.escape(
            shown + ' &#32; submitted by &#32; <a href="https://www.reddit.com/user/fern"> /u/fern </a> <br/> '
        )
        + html.escape(f'<span><a href="{link}">[link]</a></span> &#32; <span><a href="{link}">[comments]</a></span>')
        + "</content></entry>"
    )
    feed = f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</feed>"
    listed = answer("reddit", "https://oauth.reddit.com/r/tea/new?raw_json=1", listing)
    assert said(listed) == said(answer("reddit", "https://www.reddit.com/r/tea/new.rss", feed))


RENDERED = {
    r"C\+\+ **leaks**, see [log](https://a.example/log)": (
        '<p>C++ <strong>leaks</strong>, see <a href="https://a.example/log">log</a></p>'
    ),
    "- one\n- two\n\n> It broke.": "<ul><li>one</li><li>two</li></ul><blockquote><p>It broke.</p></blockquote>",
    "See https://a.example/a_b_c.": '<p>See <a href="https://a.example/a_b_c">https://a.example/a_b_c</a>.</p>',
    "```\nif hot:\n    pour()\n```": "<pre><code>if hot:\n    pour()\n</code></pre>",
    "AT&amp;T &lt;3\nand on": "<p>AT&amp;T &lt;3\nand on</p>",
}


@pytest.mark.parametrize("written", RENDERED)
def test_of_lemmy(written: str) -> None:
    uri = "https://posts.example/comment/7"
    comment = {
        "comment": {"id": 7, "ap_id": uri, "content": written},
        "post": {"ap_id": "https://posts.example/post/1"},
    }
    listed = answer("lemmy", "https://posts.example/api/v3/comment/list", {"comments": [comment]})
    feed = rss(RENDERED[written], uri)
    assert said(listed) == said(answer("feed", "https://posts.example/feeds/u/fern.xml", feed))
