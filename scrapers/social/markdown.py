"""Markdown as people write it on GitHub, Lemmy, Reddit and Discourse: text as it is shown, and the addresses in it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from scrapers.formats import html, limits
from scrapers.formats.values import clean

_CAP = 100_000  # a second of work, at worst; what people write ends at 65,536 on GitHub, before that elsewhere
_BRACKETS = 5_000  # each that opens is looked for its end
_NESTED = 100  # lists and quotations within each other
_QUOTE = re.compile(r"\[quote\b[^\[\]\n]{0,300}\]|\[/quote\]", re.IGNORECASE)
# Boxes that open on a click, with their titles, on Discourse ([details="…"]) and Lemmy (::: spoiler …)
_BOX = re.compile(
    r"\[(?:details|spoiler)(?:=\"?([^\]\n\"]{0,200})\"?)?\]|\[/(?:details|spoiler)\]"
    r"|^[ \t]{0,3}:{3,10}[ \t]{0,3}(?:spoiler\b[ \t]{0,3}([^\n]{0,200}))?$",
    re.IGNORECASE | re.MULTILINE,
)
# Not whatever stands in angle brackets is a tag: people write List<String> without a fence.
_NO_TAG = re.compile(
    r"<(?!!--|/?(?:a|abbr|b|blockquote|br|center|cite|code|dd|del|details|div|dl|dt|em|figcaption|figure|h[1-6]|hr|i|img|"
    r"ins|kbd|li|mark|ol|p|picture|pre|q|rp|rt|ruby|s|samp|small|source|span|strike|strong|sub|summary|sup|table|tbody|"
    r"td|tfoot|th|thead|tr|tt|u|ul|var|video|wbr)(?=[\s/>]))",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?<![a-z0-9])https?\Z", re.IGNORECASE)
_BARE = re.compile(r"://[^\s<>\"'`\]\[]{1,2000}")
_CLOSING = ".,;:!?*_~)"


def read(written: str, base: str = "", *, breaks: bool = False) -> html.Text:
    """What a person reads of it. `breaks`: where a line ends it ends for the reader, too, as on GitHub."""
    if len(written) > _CAP:
        limits.leave_out(f"the end of a text was left out: {_CAP:,} letters of Markdown are the most")
    body = _BOX.sub(r"\n\n\1\2\n\n", without_quotes(clean(written[:_CAP])))
    return html.read(_parser(breaks, body.count("[") <= _BRACKETS).render(body), base)


@cache
def _parser(breaks: bool, links: bool) -> MarkdownIt:
    options = {"html": True, "breaks": breaks, "maxNesting": _NESTED}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    if not links:
        parser.disable(["link", "image"])
    parser.inline.ruler.after("text", "address", _bare_address)
    for kind in ("html_inline", "html_block"):
        parser.add_render_rule(kind, _markup)
    parser.normalizeLink = str  # type: ignore[assignment, method-assign]  # html.read says which addresses are some
    parser.validateLink = bool  # type: ignore[assignment, method-assign]
    return parser


def _markup(_renderer: object, tokens: Any, at: int, _options: object, _env: object) -> str:
    return _NO_TAG.sub("&lt;", tokens[at].content)


def _bare_address(state: StateInline, silent: bool) -> bool:
    """An address between the words is a link, and none of its underscores is emphasis.

    Where it ends: https://github.github.com/gfm/#extended-autolink-path-validation
    """
    if silent or state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme, rest = _SCHEME.search(state.src[max(0, state.pos - 6) : state.pos]), _BARE.match(state.src, state.pos)
    if not scheme or not rest or not state.pending.endswith(scheme[0]):
        return False
    path = rest[0].rstrip(_CLOSING)
    opened = max(0, path.count("(") - path.count(")"))
    closed = len(rest[0]) - len(rest[0][len(path) :].lstrip(")")) - len(path)
    path += ")" * min(opened, closed)
    if len(path) <= len("://"):
        return False
    state.pending = state.pending[: -len(scheme[0])]
    state.push("link_open", "a", 1).attrs = {"href": scheme[0] + path}
    state.push("text", "", 0).content = scheme[0] + path
    state.push("link_close", "a", -1)
    state.pos += len(path)
    return True


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
