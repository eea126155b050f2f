"""Reddit: the same posts from its feeds and from its API, a login, and listings that end too soon."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from insight.model import Deletion, Post, PostKind, Role, Watch
from scrapers.answers import read_login, read_page
from scrapers.base import Page, Request, SourceError
from scrapers.saved import read_saved
from scrapers.social.reddit import Reddit
from tests.scrapers.reddit_answers import API, FEEDS, POSTS, answer, link, listing, posts
from tests.scrapers.samples import NOW, body, read


def test_a_post_is_the_same_from_the_feed_and_from_the_api() -> None:
    by_api = {post.native_id: post for post in posts(read("reddit", body("reddit", "listing.json")))}
    by_feed = {post.native_id: post for post in posts(read("reddit", body("reddit", "search.xml")))}
    shared = by_api.keys() & by_feed.keys()
    assert shared == {"t3_acmeaa1", "t1_cmtaaaa"}
    for native_id in shared:
        one, other = by_api[native_id], by_feed[native_id]
        assert (one.text, one.title, one.author, one.url) == (other.text, other.title, other.author, other.url)
        assert (one.kind, one.thread, one.links) == (other.kind, other.thread, other.links)
        assert one.published_at == other.published_at


def test_a_post_has_its_numbers_its_edit_and_its_pictures() -> None:
    first, gallery, comment = posts(read("reddit", body("reddit", "listing.json")))
    assert (first.title, first.text) == ("Acme & bolt broke", "It broke, see the log.\nTwice.")
    assert first.engagement == {"points": 12, "replies": 3, "reposts": 1}
    assert first.edited_at == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert gallery.engagement == {"replies": 0}, "a hidden score is not known"
    assert gallery.media == (
        "https://preview.redd.example/pic2.jpg?width=10&s=b",
        "https://preview.redd.example/pic1.jpg?width=10&s=a",
    )
    assert (gallery.repost_of, gallery.links, gallery.edited_at) == ("t3_other1", (), None)
    assert (comment.kind, comment.reply_to, comment.thread, comment.title) == (
        PostKind.COMMENT,
        "t3_acmeaa1",
        "t3_acmeaa1",
        None,
    )


def test_what_reddit_writes_around_an_entry_is_left_out() -> None:
    _, news, comment = posts(read("reddit", body("reddit", "search.xml")))
    assert (news.text, news.links, news.author) == ("", ("https://news.example/acme",), "mosslane")
    assert (comment.text, comment.title, comment.reply_to) == ("Same here", None, None)


def test_words_of_the_author_that_look_like_the_tail_stay() -> None:
    markup = "It was submitted by /u/moss [link] [comments] they said"
    entry = f"<entry><id>t3_000001</id><content type='html'>&lt;p&gt;{markup}&lt;/p&gt;</content></entry>"
    batch = answer(Request("https://x.example"), f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</feed>".encode())
    assert [post.text for post in posts(batch)] == [markup]


@pytest.mark.parametrize(
    "changes",
    [
        {"selftext": "[deleted]", "author": "[deleted]"},
        {"selftext": "[removed]"},
        {"removed_by_category": "moderator", "selftext": "still here for its author"},
    ],
)
def test_what_was_taken_away_is_a_deletion(changes: dict[str, object]) -> None:
    batch = answer(Request("https://x.example"), listing([link(1, NOW, **changes)]))
    assert batch.items == (Deletion("reddit", "t3_000001"),)


def test_an_account_that_is_gone_takes_no_post_with_it() -> None:
    (post,) = posts(answer(Request("https://x.example"), listing([link(1, NOW, author="[deleted]", selftext="x")])))
    assert (post.author, post.text) == (None, "x")


def test_a_thread_gives_its_post_and_all_comments_below_it() -> None:
    inner = json.loads(body("reddit", "listing.json"))["data"]["children"]
    thread = [listing(inner[:1]), listing(inner[3:])]
    items = answer(Request("https://x.example"), thread).items
    assert [item.native_id for item in items] == ["t3_acmeaa1", "t1_cmtaaaa", "t1_cmtbbbb"]


def test_a_poll_is_read_with_its_options_and_markdown_where_no_markup_came() -> None:
    poll = {"options": [{"text": "acme"}, {"text": "bolt"}]}
    thing = link(1, NOW, selftext="Which **one**, [this](https://a.example/)?", poll_data=poll)
    (post,) = posts(answer(Request("https://x.example"), listing([thing])))
    assert (post.text, post.links) == ("Which one, this?\nacme\nbolt", ("https://a.example/",))


def test_the_login_asks_for_a_token_and_shows_no_secret() -> None:
    login = API.login()
    assert login is not None
    assert (login.request.method, login.request.url, login.request.body) == (
        "POST",
        "https://www.reddit.com/api/v1/access_token",
        "grant_type=client_credentials",
    )
    assert login.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert base64.b64decode(login.headers["Authorization"].removeprefix("Basic ")) == b"acme-app:s3cret"
    assert "s3cret" not in f"{API}{API!r}{login}{API.start(POSTS, None, NOW)}"
    page = Page(login.request, 200, b'{"access_token": "t0ken", "expires_in": 86400}', login.request.url, NOW)
    assert read_login(API, API.login(), page) == {"Authorization": "Bearer t0ken"}
    assert FEEDS.login() is None
    assert FEEDS.headers() == {}


@pytest.mark.parametrize(
    ("status", "content"),
    [(401, b'{"message": "Unauthorized", "error": 401}'), (200, b'{"error": "unsupported_grant_type"}'), (200, b"{}")],
)
def test_a_login_that_is_refused_names_the_remedy(status: int, content: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        read_login(
            API,
            API.login(),
            Page(API.login().request, status, content, "https://www.reddit.com/api/v1/access_token", NOW),
        )
    assert caught.value.permanent
    assert "client_id" in caught.value.remedy


def test_feeds_are_asked_slowly_and_the_api_at_its_rate() -> None:
    assert (FEEDS.pace, FEEDS.budget().per_minute) == (6, 10)
    assert (API.pace, API.budget().per_minute) == (0.6, 100)


def test_both_ways_ask_for_the_same_searches() -> None:
    watch = Watch("acme", "Acme", Role.BRAND, '"acme corp" OR bolt')
    searches = API.searches((watch,))
    assert searches == FEEDS.searches((watch,))
    assert [search.key for search in searches[:2]] == ["r/widgets posts", "r/widgets comments"]
    requests = [(source.start(search, None, NOW)) for source in (FEEDS, API) for search in searches]
    assert [request.url for request in requests] == [
        "https://www.reddit.com/r/widgets/new.rss",
        "https://www.reddit.com/r/widgets/comments.rss",
        "https://www.reddit.com/search.rss",
        "https://oauth.reddit.com/r/widgets/new",
        "https://oauth.reddit.com/r/widgets/comments",
        "https://oauth.reddit.com/search",
    ]
    assert (requests[5].params["sort"], requests[5].params["raw_json"]) == ("new", "1")
    assert requests[2].params["q"] == requests[5].params["q"] == searches[2].terms


def test_a_query_is_no_longer_than_a_search_may_be() -> None:
    many = " OR ".join(f'"acme model number {n}"' for n in range(60))
    searches = Reddit().searches((Watch("acme", "Acme", Role.BRAND, many),))
    assert all(len(search.terms) <= 512 for search in searches)
    assert all(f'"acme model number {n}"' in " ".join(s.terms for s in searches) for n in range(60))


def test_posts_are_looked_up_by_their_names_a_hundred_at_a_time() -> None:
    requests = API.look_again([f"t3_{n:06}" for n in range(150)])
    assert [len(request.params["id"].split(",")) for request in requests] == [100, 50]
    assert requests[0].url == "https://oauth.reddit.com/api/info"
    batch = answer(requests[0], listing([link(1, NOW), link(2, NOW, selftext="[removed]")], "t3_000002"))
    assert [type(item) for item in batch.items] == [Post, Deletion]
    assert (batch.requests, batch.newest) == ((), None)
    assert FEEDS.look_again(["t3_000001"]) == ()


def test_rss_of_older_days_gives_the_same_names() -> None:
    tail = (
        'submitted by &lt;a href="https://www.reddit.com/user/moss"&gt;moss&lt;/a&gt; to '
        '&lt;a href="https://www.reddit.com/r/widgets/"&gt;widgets&lt;/a&gt;&lt;br/&gt;'
        '&lt;a href="http://news.example/"&gt;[link]&lt;/a&gt; '
        '&lt;a href="https://www.reddit.com/r/widgets/comments/1ab/x/"&gt;[7 comments]&lt;/a&gt;'
    )
    item = (
        "<item><title>Acme</title><link>https://www.reddit.com/r/widgets/comments/1ab/x/</link>"
        f"<guid>https://www.reddit.com/r/widgets/comments/1ab/x/</guid><description>{tail}</description></item>"
    )
    content = f"<rss version='2.0'><channel>{item}</channel></rss>".encode()
    (post,) = posts(read_saved("reddit", content, url="https://www.reddit.com/.rss", now=NOW))
    assert (post.native_id, post.author, post.engagement) == ("t3_1ab", "moss", {"replies": 7})
    assert (post.text, post.links) == ("", ("http://news.example/",))


def test_settings_take_names_as_people_write_them() -> None:
    assert Reddit(subreddits=("r/widgets", "https://www.reddit.com/r/bolts/", "bolts")).subreddits == (
        "widgets",
        "bolts",
    )
    for wrong in ({"subreddits": ("a b",)}, {"client_id": "x"}, {"client_secret": "x"}):
        with pytest.raises(ValueError, match=r"subreddit|client_"):
            Reddit(**wrong)


WALL = b"<html><title>Blocked</title><body><h1>whoa there, pardner!</h1>"
ADULTS = b"<html><title>reddit.com: over 18?</title>"


@pytest.mark.parametrize(
    ("content", "url", "says", "remedy"),
    [
        (ADULTS, "https://www.reddit.com/over18?dest=x", "over 18", "client_id"),
        (ADULTS, "https://www.reddit.com/r/acme/new.rss", "over 18", "client_id"),
        (WALL, "https://www.reddit.com/r/acme/new.rss", "wall: Blocked", "ask less often"),
    ],
)
def test_a_page_for_people_with_200_needs_a_person(content: bytes, url: str, says: str, remedy: str) -> None:
    source = Reddit(subreddits=("acme",))
    request = source.start(source.searches(())[0], None, NOW)
    with pytest.raises(SourceError) as caught:
        read_page(source, Page(request, 200, content, url, NOW))
    assert caught.value.permanent
    assert says in str(caught.value)
    assert remedy in caught.value.remedy


def test_what_reddit_explains_is_shown() -> None:
    source = Reddit(subreddits=("acme",))
    request = source.start(source.searches(())[0], None, NOW)
    for status, reason in ((403, "private"), (429, "RATELIMIT")):
        said = json.dumps({"reason": reason, "message": "Forbidden", "explanation": "Ask again on Monday."}).encode()
        with pytest.raises(SourceError, match="Ask again on Monday"):
            read_page(source, Page(request, status, said, request.url, NOW))
