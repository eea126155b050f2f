"""A page as a tree: the same as bs4 builds, within bounds; and the elements that the selectors of users find in it."""

from __future__ import annotations

import time

import bs4
import pytest
import soupsieve
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.formats import html, soup
from scrapers.formats.soup import BadSelectorError, check

attributes = st.fixed_dictionaries(
    {},
    optional={
        "class": st.sampled_from(["a", "b", "a b", "ab"]),
        "id": st.sampled_from(["one", "two"]),
        "data-x": st.sampled_from(["", "en", "en-US", "x y"]),
    },
)
trees = st.recursive(
    st.tuples(st.sampled_from(["div", "span", "section"]), attributes, st.just([])),
    lambda inner: st.tuples(st.sampled_from(["div", "section"]), attributes, st.lists(inner, max_size=4)),
    max_leaves=12,
)
# fmt: off
compounds = st.sampled_from([
    "div", "SPAN", "*", ".a", ".b", "div.a", "#one", ".a:not(.b)", "[data-x]", "[data-x|=en]", "[data-x~=y]",
    "[class^=a]", "[class$=b]", "[data-x!=x]", ":first-child", ":nth-child(2n+1)", ":nth-child(-n+2 of .a)",
    "div:first-of-type", ":last-child", ":nth-last-child(2)", ":only-child", ":empty", ":has(.a)", ":has(> .b + div)",
    ":is(.a, #two)", '[CLASS="A" i]', ":root", ":-soup-contains('x')",
])
# fmt: on
paths = st.lists(st.tuples(compounds, st.sampled_from([" ", " > ", " + ", " ~ "])), min_size=1, max_size=4).map(
    lambda steps: "".join(f"{compound}{combinator}" for compound, combinator in steps).rstrip(" >+~")
)
selectors = st.lists(paths, min_size=1, max_size=2).map(", ".join)


def written(tree: tuple[str, dict[str, str], list]) -> str:
    tag, attrib, children = tree
    said = "".join(f' {name}="{value}"' for name, value in attrib.items())
    return f"<{tag}{said}>x{' y '.join(map(written, children))}</{tag}>" if children else f"<{tag}{said}></{tag}>"


def shape(node: bs4.PageElement) -> object:
    """A node with all that it is linked to."""
    around = (node.parent, node.previous_sibling, node.next_sibling, node.previous_element, node.next_element)
    names = [str(one) if isinstance(one, str) else one and (one.name, str(one.get("id"))) for one in around]
    if isinstance(node, bs4.Tag):
        return node.name, dict(node.attrs), names, [shape(child) for child in node.contents]
    return str(node), names


@given(tree=trees, selector=selectors)
@settings(deadline=None)
def test_tree_and_selectors_are_those_of_bs4(tree: tuple[str, dict[str, str], list], selector: str) -> None:
    markup = f"<html><body>{written(tree)}</body></html>"
    ours, theirs = soup.parse(markup), bs4.BeautifulSoup(markup, "lxml", multi_valued_attributes=None)
    assert shape(ours.elements[1]) == shape(theirs.body)
    order = {id(element): number for number, element in enumerate(theirs.find_all(True))}
    found = theirs.select(selector, flags=soupsieve.NOSTRICT)
    assert [one.number for one in ours.find(selector)] == [order[id(one)] for one in found]


REVIEWS = """<html><body><main>
<article class="review top" id=r1 data-id=7><h3>Good</h3><p id=p1>One</p><p id=p2>Two</p><footer>by <a id=a1 href=/u/fern>Fern</a></footer></article>
<article class=review id=r2><h3>Bad</h3><p id=p3></p><div id=d1><p id=p4 lang=de>Leider</p></div></article>
<article class="review promoted" id=r3><h3>Ad</h3><p id=p5>Buy</p><img id=i1 alt="4 stars"></article>
</main><nav><a id=n1 href="/p/1">1</a><a id=n2 href="/p/2" rel="next nofollow">2</a></nav></body></html>"""  # noqa: E501


@pytest.mark.parametrize(
    ("selector", "finds"),
    [
        (".review", "r1 r2 r3"),
        (".review:not(.promoted)", "r1 r2"),
        ("article.review > p", "p1 p2 p3 p5"),
        (".review p", "p1 p2 p3 p4 p5"),
        (".review:has(footer a)", "r1"),
        (".review:has(> img[alt*=star])", "r3"),
        (".review:last-child", "r3"),
        (".review:nth-last-child(-n+2)", "r2 r3"),
        (".review:nth-child(odd)", "r1 r3"),
        (".review p:first-of-type", "p1 p3 p4 p5"),
        ("p:last-of-type", "p2 p3 p4 p5"),
        ("div > p:only-child", "p4"),
        ("p:empty", "p3"),
        ("h3 + p", "p1 p3 p5"),
        ("h3 ~ p", "p1 p2 p3 p5"),
        ("h3:-soup-contains('Bad') ~ div", "d1"),
        ("nav a:last-child", "n2"),
        ("a[rel~=next]", "n2"),
        ("a[href^='/p/']", "n1 n2"),
        ("ARTICLE[DATA-ID='7']", "r1"),
        (":is(#p1, #p5), footer > a", "p1 a1 p5"),
        ("p:lang(de)", "p4"),
        ("article:where(.top, .promoted)", "r1 r3"),
        (".nothing", ""),
    ],
)
def test_a_selector_that_users_write_finds(selector: str, finds: str) -> None:
    tree = soup.parse(REVIEWS)
    assert [element.attrs["id"] for element in tree.find(selector)] == finds.split()


def test_scope_is_each_item() -> None:
    tree = soup.parse("<ul><li id=a><b id=b1></b><i><b></b></i><ul><li id=c><b id=b2></b></li></ul></li></ul>")
    assert [one.attrs["id"] for one in tree.find(":scope > b", tree.find("li"))] == ["b1", "b2"]


@pytest.mark.parametrize(
    ("selector", "says"),
    [
        ("div >", "'div >' is no CSS selector: "),
        ("", "'' is no CSS selector: Expected a selector"),
        ("p..x", "Malformed class selector"),
        ("a::before", "Pseudo-element"),
        ("li:nth-child(foo)", "':nth-child'"),
        ("li:foo", "':foo'"),
        ("li:has(a", "no CSS selector"),
        ("a:hover", "'a:hover': :hover is nothing that a page as it is sent can tell"),
        ("li:CONTAINS('x')", "is written :-soup-contains('words') here"),
        ("@media print", "no CSS selector"),
        ("a" * 600, "more than 500"),
        ("(" * 400, "no CSS selector"),
        (":is(" * 120 + "a", "no CSS selector"),
    ],
)
def test_what_cannot_be_matched_is_refused_in_one_line(selector: str, says: str) -> None:
    with pytest.raises(BadSelectorError) as caught:
        check(selector)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_the_markup_does_not_close_is_torn_unless_the_page_is_whole() -> None:
    def torn(markup: str) -> list[str]:
        return [one.attrs["id"] for one in soup.parse(markup).find("[id]") if one.torn]

    assert torn("<body><div id=a>a</div><div id=b>b<p id=c>") == ["b", "c"]
    assert torn("<body><div id=a>a<p id=c>c</body></html>\n") == []
    assert torn("<body><div id=a>" + "<hr>" * 60_000 + "</body></html>") == ["a"]
    assert torn("<body><div id=a>" + "a" * html.CAP + "</body></html>") == ["a"]


def test_a_template_shows_nothing_but_one_of_a_shadow_root() -> None:
    markup = "<template>{name}<p id=a></p></template><template shadowrootmode=open><p id=b></p></template><p id=c></p>"
    assert [one.attrs["id"] for one in soup.parse(markup).find("p")] == ["b", "c"]


def test_what_is_asked_for_is_read_where_its_attributes_hide_it() -> None:
    tree = soup.parse("<div hidden class=full>All of it<br>is <b>here</b><script>no()</script></div>")
    assert soup.read_into(html.Lines(), tree.find(".full")[0]).lines() == "All of it\nis here"


HOSTILE = {
    "siblings": "<li>x" * 49_000,
    "nested lists": "<ul><li>" * 350 + "x",
    "nested": "<div>" * 50_000,
    "rows": "<p><b>x</b></p>" * 24_000,
}


# fmt: off
COSTLY = [
    "li ~ li ~ li", "ul li ul li ul li", "* + * ~ * > *", "li:nth-last-child(3n) ~ li", ":has(~ * b)",
    "p:has(+ p):not(:has(+ div))", ":-soup-contains('y')",
]
# fmt: on


@pytest.mark.sampled(cases=3)
@pytest.mark.parametrize("selector", COSTLY)
@pytest.mark.parametrize("page", HOSTILE)
def test_a_hostile_page_takes_no_seconds(selector: str, page: str) -> None:
    began = time.process_time()
    soup.parse(HOSTILE[page]).find(selector)
    assert time.process_time() - began < 3
