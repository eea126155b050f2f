"""CSS selectors matched while a page is read: the same elements as a tree would give, in time linear in the page."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from cssselect import HTMLTranslator
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from lxml import html as lxml_html

from scrapers.formats import html
from scrapers.formats.selectors import BadSelectorError, Matcher, check


class Places:
    """The places, in the order of the page, of the elements that a selector finds."""

    def __init__(self, selector: str) -> None:
        self.found: list[int] = []
        self._matcher, self._count = Matcher({"it": selector}), 0

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        if self._matcher.start(tag, attrib):
            self.found.append(self._count)
        self._count += 1

    def end(self, tag: str) -> None:
        self._matcher.end()

    def data(self, data: str) -> None:
        pass

    def ending(self) -> None:
        pass


def places(markup: str, selector: str) -> list[int]:
    reader = Places(selector)
    html.feed(markup, reader)
    return reader.found


def by_tree(markup: str, selector: str) -> list[int]:
    root = lxml_html.document_fromstring(markup)
    order = {element: number for number, element in enumerate(root.iter(etree.Element))}
    return sorted(order[element] for element in root.xpath(HTMLTranslator().css_to_xpath(selector)))


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
    "div", "span", "*", ".a", ".b", "div.a", "#one", ".a:not(.b)", "[data-x]", "[data-x|=en]", "[data-x~=y]",
    "[class^=a]", "[class$=b]", "[class*=a]", "[data-x=x]", ":first-child", ":nth-child(2n+1)", ":nth-child(3)",
    "div:nth-child(-n+2)", "div:first-of-type", "div:nth-of-type(2)", ":is(.a, #two)", '[CLASS="A" i]',
])
# fmt: on
paths = st.lists(st.tuples(compounds, st.sampled_from([" ", " > ", " + ", " ~ "])), min_size=1, max_size=4).map(
    lambda steps: "".join(f"{compound}{combinator}" for compound, combinator in steps).rstrip(" >+~")
)
selectors = st.lists(paths, min_size=1, max_size=2).map(", ".join)


def written(tree: tuple[str, dict[str, str], list]) -> str:
    tag, attrib, children = tree
    said = "".join(f' {name}="{value}"' for name, value in attrib.items())
    return f"<{tag}{said}>{''.join(map(written, children))}</{tag}>"


@given(tree=trees, selector=selectors)
@settings(deadline=None)
def test_a_selector_finds_what_a_tree_would_give(tree: tuple[str, dict[str, str], list], selector: str) -> None:
    markup = f"<html><body>{written(tree)}</body></html>"
    assert places(markup, selector) == by_tree(markup, selector)


@pytest.mark.parametrize(
    ("selector", "says"),
    [
        ("div >", "no CSS selector"),
        ("a::before", "::before"),
        ("li:last-child", ":last-child is not understood"),
        ("li:has(a)", "has"),
        ("li:contains('x')", ":contains() is not understood"),
        ("li:nth-child(foo)", "no number"),
        ("[a!=b]", "not understood"),
        ("a" * 600, "more than 500"),
        ("(" * 400, "no CSS selector"),
    ],
)
def test_what_cannot_be_matched_is_refused_in_words(selector: str, says: str) -> None:
    with pytest.raises(BadSelectorError, match=says.replace("(", r"\(").replace(")", r"\)")):
        check(selector)


@pytest.mark.parametrize("selector", ["li ~ li ~ li", "ul li ul li ul li", "* + * ~ * > *", "li:nth-child(3n) ~ li"])
@pytest.mark.parametrize("markup", ["<li>x" * 40_000, "<ul><li>" * 350 + "x", "<div>" * 50_000])
def test_a_hostile_page_takes_no_seconds(selector: str, markup: str) -> None:
    began = time.process_time()
    places(markup, selector)
    assert time.process_time() - began < 3
