"""The pipeline: one answer a post, in order; each watch with its own spans; and no post that breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight import pipeline as module
from insight.model import Label, MentionState, Post, PostKind, Rating, Role, Span, UnderstoodPost, Watch
from insight.pipeline import Pipeline
from insight.query import QueryError

ACME = Watch("a", "Acme", Role.BRAND, "acme -jobs", version=3)
ZENITH = Watch("z", "Zenith", Role.COMPETITOR, "zenith OR #zenith")
PIPELINE = Pipeline([ACME, ZENITH])


def post(text: str, **more: object) -> Post:
    return Post("net", "1", text, **more)  # type: ignore[arg-type]


def understood(text: str, bound: frozenset[str] = frozenset(), **more: object) -> UnderstoodPost:
    return PIPELINE.understand([post(text, **more)], bound)[0]


def test_each_post_gets_one_answer_in_order() -> None:
    posts = [Post("net", str(i), text) for i, text in enumerate(["nothing", "Acme", "Zenith", "zenith, acme"])]
    answers = PIPELINE.understand(posts)
    assert [answer.post for answer in answers] == posts
    assert [[mention.watch for mention in answer.mentions] for answer in answers] == [[], ["a"], ["z"], ["a", "z"]]


def test_a_mention_says_what_was_understood() -> None:
    (mention,) = understood("I really love what Acme did with the new release").mentions
    assert mention.query_version == 3
    assert mention.language == "en"
    assert mention.sentiment.label is Label.POSITIVE
    assert mention.sentiment.evidence == ("love",)
    assert mention.spans == (Span("text", 19, 23),)
    assert mention.state is MentionState.KEPT
    assert mention.story.startswith("text:")


def test_what_an_exclusion_hides_is_kept_with_the_clause() -> None:
    (mention,) = understood("Acme jobs in Berlin").mentions
    assert (mention.state, mention.excluded_by) == (MentionState.EXCLUDED, "NOT jobs")


def test_each_watch_is_judged_by_its_own_sentences() -> None:
    filler = "The fair in the old town opened on Monday and ran until Sunday evening. " * 6
    answer = understood(f"Acme was wonderful. {filler}Zenith was horrible. {filler}")
    assert [mention.sentiment.label for mention in answer.mentions] == [Label.POSITIVE, Label.NEGATIVE]


def test_everything_from_a_bound_source_concerns_its_watch() -> None:
    answer = understood("Crashes on start", frozenset({"a"}), kind=PostKind.REVIEW, rating=Rating(1))
    (mention,) = answer.mentions
    assert (mention.watch, mention.state, mention.spans) == ("a", MentionState.KEPT, ())
    assert mention.sentiment.label is Label.NEGATIVE


def test_a_bound_watch_keeps_what_its_query_would_hide_or_highlight() -> None:
    (mention,) = understood("Acme jobs", frozenset({"a"})).mentions
    assert (mention.state, mention.excluded_by, mention.spans) == (MentionState.KEPT, None, (Span("text", 0, 4),))


def test_a_bound_watch_does_not_hide_the_others() -> None:
    assert [mention.watch for mention in understood("Zenith", frozenset({"a", "gone"})).mentions] == ["a", "z"]


def test_posts_that_concern_nobody_cost_no_further_thought(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> tuple[str, float]:
        raise AssertionError("a post that concerns nobody was read")

    monkeypatch.setattr(module, "recognise", refuse)
    assert understood("nothing here").mentions == ()


def test_a_wrong_query_is_refused_when_the_pipeline_is_built() -> None:
    with pytest.raises(QueryError):
        Pipeline([Watch("x", "X", Role.TOPIC, "x OR")])


def test_a_query_may_ask_who_brought_a_post_and_whether_it_is_the_team_s_own() -> None:
    watches = [
        Watch("own", "Own", Role.BRAND, "acme is:owned"),
        Watch("others", "Others", Role.BRAND, "acme NOT is:owned"),
        Watch("board", "Board", Role.BRAND, "acme source:board"),
    ]
    pipeline = Pipeline(watches, frozenset({"acme", "acme.example"}))

    def concerned(source: str, **more: object) -> list[str]:
        (answer,) = pipeline.understand([post("acme", **more)], source=source)
        return [mention.watch for mention in answer.mentions if mention.state is MentionState.KEPT]

    assert concerned("board:one", author="Acme") == ["own", "board"]
    assert concerned("feed", url="https://blog.acme.example/1") == ["own"]
    assert concerned("feed", author="somebody") == ["others"]


texts = st.text() | st.text(st.characters(categories=["Cs", "Cc", "Cf", "So"])).map(lambda text: f"acme {text}")


@given(texts, st.none() | texts, st.none() | texts, st.sampled_from(PostKind), st.lists(st.text(), max_size=2))
def test_no_post_breaks_it(text: str, title: str | None, odd: str | None, kind: PostKind, tags: list[str]) -> None:
    about = post(text, title=title, author=odd, url=odd, language=odd, kind=kind, hashtags=tuple(tags))
    (answer,) = PIPELINE.understand([about], frozenset({"a"}))
    assert answer.post is about
    assert answer == PIPELINE.understand([about], frozenset({"a"}))[0]


@pytest.mark.parametrize(
    "text",
    ["acme " * 2_000_000, "acme" + "x" * 10_000_000, "acme\0\ud800 " * 100_000, "acme 😂" * 20_000, "acme. " * 100_000],
)
def test_a_huge_post_is_understood_in_moments(text: str) -> None:
    answer = understood(text)
    assert all(mention.watch == "a" for mention in answer.mentions)
