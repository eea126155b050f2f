"""Which posts are copies of one story: the same article under several addresses, the same text posted again."""

from __future__ import annotations

import re
from hashlib import blake2b
from urllib.parse import urlsplit

from insight.model import Post, PostKind
from insight.query.text.folding import fold
from insight.understanding.addresses import canonical

MAX_TEXT = 20_000

LONG_ENOUGH = (6, 12)
"""Words, and letters of scripts without spaces, from which equal texts are copies: two people may well say the same
"Great app!"; nobody writes the same six words by chance often enough to matter."""

LONG_FOR_FEEDBACK = (25, 50)
"""The same for reviews, tickets and survey answers: short praise repeats itself, and each is one customer's voice."""

_FEEDBACK = (PostKind.REVIEW, PostKind.TICKET, PostKind.SURVEY)


def story_of(post: Post) -> str:
    """The same for a post and its copies. Deterministic, so that no look at other posts is needed."""
    if post.kind is PostKind.ARTICLE and post.url and not _leads_to_several(post.url, post.native_id):
        return f"url:{_digest(canonical_url(post.url))}"
    text = f"{post.title or ''}\n{post.text[:MAX_TEXT]}"
    words, size = normalised(text)
    longest = LONG_FOR_FEEDBACK if post.kind in _FEEDBACK else LONG_ENOUGH
    if size[0] / longest[0] + size[1] / longest[1] >= 1:
        return f"text:{_digest(words)}"
    return f"{post.network}:{post.native_id}"


def _leads_to_several(url: str, native_id: str) -> bool:
    """A site's home page, or an address that did not do as an id: `native_id` says more behind it."""
    same = canonical(url)
    return (same.count("/") == 3 and same.endswith("/")) or native_id.startswith(f"{same}#")


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


# -- text -------------------------------------------------------------------------------------------------------

_ADDRESSES = re.compile(r"https?://\S+|www\.\S+|@\w[\w.@-]*")
_REPOST = re.compile(r"^\s*(?:rt\s*@\w[\w.@-]*\s*:?\s*)+")
_WORDS = re.compile(r"\w+")
_LETTER = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff]"
_UNSPACED = re.compile(_LETTER)
_BLANK_BETWEEN = re.compile(f"(?<={_LETTER}) (?={_LETTER})")


def normalised(text: str) -> tuple[str, tuple[int, int]]:
    """The words that copies share, and how many there are: words, and letters of scripts without spaces.

    Links and names differ between copies (shorteners, "via @x"); case, width, punctuation and emoji say nothing.
    """
    plain = _ADDRESSES.sub(" ", _REPOST.sub("", fold(text)))
    words = _WORDS.findall(plain)
    joined = " ".join(words)
    if joined.isascii():
        return joined, (len(words), 0)
    spaced = sum(1 for word in words if not _UNSPACED.search(word))
    return _BLANK_BETWEEN.sub("", joined), (spaced, len(_UNSPACED.findall(joined)))


# -- addresses --------------------------------------------------------------------------------------------------

# `m.` and the like before a whole domain; not for `m.me`, which is a site of its own.
_VARIANT = re.compile(r"^(?:(?:www\d?|m|mobile|amp)\.(?=[^.]+\.[^.]+))+")
_MOBILE_WIKI = re.compile(r"^(\w+)\.(?:m\.)+(?=wiki)")


def canonical_url(url: str) -> str:
    """As `canonical`, and one for the forms in which a site shows a page: for phones, as AMP, at a place of it."""
    same = canonical(url)
    try:
        parts = urlsplit(same)
    except ValueError:
        return same
    if parts.scheme != "https":
        return same
    host = _MOBILE_WIKI.sub(r"\1.", _VARIANT.sub("", parts.netloc))
    path = parts.path.rstrip("/")
    end = len(path)
    while path.startswith("/amp", end - 4) and path[end - 5 : end - 4].strip("/"):
        end -= 4
    query = "&".join(sorted(filter(_tells_pages_apart, parts.query.split("&"))))
    # `#!` and `#/` are routes of pages that live in one document; any other fragment is a place on the page.
    fragment = f"#{parts.fragment}" if parts.fragment[:1] in ("!", "/") else ""
    return f"https://{host}{path[:end]}{'?' if query else ''}{query}{fragment}"


def _tells_pages_apart(parameter: str) -> bool:
    said = parameter.lower()
    return said.partition("=")[0] not in ("", "amp") and said != "outputtype=amp"
