"""A field's value as it is written → as it is asked: codes in small letters, hosts bare, numbers and times exact."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time

from insight.query.errors import Place, nearest, shown
from insight.query.fields import FIELDS, Takes
from insight.query.reading import terms
from insight.query.text.folding import fold
from insight.query.tree import Between, Field, Term

EXAMPLES = {
    "site": "site:acme.com", "hashtag": "hashtag:acme", "mention": "mention:acme", "lang": "lang:en",
    "country": "country:de", "source": "source:hackernews", "kind": "kind:review", "rating": "rating:[1 TO 2]",
    "followers": "followers:>10k", "engagement": "engagement:>100", "sentiment": "sentiment:neg",
    "theme": 'theme:"log in"', "watch": "watch:acme", "is": "is:reply", "has": "has:link",
    "after": "after:2026-03-02", "before": "before:2026-03-02", "version": "version:2.1", "verified": "verified:yes",
    "answered": "answered:no", "plan": "plan:enterprise", "customer": "customer:trial", "segment": "segment:schools",
    "nps": "nps:<=6",
}  # fmt: skip

_FREE = ("source", "theme", "watch")
"""Fields whose values are somebody's own names."""

MAX_NUMBER = 10**15
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,2})?)([km]?)", re.IGNORECASE)
_THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000}
_BOUND = re.compile(r"(>=|<=|>|<)?(.*)", re.DOTALL)
_WHOLE = re.compile(r"[0-9]+|[0-9.]+[km]|[0-9.]+e.*", re.IGNORECASE)  # 10.000 could be ten, or ten thousand
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*")
_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nd ne ng "
    "nl no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su "
    "sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_LANGUAGES = frozenset(_CODES.split())
"""ISO 639-1 without `nb` and `nn`: what is written in them is recognised as `no`."""
_LANGUAGE_OF = {
    "at": "de", "cn": "zh", "cz": "cs", "dk": "da", "gb": "en", "gr": "el", "hk": "zh", "in": "id", "iw": "he",
    "jp": "ja", "mx": "es", "nb": "no", "nn": "no", "ua": "uk", "us": "en", "vn": "vi", "wuu": "zh", "yue": "zh",
}  # fmt: skip
"""What people write for a language: countries, older codes, and those of which no text is recognised."""

_MEANT = {
    "image": "media", "images": "media", "photo": "media", "picture": "media", "video": "media", "url": "link",
    "retweet": "repost", "share": "repost", "tweet": "post", "toot": "post", "news": "article", "blog": "article",
}  # fmt: skip
"""What other tools call a value."""

_COUNTRY = re.compile(r"[a-z]{2}")
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:www\.)?([^/?#]*)/?(.*)", re.DOTALL | re.IGNORECASE)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII | re.IGNORECASE)


def parse_value(name: str, text: str, place: Place) -> Term:
    """What `name:text` asks. Raises QueryError at `place`, where the value begins, if the field takes no such value."""
    if not text.strip():
        raise place.error(f"{name}: has no value", f"Write one, such as {EXAMPLES[name]}.")
    if text[0] in "-!" and name not in _FREE:
        raise place.error(f"a minus stands behind {name}:", f"Write it before the field: -{EXAMPLES[name]}.")
    match FIELDS[name].takes:
        case Takes.NUMBER:
            return _number(name, text, place)
        case Takes.CHOICE:
            return Field(name, _choice(name, text, place), at=place.position)
        case Takes.TIME:
            return Field(name, _time(name, text, place), at=place.position)
    if name == "hashtag":
        return terms.parse_hashtag(text.lstrip("#＃"), place)
    return Field(name, _VALUES.get(name, _any_value)(text, place), at=place.position)


def parse_range(name: str, text: str, place: Place) -> Between:
    """`[low TO high]`, both ends included; `*` is no bound."""
    parts = text.split()
    if len(parts) != 3 or parts[1] != "TO":
        raise place.error(f"[{shown(text)}] is no range", f"Write it so: {name}:[1 TO 2], or {name}:[3 TO *].")
    low, high = (None if end == "*" else _amount(name, end, place) for end in (parts[0], parts[2]))
    if low is None and high is None:
        raise place.error("[* TO *] leaves everything open", f"Write one end, such as {name}:[3 TO *].")
    if low is not None and high is not None and low > high:
        raise place.error("this range ends before it begins", f"Write {name}:[{parts[2]} TO {parts[0]}].")
    return Between(name, low, high, at=place.position)


def _number(name: str, text: str, place: Place) -> Between:
    bound = _BOUND.fullmatch(text)
    sign, written = (bound[1], bound[2]) if bound else (None, text)
    if not written:
        raise place.error(f"a number is missing behind {sign}", f"Write it without a blank: {name}:{sign}3.")
    number, at = _amount(name, written, place), place.position
    if sign is None:
        return Between(name, number, number, at=at)
    if sign[0] == ">":
        return Between(name, number, None, open_low=sign == ">", at=at)
    return Between(name, None, number, open_high=sign == "<", at=at)


def _amount(name: str, text: str, place: Place) -> float:
    found = _NUMBER.fullmatch(text)
    if found is None:
        remedy = f"Write {name}:4, {name}:>3, {name}:<=2, {name}:10k or {name}:[1 TO 2]."
        raise place.error(f"{shown(text)} is not a number", remedy)
    number = float(found[1]) * _THOUSANDS[found[2].lower()]
    if name != "rating" and (number != int(number) or not _WHOLE.fullmatch(text)):
        remedy = f"Write {name}:10000 or {name}:10k: no point and no comma stands for thousands."
        raise place.error(f"{shown(text)} is not a whole number", remedy)
    if number > MAX_NUMBER:
        raise place.error(f"{shown(text)} is more than anything counts", f"Write at most {MAX_NUMBER:.0e}.")
    return float(f"{number:.12g}")  # as exactly as it is printed


def _choice(name: str, text: str, place: Place) -> str:
    spellings = {spelling: row[0] for row in FIELDS[name].values for spelling in row}
    found = spellings.get(text.casefold())
    if found is None:
        meant = _MEANT.get(text.casefold())
        meant = meant if meant in spellings else nearest(text, spellings)
        hint = f"Did you mean {name}:{spellings[meant]}? " if meant else ""
        known = ", ".join(row[0] for row in FIELDS[name].values)
        raise place.error(f"{name}: has no value {shown(text)}", f"{hint}It takes {known}.")
    return found


def _time(name: str, text: str, place: Place) -> str:
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        moment = datetime.fromisoformat(text.upper())
        moment = (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        remedy = f"Write {name}:2026-03-02 for a day's beginning in UTC, or {name}:2026-03-02T09:30Z."
        raise place.error(f"{shown(text)} is no date or time", remedy) from None
    if moment.time() == time():
        return moment.date().isoformat()
    return moment.replace(tzinfo=None).isoformat(timespec="seconds" if moment.second else "minutes") + "Z"


def _lang(text: str, place: Place) -> str:
    code = text.lower().replace("_", "-")
    base = code.partition("-")[0]
    meant = _LANGUAGE_OF.get(base)
    if meant or not _LANGUAGE.fullmatch(code) or (len(base) == 2 and base not in _LANGUAGES):
        hint = f"Did you mean lang:{meant}? It takes" if meant else "Write"
        remedy = f"{hint} codes of ISO 639-1, such as lang:en, lang:vi or lang:zh; lang:pt-br is only that of Brazil."
        raise place.error(f"{shown(text)} is not the code of a language", remedy)
    return code


def _country(text: str, place: Place) -> str:
    if not _COUNTRY.fullmatch(text.lower()) or text.lower() in ("en", "uk"):
        remedy = "Write its two letters of ISO 3166-1, such as country:gb, country:us or country:vn."
        raise place.error(f"{shown(text)} is not the code of a country", remedy)
    return text.lower()


def _site(text: str, place: Place) -> str:
    address = _ADDRESS.fullmatch(text)
    host, path = (address[1].lower(), address[2]) if address else ("", "")
    if "*" in host:
        raise place.error("a host takes no wildcards", "Write site:acme.com; it finds blog.acme.com, too.")
    if path:
        remedy = f'Write site:{shown(host)} url:"{shown(host + "/" + path)}".'
        raise place.error("a site is a host, and this is the address of a page", remedy)
    if not _HOST.fullmatch(host):
        raise place.error(f"{shown(text)} is not a host", "Write it so: site:acme.com.")
    return host


def _mention(text: str, place: Place) -> str:
    return fold(terms.parse_name(text.lstrip("@＠"), place).text)


def _any_value(text: str, place: Place) -> str:
    if "*" in text:
        raise place.error("a value takes no wildcards", 'Write the whole value; one with a blank so: "log in".')
    return text


_VALUES: dict[str, Callable[[str, Place], str]] = {
    "site": _site,
    "mention": _mention,
    "lang": _lang,
    "country": _country,
}
