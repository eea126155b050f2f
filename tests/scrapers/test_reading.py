"""The tools that every kind reads with: HTML to text, dates, encodings, addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.formats import html, values

TEXTS = {
    "<p>one</p><p>two</p>": "one\ntwo",
    "a<br>b<br/>c": "a\nb\nc",
    "a<br><br><br><br>b": "a\n\nb",
    " a \n b\t<i>c</i> ": "a b c",
    "<ul><li>a<li>b</ul>c": "a\nb\nc",
    "a<script>x()</script><style>y</style><!-- z -->b": "ab",
    "1 &lt; 2 &amp; &#x27;3&#x27;&nbsp;&euro;": "1 < 2 & '3' €",
    '<a href="x"><span class="invisible">https://</span>a.example</a>': "https://a.example",
    "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>": "a b\nc",
    "<pre>a\n  b</pre>": "a\n  b",
    "a < b and b > c": "a < b and b > c",
    "plain\ntext": "plain text",
    "a\x00b\x08<b>\ud800c": "abc",
    "": "",
}


@pytest.mark.parametrize("markup", TEXTS)
def test_html_becomes_what_a_person_reads(markup: str) -> None:
    assert html.read(markup).text == TEXTS[markup]


def test_links_are_absolute_and_lead_somewhere() -> None:
    markup = '<a href="/a">1</a><a href="javascript:x">2</a><a href="//b.example">3</a><a href="/a">4</a><a href="http://[">5</a>'
    assert html.read(markup, "https://a.example/x").links == ("https://a.example/a", "https://b.example")


def test_a_headline_keeps_what_only_looks_like_a_tag() -> None:
    assert (
        html.line("The <b>best</b> &amp; &lt;template&gt; <template> of <i>all")
        == "The best & <template> <template> of all"
    )


@given(st.text())
def test_any_text_is_read_without_an_exception_and_fits_a_database(markup: str) -> None:
    for text in (html.read(markup).text, html.line(markup), html.title(markup) or ""):
        text.encode()
        assert "\0" not in text


@given(st.text(max_size=60), st.text(max_size=30))
def test_an_address_is_absolute_or_none(written: str, base: str) -> None:
    found = values.address(written, base)
    assert found is None or found.startswith(("http://", "https://"))


def test_an_address_as_an_identity_drops_where_the_reader_came_from() -> None:
    same = ["http://A.example/x?utm_source=f", "https://a.example:443/x?fbclid=1", "https://a.example/x?source=rss---2"]
    assert {values.canonical(url) for url in same} == {"https://a.example/x"}
    assert values.canonical("https://a.example/x?b=1&a=%20#part") == "https://a.example/x?b=1&a=%20#part"
