"""Bytes become the text that browsers show, whatever is declared."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.formats import charset, feed

# A label, bytes in hexadecimal, and what browsers show.
WRITTEN = [
    ("GB2312", "e946bbfa", "镕机"),
    ("gbk", "8139ee39", "㐀"),
    ("Shift_JIS", "8740fbfc", "①髙"),
    ("ks_c_5601-1987", "8c63", "똠"),
    ("big5", "b6c7b5a1", "傳窗"),
    ("x-euc-jp", "ada1a5b1", "①ケ"),
    ("GB2312", "95d38847", "曈圙"),  # outside of the standard of that name, inside of gbk
    ("gbk", "80b5e3", "€点"),
    ("x-sjis", "8754ed40", "Ⅰ纊"),
    ("MS932", "878a", "㈱"),
    ("ks_c_5601-1987", "8141c7d1", "갂한"),
    ("euc-jp", "adeaa4a2f9a1", "㈱あ纊"),
    ("euc-jp", "8fb0a1e3", "丂�"),
    ("iso-2022-jp", "1b24422d6a24221b28426f6b", "㈱あok"),
    ("big5-hkscs", "a3e1a741", "€你"),
    ("latin1", "936f6b94", "“ok”"),
    ("iso-8859-9", "f0fe80", "ğş€"),
    ("tis-620", "a1c3", "กร"),
    ("dos-874", "a1c3", "กร"),
    ("koi8-ru", "c1c2", "аб"),
    ("x-mac-ukrainian", "80e0", "Аа"),
    ("logical", "f9ec", "של"),
]


@pytest.mark.parametrize(("label", "written", "shown"), WRITTEN)
def test_a_label_means_what_it_means_on_the_web(label: str, written: str, shown: str) -> None:
    assert charset.decode(b"<p>" + bytes.fromhex(written) + b"</p>", label) == f"<p>{shown}</p>"


GREETING = "<p>Grüße, Żółć, 你好</p>"


@pytest.mark.parametrize("label", ["utf-16", "utf-16be", "UCS-2", "unicode", "utf-7", "replacement", "x-user-defined"])
def test_utf_8_with_a_label_of_another_width_is_utf_8(label: str) -> None:
    assert charset.decode(GREETING.encode(), label) == GREETING


@pytest.mark.parametrize(("label", "codec"), [("unicodefffe", "utf-16-be"), ("iso-10646-ucs-2", "utf-16-le")])
def test_utf_16_behind_a_character_of_two_bytes_is_read_by_its_label(label: str, codec: str) -> None:
    assert charset.decode(("你好 " + GREETING).encode(codec), label) == "你好 " + GREETING


def test_utf_16_over_single_bytes_is_not_believed_even_where_a_byte_is_broken() -> None:
    assert charset.text_of(b'<?xml version="1.0" encoding="utf-16"?><p>caf\xe9 \xc3\xa9</p>').endswith("<p>café é</p>")


def test_the_header_goes_before_the_declaration() -> None:
    body = (
        '<?xml version="1.0" encoding="windows-1252"?><rss><channel><item><title>Привет</title></item></channel></rss>'
    )
    found = feed.read(body.encode("windows-1251"), content_type="text/xml; charset=windows-1251")
    assert [entry.title for entry in found.entries] == ["Привет"]


def test_a_header_that_names_no_encoding_leaves_the_word_to_the_declaration() -> None:
    body = '<meta charset="windows-1251"><p>Привет</p>'.encode("windows-1251")
    for header in ("text/html", "text/html; charset=none", "text/html; charset=hex"):
        assert charset.text_of(body, header).endswith("<p>Привет</p>")


@pytest.mark.parametrize(
    ("codec", "pattern"), [("utf-8", b"\xe9 a"), ("euc-jp", b"\xad\xa1"), ("big5", b"\xff"), ("gb18030", b"\xff")]
)
def test_a_body_of_broken_bytes_costs_no_more_than_another(codec: str, pattern: bytes) -> None:
    began = time.thread_time()
    charset.decode(pattern * 300_000, codec)
    assert time.thread_time() - began < 0.4  # with a call for each of them: one and a half


@given(st.binary(max_size=200), st.text(max_size=20))
def test_any_bytes_are_some_text(body: bytes, declared: str) -> None:
    assert isinstance(charset.decode(body, declared), str)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_utf_8_is_read_as_what_it_is_whatever_is_declared(text: str) -> None:
    body = text.encode()
    if not text.startswith("\ufeff") and body[:4].count(0) < 2:
        assert charset.decode(body, "iso-8859-1") == text


@pytest.mark.parametrize("name", ["punycode", "idna", "hex", "unicode_escape", "undefined"])
def test_an_encoding_that_is_none_of_the_webs_is_not_used(name: str) -> None:
    assert charset.decode(b"caf\xe9", name) == "café"
