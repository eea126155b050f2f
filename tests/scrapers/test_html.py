"""HTML: what nobody sees is not read, what people see is, and what others said is not the author's."""

from __future__ import annotations

import time

import pytest

from scrapers.formats import html

HIDDEN = [
    '<p hidden="">utm=42</p>',
    "<div hidden=until-found>utm=42</div>",
    '<div style="color:#fff; DISPLAY : none !important">Open in your browser</div>',
    '<span style="visibility:hidden">bait</span>',
    '<div style="display:none"><p>one</p><p>two <b>three</b></p><img src="https://px.example/1.gif"></div>',
    "<datalist><option>red</datalist>",
    "<video controls>Your browser plays no videos</video>",
    '<audio src="a.ogg">No <a href="https://a.example/a.ogg">sound</a></audio>',
]


@pytest.mark.parametrize("markup", HIDDEN)
def test_what_nobody_sees_is_not_read(markup: str) -> None:
    read = html.read(f"<p>The kettle leaks</p>{markup}<p>again</p>")
    assert (read.text, read.links, read.images) == ("The kettle leaks\nagain", (), ())


SEEN = {
    "sales grew <math><mn>3</mn><mo>×</mo></math> in May": "sales grew 3× in May",
    "<math><semantics><mi>E</mi><annotation encoding='x-tex'>\\mathrm{E}</annotation></semantics></math>": "E",
    "<script src=embed.js></script><noscript><pre>brew()</pre></noscript>": "brew()",
    '<p>Look: <object data="tea.swf"><p>It broke on day two.</p>': "Look:\nIt broke on day two.",
    '<p>Film: <video src="tea.mp4">It broke on day two.': "Film: It broke on day two.",
    "<pre>if hot:\n    pour()\n\n\tstir()   \n</pre>done": "if hot:\n    pour()\n\n\tstir()\ndone",
    "She wrote: <q>never again</q>.": 'She wrote: "never again".',
    "<table><caption>Faults</caption><tr><td>lid</td><td>spout</td></tr></table>": "Faults\nlid spout",
    '<span class="katex"><math><mi>x</mi></math><span class="katex-html" aria-hidden="true">x</span></span>': "x",
    "broken &#55357;&#56866; and &#xD83D; alone": "broken 😢 and alone",
    "un&shy;believ<wbr>able ke&#8203;ttle": "unbelievable kettle",
    "می‌خواهم 👩‍💻 क्‍ष": "می‌خواهم 👩‍💻 क्‍ष",
}


@pytest.mark.parametrize("markup", SEEN)
def test_what_people_see_is_read(markup: str) -> None:
    assert html.read(markup).text == SEEN[markup]


SIGNS = {
    '<img class="emoji" alt=":fire:" src="/e/fire.png">': ":fire:",
    '<img class="wp-smiley" alt=";-)" src="/s.gif">': ";-)",
    '<img class="smilie smilie--sprite" alt=":mad:" src="/s.gif">': ":mad:",
    '<img alt="💔" src="https://abs.example/1f494.svg">': "💔",
    '<img alt="👩🏽‍💻" src="https://abs.example/w.svg">': "👩🏽‍💻",
    '<img alt="1️⃣" src="https://abs.example/31.svg">': "1️⃣",
}


@pytest.mark.parametrize("markup", SIGNS)
def test_a_picture_that_stands_for_a_sign_is_that_sign(markup: str) -> None:
    read = html.read(f"<p>Third refund {markup} asked for</p>")
    assert (read.text, read.images) == (f"Third refund {SIGNS[markup]} asked for", ())


@pytest.mark.parametrize("alt", ["A kettle in flames", "2026", "カメラ", ""])
def test_any_other_picture_is_a_picture(alt: str) -> None:
    read = html.read(f'<p>Look <img alt="{alt}" src="https://a.example/k.jpg"></p>')
    assert (read.text, read.images) == ("Look", ("https://a.example/k.jpg",))


def test_what_a_forum_puts_into_a_post_is_not_what_its_author_wrote() -> None:
    read = html.read(
        '<aside class="quote no-group" data-username="oak"><div class="title"><img src="/o.png"> oak:</div>'
        "<blockquote><p>Acme is fine.</p></blockquote></aside>"
        "<p>No. See</p>"
        '<aside class="onebox listed" data-onebox-src="https://a.example/log"><header>Acme log</header></aside>'
        '<p>and <a class="inline-onebox" href="https://b.example/7">Bolt: all the best offers</a></p>'
        '<div class="lightbox-wrapper"><a class="lightbox" href="/full.png"><img alt="image" src="/small.png">'
        '<div class="meta"><span class="filename">image</span><span>690×388 12 KB</span></div></a></div>'
        '<aside class="onebox"><header class="source"><a href="https://c.example/">c.example</a></header>'
        '<h3><a href="https://c.example/">Cups</a></h3></aside><p>bye</p>',
        "https://forum.example/",
    )
    assert read.text == "No. See\nhttps://a.example/log\nand https://b.example/7\nhttps://c.example/\nbye"
    assert read.links == ("https://a.example/log", "https://b.example/7", "https://c.example/")
    assert read.images == ("https://forum.example/small.png",)


def test_a_headline_is_what_people_see_of_it() -> None:
    line = html.line("Geschäfts&shy;führer &#55357;&#56866; ke&#8203;ttle 👩‍💻 می‌خواهم")
    assert line == "Geschäftsführer 😢 kettle 👩‍💻 می‌خواهم"


def test_boxes_in_boxes_are_read_to_their_end() -> None:
    assert html.read("<div>" * 1000 + "deep" + "</div>" * 1000 + "after").text == "deep\nafter"


@pytest.mark.parametrize(
    "markup",
    [
        "<pre>" + " " * 400_000 + "x",
        "<pre>" + "\t \n" * 100_000,
        "<video>" * 40_000,
        "<p style='" + "display:" * 100_000 + "'>",
        "<p style='display" + " " * 400_000 + "'>",
        "<img alt='" + "#" * 200_000 + "'>",
        "&#55357;" * 50_000,
    ],
)
def test_hostile_markup_takes_no_seconds(markup: str) -> None:
    began = time.process_time()
    html.read(markup)
    assert time.process_time() - began < 1
