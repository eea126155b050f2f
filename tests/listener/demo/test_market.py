"""The simulated market: the same seed is the same market, life has a rhythm, and every post knows what it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from functools import cache
from itertools import pairwise
from statistics import mean

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from insight import query
from insight.model import Post
from listener.demo.configuration import QUERIES
from listener.demo.market import Market
from listener.demo.phrases import phrases
from listener.demo.posts import Made, MarketPost


@cache
def market(seed: int = 2026, weeks: int = 10) -> Market:
    return Market(seed, weeks=weeks)


def made_as(made: Made) -> list[MarketPost]:
    return [post for post in market().posts if post.truth.made is made]


def sentences() -> list[str]:
    """Every sentence of the phrase file, whatever its language."""
    found: list[str] = []

    def walk(value: object, name: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key not in ("slots", "people", "names", "topics", "tags"):
                    walk(inner, key)
        elif isinstance(value, list):
            found.extend(value)

    walk(phrases(), "")
    return found


def test_the_same_seed_makes_the_same_market() -> None:
    assert Market(7, weeks=2).posts == Market(7, weeks=2).posts


def test_another_seed_makes_another_market() -> None:
    assert Market(7, weeks=1).posts != Market(8, weeks=1).posts


@pytest.mark.parametrize("weeks", [1, 3, 7])
def test_a_shorter_market_ends_when_it_says(weeks: int) -> None:
    short = market(weeks=weeks)
    assert all(short.start <= post.at < short.end for post in short.posts)
    assert short.end - short.start == timedelta(weeks=weeks)


def test_ten_weeks_hold_as_many_posts_as_a_small_market_would() -> None:
    assert 5000 <= len(market().posts) <= 8000
    by_day = Counter(post.at.date() for post in market().posts)
    assert len(by_day) == 70
    assert all(45 <= count <= 175 for count in by_day.values())


def test_posts_are_in_order_and_ids_rise_with_time() -> None:
    assert all(one.at <= other.at for one, other in pairwise(market().posts))
    for platform in ("hackernews", "mastodon"):
        ids = [(post.at, int(post.id)) for post in market().posts if post.platform == platform]
        assert len({each for _, each in ids}) == len(ids)
        assert all(one < other for (early, one), (late, other) in pairwise(ids) if early < late)


def test_days_are_livelier_than_nights() -> None:
    hours = Counter(post.at.hour for post in market().posts)
    assert mean(hours[hour] for hour in range(13, 19)) > 3 * mean(hours[hour] for hour in range(1, 6))


def test_threads_are_written_at_work_and_reviews_on_the_sofa() -> None:
    by_platform: dict[str, Counter[bool]] = defaultdict(Counter)
    for post in made_as(Made.ORDINARY):
        by_platform[post.platform][post.at.weekday() >= 5] += 1
    weekend = {name: days[True] / 2 / (days[False] / 5) for name, days in by_platform.items()}
    assert weekend["hackernews"] < 0.8
    assert weekend["mastodon"] < 0.8
    assert weekend["appstore"] > 1.05


def test_the_queries_find_what_the_posts_were_made_about() -> None:
    matchers = {watch: query.compile(query.parse(text)) for watch, text in QUERIES.items()}
    for post in market().posts:
        found = Post("any", post.id, post.text, title=post.title or None, hashtags=post.tags)
        kept = {watch for watch, each in matchers.items() if (match := each.match(found)) and not match.excluded_by}
        assert kept | ({post.place} & set(QUERIES)) == set(post.truth.watches), post.text


def test_noise_holds_the_brands_name_and_the_exclusions_hide_it() -> None:
    noise, brand = made_as(Made.NOISE), query.compile(query.parse(QUERIES["lanternfish"]))
    matches = [brand.match(Post("any", post.id, post.text)) for post in noise]
    assert len(noise) > 150
    assert all(match and match.excluded_by for match in matches)


def test_the_spike_is_many_people_in_one_afternoon_and_far_above_the_usual() -> None:
    spike, events = made_as(Made.SPIKE), market().events
    usual = [
        post
        for post in market().posts
        if post.truth.sentiment == "negative"
        and "lanternfish" in post.truth.watches
        and post.truth.made is Made.ORDINARY
    ]
    before = [sum(post.at + timedelta(weeks=week) in events.spike for post in usual) for week in range(1, 7)]
    assert all(post.at in events.spike for post in spike)
    assert len({post.author.handle for post in spike}) == len(spike)
    assert {post.platform for post in spike} == {"hackernews", "mastodon"}
    assert 6 <= len(spike) / mean(before) <= 12


def test_the_new_complaint_is_a_few_people_a_day_in_many_places() -> None:
    theme, events = made_as(Made.THEME), market().events
    assert min(post.at for post in theme) >= events.theme.start
    by_day = Counter(post.at.date() for post in theme if post.at < events.theme_fades)
    assert 6 <= mean(by_day.values()) <= 10
    assert max(Counter((post.at.date(), post.at.hour // 3) for post in theme).values()) <= 4
    assert len({post.platform for post in theme}) == 5
    assert len({(post.platform, post.author.handle) for post in theme}) > 0.85 * len(theme)
    assert all("export" in f"{post.title} {post.text}".lower() for post in theme)
    assert not any("loses images" in post.text for post in market().posts if post.truth.made is Made.ORDINARY)


def test_what_people_write_about_the_events_is_negative_and_all_of_it_is_different() -> None:
    events = [*made_as(Made.SPIKE), *made_as(Made.THEME)]
    score = SentimentIntensityAnalyzer().polarity_scores
    assert all(score(f"{post.title} {post.text}")["compound"] <= -0.05 for post in events)
    assert len({post.text.casefold() for post in events}) == len(events)


def test_most_english_posts_read_as_they_were_meant() -> None:
    score = SentimentIntensityAnalyzer().polarity_scores
    english = [post for post in made_as(Made.ORDINARY) if post.language == "en"][::5]
    read = [score(f"{post.title}\n{post.text}")["compound"] for post in english]
    labels = ["positive" if each >= 0.05 else "negative" if each <= -0.05 else "neutral" for each in read]
    agreed = sum(post.truth.sentiment == label for post, label in zip(english, labels, strict=True))
    assert 0.88 <= agreed / len(english) < 1.0  # people are not read perfectly, and neither is this market


def test_three_languages_are_spoken_and_english_most() -> None:
    languages = Counter(post.language for post in market().posts)
    assert set(languages) == {"en", "es", "vi"}
    assert languages["en"] > 0.85 * languages.total()


def test_hundreds_of_people_write_and_nobody_alone_makes_the_market() -> None:
    people = Counter((post.platform, post.author.handle) for post in market().posts if post.platform != "feed")
    assert len(people) > 600
    assert max(people.values()) < 0.02 * people.total()


def test_some_posts_are_copied_edited_and_taken_down() -> None:
    posts = market().posts
    copies = [post for post in posts if post.story != post.id]
    originals = {post.id: post for post in posts}
    assert len(copies) > 100
    assert all(originals[post.story].at < post.at for post in copies)
    assert sum(post.edited_at is not None for post in posts) > 40
    assert sum(post.deleted_at is not None for post in posts) > 15
    assert all(post.edited_at > post.at and post.edited_text != post.text for post in posts if post.edited_at)


def test_answers_follow_what_they_answer() -> None:
    posts = {post.id: post for post in market().posts if post.platform in ("hackernews", "mastodon")}
    answers = [post for post in posts.values() if post.reply_to]
    assert len(answers) > 1500
    assert all(posts[post.reply_to].at <= post.at and post.thread in posts for post in answers)


def test_people_have_hundreds_of_sentences() -> None:
    assert len(set(sentences())) > 400


def test_ratings_follow_the_mood() -> None:
    stars = defaultdict(list)
    for post in market().posts:
        if post.rating:
            stars[post.truth.sentiment].append(post.rating)
    assert mean(stars["negative"]) < 2
    assert 3 <= mean(stars["neutral"]) < 4 < mean(stars["positive"])
