"""One spelling for an address: what only tracks goes, and what stays of a query stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.understanding.addresses import canonical

SPELLINGS = {
    "without a scheme's port, a name, or capitals in the host": (
        "HTTP://fern@Blog.Example:80/A", "https://blog.example/A",
    ),
    "without the dot of a full name": ("https://blog.example.:443/a", "https://blog.example/a"),
    "with a port of its own": ("https://blog.example.:8443/a", "https://blog.example:8443/a"),
    "by number": ("http://[2001:DB8::1]:80/a", "https://[2001:db8::1]/a"),
    "a site": ("http://blog.example", "https://blog.example/"),
    "letters beyond ASCII": ("https://Müller.example/straße", "https://xn--mller-kva.example/stra%C3%9Fe"),
    "escaped without need": ("https://blog.example/%7efern/%c3%9f/a%2fb", "https://blog.example/~fern/%C3%9F/a%2Fb"),
    "steps up and down": ("https://blog.example/a/./b/../../../c/..", "https://blog.example/"),
    "a query that is empty, or has empty parts": ("https://blog.example/a?&x=1&&y&", "https://blog.example/a?x=1&y"),
    "mailings": ("https://blog.example/a?mc_cid=1&id=7&MC_EID=2", "https://blog.example/a?id=7"),
    "escaped twice": ("https://blog.example/a?id=7&amp;utm_source=x&amp;p=2", "https://blog.example/a?id=7&amp;p=2"),
    "bytes of another charset": ("https://blog.example/a?q=%e4+b&gclid=1&r=%E4%20b", "https://blog.example/a?q=%e4+b&r=%E4%20b"),
    "odd signs": ("https://blog.example/a?u=http://x/?y;z[]=,&fbclid=1", "https://blog.example/a?u=http://x/?y;z[]=,"),
    "tracking in the fragment": ("https://blog.example/a#xtor=RSS-1&utm_medium=x", "https://blog.example/a"),
    "a place on the page": ("https://blog.example/changes#v2=x:~:text=new", "https://blog.example/changes#v2=x"),
    "Medium's feeds": ("https://blog.example/a?source=rss----1---4", "https://blog.example/a"),
    "another source": ("https://blog.example/a?source=ecb", "https://blog.example/a?source=ecb"),
    "who shared a film": ("https://m.youtube.com/watch?v=1&si=abc", "https://m.youtube.com/watch?v=1"),
    "what is called so elsewhere": ("https://blog.example/a?si=abc&toolid=3", "https://blog.example/a?si=abc&toolid=3"),
    "no web address": (" urn:uuid:1?utm_source=x ", "urn:uuid:1?utm_source=x"),
    "no address": ("http://[1/a?utm_source=x", "http://[1/a?utm_source=x"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPELLINGS)
def test_an_address_has_one_spelling(name: str) -> None:
    written, spelled = SPELLINGS[name]
    assert canonical(written) == spelled
    assert canonical(spelled) == spelled


@given(
    st.text() | st.from_regex(r"https?://[a-zü.:@\[\]0-9]{1,12}(/[a-zü.%2Ee]*)*(\?[a-z_=&%;]*)?(#.*)?", fullmatch=True)
)
def test_whatever_is_written_is_spelled_once(written: str) -> None:
    assert canonical(canonical(written)) == canonical(written)


@given(
    st.lists(st.from_regex(r"[a-z]{1,3}(=[!-%'-~]*)?", fullmatch=True).filter(lambda one: "#" not in one), max_size=4)
)
def test_what_stays_of_a_query_stays_byte_for_byte(parameters: list[str]) -> None:
    kept = [one for one in parameters if not one.startswith(("si", "awc", "cmp", "gqt"))]
    tracked = "&".join(["utm_source=a", *(part for one in kept for part in (one, "fbclid=%FF"))])
    assert canonical(f"https://a.example/p?{tracked}") == f"https://a.example/p{'?' if kept else ''}{'&'.join(kept)}"
