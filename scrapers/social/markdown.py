"""Markdown as people write it on GitHub, Lemmy and Discourse: plain text, and the addresses in it."""

from __future__ import annotations

import html as entities
import re

from scrapers.formats import html
from scrapers.formats.values import addresses, plain

_CAP = 200_000
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)  # what a form asks of its reporters
_QUOTE = re.compile(r"\[quote\b[^\[\]\n]{0,300}\]|\[/quote\]", re.IGNORECASE)
_IMAGE = re.compile(r"!\[([^\[\]\n]{0,500})\]\([ \t]{0,3}<?([^\s()<>]{1,2000})>?(?:[ \t][^()\n]{0,300})?\)")
_LINK = re.compile(r"\[([^\[\]\n]{0,500})\]\([ \t]{0,3}<?([^\s()<>]{1,2000})>?(?:[ \t][^()\n]{0,300})?\)")
_TAG = re.compile(
    r"</?(?:a|b|blockquote|br|center|code|dd|del|details|div|dl|dt|em|h[1-6]|hr|i|img|ins|kbd|li|ol|p|picture|pre|q|s|samp|"
    r"source|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul|video)(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)  # not whatever stands in angle brackets: people write List<String> without a fence
_SOURCE = re.compile(r"<(img|a)\b[^<>\n]{0,300}?\b(?:src|href)=[\"']([^\"'<>\s]{1,2000})[\"']", re.IGNORECASE)
_BARE = re.compile(r"https?://[^\s<>\"'`\]\[]{1,2000}")
_FENCE = re.compile(r"^[ \t]{0,3}(?:```|~~~)[^\n]{0,100}$", re.MULTILINE)
_HEADING = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+", re.MULTILINE)
_STRONG = re.compile(r"\*\*|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)|~~|`+")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,500})(?<=\S)\*(?![\w*])")


def read(written: str, base: str = "") -> html.Text:
    """Text without its marks; a link stays as its label, a list and a quotation with their signs (`-`, `>`)."""
    body = without_quotes(_COMMENT.sub("", written[:_CAP]))
    marked = _SOURCE.findall(body)
    images = [target for _, target in _IMAGE.findall(body)] + [to for tag, to in marked if tag.lower() == "img"]
    body = _IMAGE.sub(r"\1", body)
    links = [target for _, target in _LINK.findall(body)] + [to for tag, to in marked if tag.lower() == "a"]
    body = _TAG.sub("", _LINK.sub(r"\1", body))
    links += [found.rstrip(".,;:!?)*_~") for found in _BARE.findall(body)]
    for mark in (_FENCE, _HEADING, _STRONG):
        body = mark.sub("", body)
    body = entities.unescape(_EMPHASIS.sub(r"\1", body))
    return html.Text(plain(body), addresses(links, base), addresses(images, base))


def without_quotes(body: str) -> str:
    """Without what [quote] … [/quote] hold, which somebody else said; one that is never closed stays."""
    kept: list[str] = []
    depth, end = 0, 0
    for found in _QUOTE.finditer(body):
        opens = not found[0].startswith("[/")
        if depth == 0:
            kept.append(body[end : found.start()])
            end = found.start()
        depth = depth + 1 if opens else max(0, depth - 1)
        if depth == 0:
            end = found.end()
    kept.append(body[end:])
    return "".join(kept)
