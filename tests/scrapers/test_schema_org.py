"""schema.org reviews in everything that pages do to them."""

from __future__ import annotations

import json

import pytest

from insight.model import Gap, Post, Precision, Rating, Reading
from scrapers.answers import read_page
from scrapers.base import Page, Search
from scrapers.reviews.schema_org import Reviews
from tests.scrapers.samples import NOW, body, read


def page(*blocks: object, markup: str = "", end: str = "</body></html>") -> bytes:
    written = (block if isinstance(block, str) else json.dumps(block) for block in blocks)
    scripts = "".join(f'<script type="application/ld+json">{block}</script>' for block in written)
    return f"<html><head>{scripts}</head><body>{markup}{end}".encode()


def review(**changes: object) -> dict[str, object]:
    return {"@type": "Review", "author": "Fern", "datePublished": "2026-03-01", "reviewBody": "Fine.", **changes}


def posts(content: bytes) -> list[Post]:
    return [item for item in read("reviews", content).items if isinstance(item, Post)]


def test_json_ld_is_read_from_a_graph_with_its_references() -> None:
    first, second = posts(body("reviews", "jsonld.html"))
    assert (first.native_id, first.author, first.title) == ("https://shop.example/acme#r1", "Fern Hollow", "Gone")
    assert first.text == "Lost & gone.\nAll of it."
    assert (first.rating, first.precision) == (Rating(2.0, 0.0, 10.0), Precision.DAY)
    assert (second.author, second.text, second.language) == ("Moss Lane", "Fine.", "en")
    assert second.rating == Rating(80.0, 0.0, 100.0)


def test_microdata_is_read_with_its_nesting() -> None:
    first, second = posts(body("reviews", "microdata.html"))
    assert (first.author, first.title, first.text) == ("Fern Hollow", "Slow", "It is slow.\nVery slow.")
    assert first.rating == Rating(3.0, 1.0, 10.0)
    assert first.published_at.isoformat() == "2026-03-02T00:00:00+00:00"
    assert (second.author, second.text, second.rating) == ("Moss Lane", "Good enough.", None)


def test_microdata_that_is_referred_to_belongs_to_its_item() -> None:
    markup = """<p id=by>by <b itemprop=author>Fern</b></p>
      <div itemscope itemtype="https://schema.org/Review" itemref="by stars missing"><p itemprop=reviewBody>It hums.</p></div>
      <div id=stars><p itemprop=reviewRating itemscope><b itemprop=ratingValue>2</b> of 5</p></div>"""  # noqa: E501
    (post,) = posts(page(markup=markup))
    assert (post.text, post.author, post.rating) == ("It hums.", "Fern", Rating(2.0))


def test_microdata_that_refers_to_itself_is_read_once() -> None:
    markup = """<div id=a itemscope itemtype="https://schema.org/Review" itemref="a b" itemprop=review>
      <p itemprop=reviewBody>It hums.</p><div id=b itemscope itemref=a itemprop=review>x</div></div>"""
    assert [post.text for post in posts(page(markup=markup))] == ["It hums."]


def test_the_version_of_reviewed_software_is_a_fact() -> None:
    software = {"@type": "SoftwareApplication", "name": "Acme", "softwareVersion": "4.2"}
    of_software, of_shoes = posts(page(review(itemReviewed=software), review(author="Moss", itemReviewed="Shoes")))
    assert (of_software.facts, of_shoes.facts) == ({"version": "4.2"}, {})


def test_averages_are_readings() -> None:
    readings = [item for item in read("reviews", body("reviews", "microdata.html")).items if isinstance(item, Reading)]
    assert [(reading.indicator, reading.value, reading.at) for reading in readings] == [
        ("rating:shop.example/acme", 3.5, NOW),
        ("ratings:shop.example/acme", 12.0, NOW),
    ]


def test_averages_of_several_things_are_told_apart() -> None:
    products = [
        {"@type": "Product", "name": name, "aggregateRating": {"@type": "AggregateRating", "ratingValue": value}}
        for name, value in (("A", 4), ("B", 2))
    ]
    found = {item.indicator: item.value for item in read("reviews", page(products)).items if isinstance(item, Reading)}
    assert found == {"rating:shop.example/acme#A": 4.0, "rating:shop.example/acme#B": 2.0}


def readings(**said: object) -> dict[str, float]:
    average = {"@type": "AggregateRating", **said}
    product = {"@type": "Product", "name": "Acme", "aggregateRating": average}
    return {item.indicator: item.value for item in read("reviews", page(product)).items if isinstance(item, Reading)}


def test_counts_are_whole_however_the_place_writes_them() -> None:
    for written in (2048, "2048", "2,048", "2.048", "2 048", "2\u202f048", "2'048", "2048.0", "(2,048 reviews)"):
        assert readings(reviewCount=written) == {"reviews:shop.example/acme": 2048.0}
    for written in ("4.6", "2K", "8/10", "-3", "many", True):
        assert readings(reviewCount=written) == {}


def test_who_rated_without_a_word_wrote_no_review() -> None:
    assert readings(ratingValue="4,5", ratingCount="1.310", reviewCount=87) == {
        "rating:shop.example/acme": 4.5,
        "ratings:shop.example/acme": 1310.0,
        "reviews:shop.example/acme": 87.0,
    }
    assert readings(ratingValue=3, ratingCount=12) == {
        "rating:shop.example/acme": 3.0,
        "ratings:shop.example/acme": 12.0,
    }


def test_upvotes_are_counts_too() -> None:
    (post,) = posts(page(review(upvoteCount="1,024", commentCount=3)))
    assert post.engagement == {"likes": 1024, "replies": 3}


FORGIVEN = {
    "control characters": '{"@type": "Review", "reviewBody": "Fi\nne.\t"}',
    "comments and trailing commas": '{"@type": "Review", // what it is\n "reviewBody": "Fine.", /* no more */ }',
    "an address that looks like a comment": '{"@type": "Review", "reviewBody": "Fine.", "url": "https://shop.example/r/1",}',
    "CDATA": '//<![CDATA[\n{"@type": "Review", "reviewBody": "Fine."}\n//]]>',
    "an HTML comment": '<!-- {"@type": "Review", "reviewBody": "Fine."} -->',
    "a semicolon": '{"@type": "Review", "reviewBody": "Fine."};',
    "entities for quotes": "{&quot;@type&quot;: &quot;Review&quot;, &quot;reviewBody&quot;: &quot;Fine.&quot;}",
    "whole names": '{"@type": "https://schema.org/Review", "http://schema.org/reviewBody": "Fine."}',
    "prefixed names": '{"@type": ["schema:Review"], "schema:reviewBody": {"@value": "Fine."}}',
    "lists in lists": '{"@type": "Product", "review": [[{"@type": "Review", "reviewBody": ["Fine."]}]]}',
    "no type of its own": '{"@type": "Recipe", "review": {"reviewBody": "Fine."}}',
    "a subclass": '{"@type": "CriticReview", "reviewBody": "Fine."}',
}


@pytest.mark.parametrize("name", FORGIVEN)
def test_json_ld_is_read_in_spite_of(name: str) -> None:
    batch = read("reviews", page(FORGIVEN[name]))
    assert [post.text.replace("\n", "") for post in batch.items if isinstance(post, Post)] == ["Fine."]
    assert batch.rejected == ()


def test_a_broken_block_beside_a_good_one_is_set_aside() -> None:
    batch = read("reviews", page('{"@type": "Review", "reviewBody": "cut of', review(), "null", ""))
    assert [post.text for post in batch.items] == ["Fine."]
    assert [rejected.reason.partition(":")[0] for rejected in batch.rejected] == ["a JSON-LD block that is no JSON"]


def test_a_review_that_says_nothing_is_set_aside_and_its_neighbours_stay() -> None:
    batch = read(
        "reviews", page([review(), {"@type": "Review", "author": "Moss"}, review(reviewBody=None, reviewRating=4)])
    )
    assert [(post.text, post.rating and post.rating.value) for post in batch.items] == [("Fine.", None), ("", 4.0)]
    assert len(batch.rejected) == 1


RATINGS = {
    "4": Rating(4.0, 1.0, 5.0),
    "4,5": Rating(4.5, 1.0, 5.0),
    "3.777777": Rating(3.777777, 1.0, 5.0),
    "4/5": Rating(4.0, 1.0, 5.0),
    "8 out of 10": Rating(8.0, 1.0, 10.0),
    "85%": Rating(85.0, 0.0, 100.0),
    "0": Rating(0.0, 0.0, 5.0),
    "9": None,
    "-1": None,
    "great": None,
    "": None,
}


@pytest.mark.parametrize("written", RATINGS)
def test_a_rating_is_on_its_own_scale(written: str) -> None:
    (post,) = posts(page(review(reviewRating={"@type": "Rating", "ratingValue": written})))
    assert post.rating == RATINGS[written]


def test_a_named_scale_counts_and_an_impossible_one_is_no_rating() -> None:
    def rated(**scale: object) -> Rating | None:
        return posts(page(review(reviewRating={"ratingValue": 7, **scale})))[0].rating

    assert rated(bestRating="10", worstRating=0) == Rating(7.0, 0.0, 10.0)
    assert rated(bestRating=7, worstRating=7) is None
    assert rated(bestRating=5) is None


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("Fern", "Fern"),
        ({"@type": "Person", "name": "Fern"}, "Fern"),
        ([{"name": ""}, {"name": "Fern"}], "Fern"),
        ({"@type": "Person"}, None),
        (7, "7"),
        (None, None),
    ],
)
def test_an_author_is_a_name_a_person_or_a_list(author: object, name: str | None) -> None:
    assert posts(page(review(author=author)))[0].author == name


def test_midnight_sharp_is_a_day_wherever_it_is() -> None:
    (post,) = posts(page(review(datePublished="2026-03-01T00:00:00+02:00")))
    assert (post.published_at.isoformat(), post.precision) == ("2026-03-01T00:00:00+00:00", Precision.DAY)


def test_the_id_holds_over_pages_and_tells_reviews_apart() -> None:
    source = Reviews(url="https://shop.example/acme?id=7")

    def ids(url: str, *reviews: object) -> list[str]:
        request = source.start(Search(), None, NOW)
        return [item.native_id for item in read_page(source, Page(request, 200, page(*reviews), url, NOW)).items]

    one = ids("https://shop.example/acme?id=7", review())
    assert one == ids("http://www.shop.example/acme?utm_source=x&id=7&page=2", review())
    assert one != ids("https://shop.example/acme?id=8", review())
    assert len(set(ids("https://shop.example/acme", review(), review(author="Moss"), review(reviewBody="Bad.")))) == 3


def numbered(*texts: str, first: int = 0, step: int = 1) -> bytes:
    """A page whose reviews have numbers for ids."""
    names = (f"#review-{first + step * place}" for place in range(len(texts)))
    return page([review(**{"@id": name, "reviewBody": text}) for name, text in zip(names, texts, strict=True)])


def test_an_id_that_only_counts_down_the_page_names_no_review() -> None:
    old = {post.text: post for post in posts(numbered("The hinge broke.", "It hums.", first=1))}
    new = {post.text: post for post in posts(numbered("It leaks.", "The hinge broke.", "It hums.", first=1))}
    assert {text: new[text].native_id for text in old} == {text: post.native_id for text, post in old.items()}
    assert new["It leaks."].native_id not in {name for post in old.values() for name in (post.native_id, *post.aliases)}
    assert old["It hums."].aliases == ("https://shop.example/acme#review-2",), "by which it may be stored"
    (alone,) = posts(numbered("It leaks."))
    assert alone.native_id == new["It leaks."].native_id


def test_a_number_that_the_site_gave_a_review_names_it() -> None:
    for step, first in ((-1, 12), (9, 4), (-3, 70)):
        assert posts(numbered("The hinge broke.", "It hums.", first=first, step=step))[0].native_id == (
            f"https://shop.example/acme#review-{first}"
        )
    random = review(**{"@id": "#/schema/Review/6453cd5b42cfb4610"})
    assert posts(page(random))[0].native_id.endswith("#/schema/Review/6453cd5b42cfb4610")


def test_an_anchor_is_the_same_on_every_page_of_a_list_and_by_every_link() -> None:
    source, found = Reviews(url="https://shop.example/acme?id=7"), set()
    for url in (source.url, "http://shop.example/acme?utm_source=mail&id=7", "https://shop.example/acme?id=7&page=2"):
        content = page(review(**{"@id": "#r-e7f"}))
        batch = read_page(source, Page(source.start(Search(), None, NOW), 200, content, url, NOW))
        found |= {item.native_id for item in batch.items}
    assert found == {"https://shop.example/acme?id=7#r-e7f"}


def test_a_date_that_is_another_text_tomorrow_is_no_part_of_an_id() -> None:
    today, tomorrow = (posts(page(review(datePublished=f"{days} days ago")))[0] for days in (2, 3))
    assert today.native_id == tomorrow.native_id
    assert today.aliases != tomorrow.aliases
    assert posts(page(review(datePublished="2026-03-02")))[0].native_id != posts(page(review()))[0].native_id


def test_an_id_that_several_reviews_share_names_none_of_them() -> None:
    shared = [review(url="https://shop.example/product"), review(url="https://shop.example/product", author="Moss")]
    assert len({post.native_id for post in posts(page(shared))}) == 2


def test_the_same_review_twice_is_one_and_microdata_beside_json_ld_is_not_read_again() -> None:
    markup = '<div itemscope itemtype="http://schema.org/Review"><p itemprop="reviewBody">Fine</p></div>'
    assert len(posts(page(review(), review(), markup=markup))) == 1


def test_fact_checks_are_no_reviews() -> None:
    assert posts(page({"@type": "ClaimReview", "reviewBody": "False.", "author": "Fern"})) == []


def test_a_page_with_other_data_holds_no_review() -> None:
    batch = read("reviews", page({"@type": "MusicEvent", "name": "x"}))
    assert (batch.items, batch.rejected) == ((), ())


def test_a_review_that_the_page_breaks_off_in_is_set_aside() -> None:
    markup = '<div itemscope itemtype="http://schema.org/Review"><p itemprop="reviewBody">I liked it until'
    batch = read("reviews", page(markup=markup, end=""))
    assert batch.items == ()
    assert batch.rejected[0].reason == "the page breaks off inside this review"


def test_the_next_page_is_followed_while_there_is_news() -> None:
    source = Reviews(url="https://shop.example/acme")

    def further(since: str | None, target: str) -> list[str]:
        request = source.start(Search(), since, NOW)
        content = page(review(), markup=f'<a rel="next" href="{target}">more</a>')
        return [found.url for found in read_page(source, Page(request, 200, content, request.url, NOW)).requests]

    assert further(None, "?page=2") == ["https://shop.example/acme?page=2"]
    assert further("2026-03-01T00:00:00+00:00", "?page=2") == []
    assert further(None, "https://elsewhere.example/") == []
    assert further(None, "/acme") == []


def test_a_body_that_is_json_ld_itself_is_read() -> None:
    assert [post.text for post in posts(json.dumps(review()).encode())] == ["Fine."]


def test_robots_txt_binds_this_kind() -> None:
    assert Reviews.obey_robots


def test_reviews_that_are_all_new_leave_a_gap_unless_a_page_follows() -> None:
    source = Reviews(url="https://shop.example/acme")
    shown = [review(datePublished=f"2026-03-0{day}", reviewBody=f"Day {day}.") for day in (1, 2)]

    def gaps(since: str | None, markup: str = "") -> list[Gap]:
        request = source.start(Search(), since, NOW)
        batch = read_page(source, Page(request, 200, page(*shown, markup=markup), request.url, NOW))
        return [item for item in batch.items if isinstance(item, Gap)]

    (gap,) = gaps("2026-02-20T00:00:00+00:00")
    assert gap.until.isoformat() == "2026-03-01T00:00:00+00:00"
    assert gaps("2026-02-20T00:00:00+00:00", '<a rel="next" href="/acme?page=2">2</a>') == []
    assert gaps("2026-03-01T00:00:00+00:00") == []
    assert gaps(None) == []
