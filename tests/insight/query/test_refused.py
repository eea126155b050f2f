"""What the language refuses: where, why, and what to write instead."""

from __future__ import annotations

import pytest

from insight.query import QueryError, parse
from insight.query.reading.terms import MAX_PATTERN


def refused(text: str, position: int, message: str, remedy: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert (caught.value.position, message in caught.value.message) == (position, True), caught.value
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "position", "message", "remedy"),
    [
        ("", 0, "the query is empty", "Write what to look for"),
        ("acme or b", 5, "or could be an operator or a word", 'Write OR for the operator, or "or" in quotes'),
        ("a near/3 b", 2, "near/3 could be an operator or a word", "Write NEAR/3"),
        ("a AND", 5, "missing at the end", "remove the operator"),
        ("a OR OR b", 5, "missing before OR", '"OR"'),
        ("a NEAR/2", 8, "missing at the end", "remove the operator"),
        ("NEAR/2 a", 0, "missing before NEAR/2", '"NEAR/2"'),
        ("(a", 0, "this bracket is never closed", "Add the )"),
        ("a)", 1, "this bracket closes nothing", "Remove it"),
        ("()", 1, "missing before this bracket", "Add it"),
        ("a && b", 2, "& means nothing here", "Write AND"),
        ("a || b", 2, "| means nothing here", "Write OR"),
        ("a !b", 2, "! means nothing here", "Write NOT"),
        ("a –b", 2, "– means nothing here", "ordinary minus"),
        ("a - b", 2, "- means nothing here", "one minus directly before"),
        ("a --b", 2, "- means nothing here", "one minus directly before"),
        ("a +b", 2, "+ means nothing here", "leave the + out"),
        ("a <<< b", 2, "the comment that opens here never closes", "Add >>>"),
        ("a >>> b", 2, "this comment was never begun", "Write <<<"),
        ("a NEAR b", 2, "NEAR does not say how many words", "Write NEAR/5"),
        ("a ONEAR/x b", 2, "ONEAR/x does not say how many words", "Write ONEAR/5"),
        ("a NEAR/-1 b", 2, "NEAR/-1 does not say", "Write NEAR/5"),
        ("a NEAR/101 b", 2, "NEAR/101 is too far: 100 words at most", "NEAR/100 or less"),
        ("a NEAR/2 b NEAR/3 c", 11, "NEAR/3 stands behind another NEAR/2", "a NEAR/2 b AND b NEAR/3"),
        ("(a b) NEAR/2 c", 1, "an AND stands on a side of NEAR/2", "(a NEAR/2 c) AND (b NEAR/2 c)"),
        ("a NEAR/2 NOT b", 9, "a NOT stands on a side of NEAR/2", "a NEAR/2 b NOT c"),
        ("a NEAR/2 (b OR -c)", 15, "a NOT stands on a side of NEAR/2", "a NEAR/2 b NOT c"),
        ("(a NEAR/2 b) NEAR/2 c", 1, "a NEAR stands on a side of NEAR/2", "a NEAR/2 b AND b NEAR/2 c"),
        ("title:a NEAR/2 b", 0, "a field stands on a side of NEAR/2", "title:(a NEAR/2 b)"),
        ("a NEAR/2 lang:en", 9, "a field stands on a side of NEAR/2", "(a NEAR/2 b) AND lang:en"),
        ("a NEAR/2 /b/", 9, "a regular expression stands on a side of NEAR/2", "words, phrases or wildcards"),
    ],
)
def test_an_operator_is_refused(text: str, position: int, message: str, remedy: str) -> None:
    refused(text, position, message, remedy)


@pytest.mark.parametrize(
    ("text", "position", "message", "remedy"),
    [
        ('a "b', 2, "the quotes that open here never close", 'closing "'),
        ('a ""', 2, "these quotes hold nothing", "words, numbers or emoji"),
        ("a ...", 2, "... holds nothing to search for", "words, numbers or emoji"),
        ("a 5%", 3, "the symbol % would be ignored in 5%", "double quotes"),
        ("a c+++", 5, "the symbol + would be ignored", "double quotes"),
        ("a #", 2, "# is not a hashtag", "double quotes"),
        ("#小米#", 0, "#小米# is not a hashtag", "Write #小米; it is found with a # behind it"),
        ("a @-x", 2, "@-x is not a name", "double quotes"),
        ("#*", 0, "#* would match every hashtag", "at least one letter or digit"),
        ("a @acme*", 2, "a name takes no wildcards", "author:acme*"),
        ("a *", 2, "* would match every word", "at least one letter or digit"),
        ("acme.c*", 0, "acme.c* is more than that", "double quotes"),
        ("3.5*", 0, "3.5* is more than that", "double quotes"),
        ("a_b*", 0, "a_b* is more than that", "double quotes"),
        ("what?!", 0, "what?! is more than that", "double quotes"),
        ("🚀*", 0, "🚀* is more than that", "double quotes"),
        ("c++*", 0, "c++* is more than that", "double quotes"),
        ("a* 小米*", 3, "a wildcard has no use in a script without spaces", "found anywhere"),
        ("{Acme", 0, "the { that opens here never closes", "Add the closing }"),
        ("{?!}", 0, "these braces hold nothing", "words, numbers or emoji"),
        ("ab{c}", 2, "{ stands inside a word", "a blank before it"),
        ("ab}", 2, "this } closes nothing", "Remove it"),
        ("{A}b", 3, "something stands directly behind {A}", "a blank between"),
        ("ab[1]", 2, "[ begins a range, and there is no field", "rating:[1 TO 2]"),
        ("1]", 1, "this ] closes nothing", "double quotes"),
        ("/ab", 0, "the regular expression that opens here never closes", "closing /"),
        ("a /r/acme", 5, "something stands directly behind /r/", "a blank between"),
        ("/a*/", 0, "matches the empty text", "no empty match"),
        (r"/a|\b/", 0, "matches the empty text", "no empty match"),
        ("//", 0, "matches the empty text", "no empty match"),
        ("/(?=a)b/", 0, "invalid perl operator: (?=", "RE2"),
        (r"/(a)\1/", 0, r"invalid escape sequence: \1", "RE2"),
        (r"/\C/", 0, "a part of a letter", "RE2"),
        (r"/\pL{99}/", 0, "pattern too large", "RE2"),
        (f"/{'a' * (MAX_PATTERN + 1)}/", 0, "1,001 characters; 1,000 are allowed", "Split it with OR"),
        ("a raw:", 2, "raw: has no value", 'raw:"C++"'),
        ("raw:(a OR b)", 0, "raw: has no value", 'raw:"C++"'),
        ('raw:" "', 0, "raw: holds nothing", 'raw:"C++"'),
        ('raw:"C++', 4, "the quotes that open here never close", 'closing "'),
        ("plain:{A}", 6, "{Acme} stands inside plain:", "words, phrases, wildcards and hashtags"),
        ("plain:(a OR @b)", 12, "a name stands inside plain:", "words, phrases, wildcards and hashtags"),
        ("plain:title:a", 6, "a field stands inside plain:", "title:plain:acme"),
        ("plain:\u0301", 6, "nothing but marks", "letters or digits"),
        ("joined:acme", 7, "a word stands behind joined:", "joined:#AcmeCorp"),
        ("joined:#acme", 7, "it cannot be seen where the words of #acme begin", "Write it as #AcmeCorp"),
        ('joined:"acme"', 7, '"acme" cannot be written as one hashtag', 'joined:"acme corp"'),
        ('joined:"acme 🚀"', 7, '"acme 🚀" cannot be written as one hashtag', 'joined:"acme corp"'),
    ],
)
def test_a_term_is_refused(text: str, position: int, message: str, remedy: str) -> None:
    refused(text, position, message, remedy)


@pytest.mark.parametrize(
    ("text", "position", "message", "remedy"),
    [
        ("a sentimnt:neg", 2, "sentimnt: is no field", "Did you mean sentiment:?"),
        ("min_faves:9", 0, "min_faves: is no field", "Did you mean engagement:?"),
        ("language:en", 0, "language: is no field", "Did you mean lang:?"),
        ("@flie:x", 0, "@flie: is no field", "Did you mean @file:?"),
        ("re:invent", 0, "re: is no field", "double quotes"),
        ("title: a", 0, "title: has no value", "without a blank: title:acme"),
        ("title:", 0, "title: has no value", "without a blank: title:acme"),
        ("(a title:)", 3, "title: has no value", "without a blank: title:acme"),
        ("title:<<<x>>>a", 0, "title: has no value", "without a blank: title:acme"),
        ("title:-a", 6, "NOT stands directly behind title:", "NOT title:acme"),
        ("title:OR", 6, "OR stands directly behind title:", "double quotes"),
        ("title:(a lang:en)", 9, "a field stands inside title:", "beside title:"),
        ("title:text:a", 6, "a field stands inside title:", "beside title:"),
        ("url:#a", 4, "url: holds no hashtags", "url:a"),
        ("author:(a NEAR/2 #b)", 8, "author: holds no hashtags", "author:b"),
        ("links:@a", 6, "links: holds no names", "links:a"),
        ("lang:", 0, "lang: has no value", "lang:en"),
        ("lang: en", 0, "lang: has no value", "lang:en"),
        ('lang:""', 5, "lang: has no value", "lang:en"),
        ("lang:english", 5, "english is not the code of a language", "ISO 639-1"),
        ("lang:vn", 5, "vn is not the code of a language", "Did you mean lang:vi?"),
        ("lang:CN", 5, "CN is not the code of a language", "Did you mean lang:zh?"),
        ("lang:nb", 5, "nb is not the code of a language", "Did you mean lang:no?"),
        ("lang:xx-yy", 5, "xx-yy is not the code of a language", "Write codes of ISO 639-1"),
        ("lang:-en", 5, "a minus stands behind lang:", "-lang:en"),
        ("lang:en, de", 8, "a value of lang: is missing here", "lang:one,two"),
        ("lang:(en de)", 9, "an OR is missing here", "OR between them"),
        ("lang:(en or de)", 9, "an OR is missing here", "OR between them"),
        ("lang:(en OR)", 11, "a value of lang: is missing here", "lang:(one OR two)"),
        ("lang:(NOT en)", 6, "a value of lang: is missing here", "lang:(one OR two)"),
        ("lang:(en", 5, "this bracket is never closed", "Add the )"),
        ('lang:en"de"', 7, "something stands directly behind the value of lang:", "a blank between"),
        ('source:"a', 7, "the quotes that open here never close", 'closing "'),
        ("source:a*", 7, "a value takes no wildcards", "Write the whole value"),
        ("country:uk", 8, "uk is not the code of a country", "country:gb"),
        ("country:germany", 8, "germany is not the code of a country", "ISO 3166-1"),
        ("site:acme.com/blog", 5, "a site is a host", 'site:acme.com url:"acme.com/blog"'),
        ("site:*.acme.com", 5, "a host takes no wildcards", "blog.acme.com, too"),
        ("site:a..b", 5, "a..b is not a host", "site:acme.com"),
        ("hashtag:a-b", 8, "#a-b is not a hashtag", "double quotes"),
        ("mention:@", 8, "@ is not a name", "double quotes"),
        ("kind:reviews", 5, "kind: has no value reviews", "Did you mean kind:review?"),
        ("is:x", 3, "is: has no value x", "It takes reply, repost, owned"),
        ("is:retweet", 3, "is: has no value retweet", "Did you mean is:repost?"),
        ("has:Photo", 4, "has: has no value Photo", "Did you mean has:media?"),
        ("followers:>10,000", 13, "behind this comma could stand thousands", "followers:10k for one"),
        ("engagement:10.000", 11, "10.000 is not a whole number", "engagement:10000"),
        ("followers:1.2345k", 10, "1.2345k is not a whole number", "followers:10000"),
        ("rating:good", 7, "good is not a number", "rating:[1 TO 2]"),
        ("rating:> 3", 7, "a number is missing behind >", "rating:>3"),
        ("rating:3..5", 7, "3..5 is not a number", "rating:[1 TO 2]"),
        ("followers:1e30", 10, "1e30 is more than anything counts", "at most"),
        ("rating:[1", 7, "this [ is never closed", "rating:[1 TO 2]"),
        ("rating:[1 to 2]", 7, "[1 to 2] is no range", "rating:[1 TO 2]"),
        ("rating:[2 TO 1]", 7, "this range ends before it begins", "rating:[1 TO 2]"),
        ("rating:[* TO *]", 7, "[* TO *] leaves everything open", "rating:[3 TO *]"),
        ("lang:[a TO b]", 5, "lang: takes no [range]", "each value"),
        ("after:[2026-01-01 TO 2026-02-01]", 6, "after: takes no [range]", "after:2026-03-01 before:2026-04-01"),
        ("after:yesterday", 6, "yesterday is no date or time", "after:2026-03-02"),
        ("after:2026-02-30", 6, "2026-02-30 is no date or time", "after:2026-03-02"),
        ("before:0001-01-01T00:00+09:00", 7, "is no date or time", "before:2026-03-02"),
    ],
)
def test_a_field_is_refused(text: str, position: int, message: str, remedy: str) -> None:
    refused(text, position, message, remedy)


@pytest.mark.parametrize("made", ['"{}"', "{{{}}}", 'raw:"{}"', 'plain:"{}"'])
def test_more_than_a_hundred_words_in_a_row_are_refused(made: str) -> None:
    assert parse(made.format("a " * 100))
    with pytest.raises(QueryError, match="101 words in a row; 100 are allowed"):
        parse(made.format("a " * 101))
    with pytest.raises(QueryError, match="101 words in a row"):
        parse("-".join(["a"] * 101))
