"""The door on a good day: what it sends, what it brings back, where redirects lead."""

from __future__ import annotations

import gzip
import shutil
import ssl
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from scrapers.base import Request, SourceError
from scrapers.network.hops import Hop, redirected
from scrapers.network.http import Http
from scrapers.network.urls import parse_target
from scrapers.validators import validators_after
from tests.scrapers.http_door import QUICK, Time, failure, get, names, open_door
from tests.world import faults
from tests.world.web import Call, Reply, World

pytestmark = pytest.mark.anyio


async def test_a_page_comes_back_as_it_was_sent() -> None:
    async with World() as world, open_door([world.url]) as door:
        headers = [("Content-Type", "x/y"), ("X-Twice", "a"), ("X-Twice", "b"), ("Set-Cookie", "id=1")]
        world.route("/a", Reply(418, b"\xff\x00raw", headers))
        page = await get(door, world.url + "/a?q=1#part")
    assert (page.status, page.body, page.url) == (418, b"\xff\x00raw", world.url + "/a?q=1")
    assert (page.headers["content-type"], page.headers["x-twice"]) == ("x/y", "a, b")
    assert "set-cookie" not in page.headers, "the door keeps no cookies"


async def test_it_says_who_it_is_and_what_it_can_decode() -> None:
    async with World() as world, open_door([world.url]) as door:
        await get(door, world.url + "/a")
    sent = world.ledger[0].headers
    assert sent["user-agent"] == "Listener/0.1 (+team@example.org)"
    assert sent["accept-encoding"] == "gzip, deflate"
    assert "date" not in sent
    assert "cookie" not in sent


async def test_parameters_join_those_of_the_address() -> None:
    async with World() as world, open_door([world.url]) as door:
        request = Request(world.url + "/a?kept=1", params={"q": "a & b", "page": "2"})
        await door.fetch(request, headers={"authorization": "Bearer t"}, terms_pace=0)
    assert world.ledger[0].query == {"kept": "1", "q": "a & b", "page": "2"}
    assert world.ledger[0].headers["authorization"] == "Bearer t"


async def test_a_post_carries_its_body() -> None:
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", lambda call: Reply.json({"got": call.json()}), method="POST")
        request = Request(world.url + "/a", method="POST", body='{"ä": 1}')
        page = await door.fetch(request, headers={}, terms_pace=0)
    assert page.json() == {"got": {"ä": 1}}


async def test_a_simulated_clock_tells_its_time() -> None:
    time = Time()
    async with World() as world, open_door([world.url], time, send_date=True) as door:
        await get(door, world.url + "/a")
    assert world.ledger[0].date == time.at


async def test_validators_bring_304() -> None:
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", Reply.text("news", etag='"v1"'))
        first = await get(door, world.url + "/a")
        known = validators_after(first)
        second = await get(door, world.url + "/a", validators=known)
        odd = await get(door, world.url + "/a", validators=known and replace(known, etag='"v1"\r\nx: y'))
    assert (first.status, second.status, second.body, odd.status) == (200, 304, b"", 200)


async def test_validators_go_to_the_address_that_gave_them_and_to_no_other() -> None:
    async with World() as world, open_door([world.url]) as door:
        for path in ("/old", "/new"):
            world.route(path, Reply.text(path, etag='"1"'))
        world.route("/feed", Reply.redirect("/old"))
        led = validators_after(await get(door, world.url + "/feed"))
        assert (await get(door, world.url + "/feed", validators=led)).status == 304, "it leads to /old still"
        world.route("/feed", Reply.redirect("/new"))
        assert (await get(door, world.url + "/feed", validators=led)).text == "/new"
        assert (await get(door, world.url + "/old", validators=led)).status == 304
        assert (await get(door, world.url + "/old?page=2", validators=led)).status == 200


@pytest.mark.parametrize(("status", "says"), [(304, "nothing was read before"), (206, "a part"), (226, "a part")])
async def test_an_answer_to_a_question_that_was_not_put_is_an_error(status: int, says: str) -> None:
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", Reply(status, b"" if status == 304 else b"<rss>", {"etag": '"1"'}))
        error = await failure(door, world.url + "/a")
    assert says in str(error)
    assert (error.permanent, error.status) == (False, status)


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"", False),
        (b"Content-Length: 6\r\n", True),
        (b"Content-Encoding: gzip\r\n", True),
    ],
    ids=["ends with the connection", "says how long it is", "packed"],
)
async def test_a_page_that_may_be_cut_is_asked_for_as_a_whole_the_next_time(head: bytes, kept: bool) -> None:
    body = gzip.compress(b"<rss/>") if b"gzip" in head else b"<rss/>"
    async with World() as world, open_door([world.url]) as door:
        begin = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nLast-Modified: Mon, 02 Mar 2026 00:00:00 GMT\r\nConnection: close\r\n'
        world.fault("/a", faults.raw(begin + head + b"\r\n" + body))
        page = await get(door, world.url + "/a")
    assert page.text == "<rss/>"
    assert (validators_after(page) is not None) is kept


FEED = b"<?xml version='1.0'?><!-- <b> --><rss version='2.0'><channel><item><title>one</title></item></channel></rss>"


@pytest.mark.parametrize(
    ("media", "body", "cut"),
    [
        (b"application/rss+xml", FEED, False),
        (b"application/rss+xml", FEED[:80], True),
        (b"text/html", FEED[:-3].replace(b"</rss", b""), True),
        (b"text/html", b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>", True),
        (b"application/xml", b"<list count='0'/>", False),
        (b"text/html", b"<p>one<p>two", False),
        (b"application/xhtml+xml", b"<html><p>one", False),
        (b"application/json", b"[1, 2", False),
        (b"application/xml", b"<" + b"a" * 60_000, False),
        (b"application/xml", b"<!--" * 20_000, False),
    ],
)
async def test_a_document_that_ends_with_the_connection_and_before_its_own_end_is_cut(
    media: bytes, body: bytes, cut: bool
) -> None:
    async with World() as world, open_door([world.url]) as door:
        world.fault("/a", faults.raw(b"HTTP/1.1 200 OK\r\nContent-Type: " + media + b"\r\n\r\n" + body), times=None)
        if cut:
            error = await failure(door, world.url + "/a")
            assert "its document has no end" in str(error)
            assert not error.permanent
        else:
            assert (await get(door, world.url + "/a")).body == body


@pytest.mark.parametrize("coding", ["UTF-8", "none", "binary", "identity", "aws-chunked", "utf-8, gzip", "x-gzip"])
async def test_a_coding_that_nobody_knows_is_none(coding: str) -> None:
    body = gzip.compress(b"news") if "gzip" in coding else b"news"
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", Reply(200, body, {"content-encoding": coding}))
        assert (await get(door, world.url + "/a")).text == "news"


async def test_a_vanished_page_is_a_page() -> None:
    async with World() as world, open_door([world.url]) as door:
        assert (await get(door, world.url + "/nothing")).status == 404


# -- decoding ---------------------------------------------------------------------------------------------------

TEXT = b"all happy families are alike; " * 1000


def bare_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeezer.compress(data) + squeezer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("X-GZip", gzip.compress(TEXT[:7]) + gzip.compress(TEXT[7:])),
        ("gzip", gzip.compress(TEXT) + b"\0" * 50),
        ("gzip", gzip.compress(TEXT) + b"noise"),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare_deflate(TEXT)),
        ("identity", TEXT),
        ("", TEXT),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_bodies_are_decoded(encoding: str, body: bytes, chunked: bool) -> None:
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", Reply(200, body, {"content-encoding": encoding}, chunked))
        assert (await get(door, world.url + "/a")).body == TEXT


# -- redirects --------------------------------------------------------------------------------------------------


async def test_redirects_are_followed_and_the_final_address_is_told() -> None:
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", Reply.redirect("b/ü?x=1"))
        world.route("/b/ü", Reply.redirect("//" + world.url.split("//")[1] + "/c", 308))
        world.route("/c", Reply.text("here"))
        page = await get(door, world.url + "/a")
    assert (page.text, page.url) == ("here", world.url + "/c")
    assert world.calls("/b/ü")[0].query == {"x": "1"}


async def test_secrets_stay_on_their_origin() -> None:
    """Another port, scheme or host is another origin."""
    secrets = {"Authorization": "Bearer t", "X-Api-Key": "k", "Cookie": "a=b", "Accept": "text/html"}
    async with World() as home, open_door([home.url]) as door:
        home.route("/a", Reply.redirect("/b"))
        await get(door, home.url + "/a", headers=secrets)
    assert home.calls("/b")[0].headers["authorization"] == "Bearer t", "the same origin keeps them"
    hop = Hop(parse_target(home.url + "/a"), own={name.lower(): value for name, value in secrets.items()}, private=True)
    for elsewhere in ("http://127.0.0.1:1/", "https://127.0.0.1/", "http://example.org/"):
        away = redirected(hop, 302, parse_target(elsewhere))
        assert (away.own, away.private) == ({"accept": "text/html"}, False)


async def test_a_key_never_goes_unencrypted() -> None:
    safe, open_ = parse_target("https://example.org/a"), parse_target("http://example.org/a")
    assert redirected(Hop(safe, own={"accept": "text/html"}), 301, open_).target == open_
    with pytest.raises(SourceError, match="not encrypted"):
        redirected(Hop(safe, own={"x-api-key": "k"}), 301, open_)


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [(301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (307, "POST", "POST"), (308, "POST", "POST")],
)
async def test_a_redirected_post_becomes_what_its_status_says(status: int, method: str, then: str) -> None:
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", Reply.redirect("/b", status))
        await door.fetch(Request(world.url + "/a", method=method, body="{}"), headers={}, terms_pace=0)
    call = world.calls("/b")[0]
    assert (call.method, call.body) == (then, b"{}" if then == "POST" else b"")


async def test_a_cookie_that_a_redirect_sets_goes_along_the_same_fetch_and_no_further() -> None:
    def wall(call: Call) -> Reply:
        if "seen=1" in call.headers.get("cookie", ""):
            return Reply.text("news")
        return Reply(302, b"", [("Location", "/wall?to=/news"), ("Set-Cookie", "seen=0"), ("Set-Cookie", "lang=en")])

    back = Reply(302, b"", [("Location", "/news"), ("Set-Cookie", "seen=1; Path=/; HttpOnly")])
    async with World() as world, open_door([world.url]) as door:
        world.route("/news", wall)
        world.route("/wall", back)
        for _ in range(2):
            assert (await get(door, world.url + "/news", headers={"cookie": "own=1"})).text == "news"
    sent = [call.headers["cookie"] for call in world.ledger]
    assert sent[:3] == sent[3:] == ["own=1", "own=1; seen=0; lang=en", "own=1; seen=1; lang=en"]


def test_a_cookie_goes_nowhere_else() -> None:
    first = Hop(parse_target("https://shop.test/a"))

    def next_cookie(to: str, *cookies: str) -> str | None:
        return redirected(first, 302, parse_target(to), cookies).headers.get("cookie")

    assert next_cookie("https://shop.test/b", "a=1", "b=2; Secure") == "a=1; b=2"
    assert next_cookie("http://shop.test/b", "a=1", "b=2; Secure") == "a=1"
    assert next_cookie("https://other.test/", "a=1", "b=2; Domain=other.test") is None
    assert next_cookie("https://shop.test/b", "a=1; Path=/elsewhere", "b=\x00", "c=" + "x" * 9_999) is None
    assert next_cookie("https://shop.test/b", "a=1; Max-Age=0") is None


async def test_a_site_that_sets_the_same_cookie_again_and_again_leads_in_a_circle() -> None:
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", Reply(302, b"", {"Location": "/a", "Set-Cookie": "a=1"}))
        assert "in a circle" in str(await failure(door, world.url + "/a"))
        assert len(world.calls("/a")) == 2


async def test_circles_and_long_ways_end() -> None:
    async with World() as world, open_door([world.url], limits=QUICK) as door:
        world.route("/a", Reply.redirect("/b"))
        world.route("/b", Reply.redirect("/a"))
        world.route("/n/*", lambda call: Reply.redirect(call.path + "x"))
        assert "circle" in str(await failure(door, world.url + "/a"))
        assert len(world.ledger) == 2
        assert "more than 5 redirects" in str(await failure(door, world.url + "/n/"))
        assert len(world.ledger) == 8


@pytest.mark.parametrize("to", ["ftp://example.org/", "http://", "http://a:b@example.org/", "http://[1/", "x" * 70_000])
async def test_a_redirect_to_no_web_address_is_refused(to: str) -> None:
    async with World() as world, open_door([world.url], limits=QUICK) as door:
        world.route("/a", Reply.redirect(to))
        error = await failure(door, world.url + "/a")
    assert not error.permanent, "the site may mend it"
    assert "a:b" not in str(error)


# -- what a source may ask --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.org", "ftp://example.org/", "file:///etc/passwd", "http://", "http://user:passw@example.org/"),
        *("http://exa mple.org/", "http://[::1", "http://example.org:99999/", "http://example.org/\n", "http://a..b/"),
        *("ftp://user:passw@example.org/", "http://user:passw@exa mple.org/?key=passw"),
    ],
)
async def test_only_web_addresses_without_credentials_are_asked(url: str) -> None:
    async with open_door() as door:
        error = await failure(door, url)
    assert error.permanent
    assert "user:passw" not in str(error)


@pytest.mark.parametrize("name", ["Host", "Content-Length", "Transfer-Encoding", "a b", "", "x:y"])
async def test_headers_that_frame_the_request_are_not_the_sources(name: str) -> None:
    async with open_door() as door:
        assert (await failure(door, "http://example.org/", headers={name: "1"})).permanent


@pytest.mark.parametrize("value", ["secret\r\nx: y", "secret\n", "secret\0", "secret \N{EURO SIGN}"])
async def test_a_broken_secret_is_not_told(value: str) -> None:
    async with open_door() as door:
        error = await failure(door, "http://example.org/", headers={"authorization": value})
    assert error.permanent
    assert "authorization" in str(error)
    assert "secret" not in str(error)


# -- observing, TLS ---------------------------------------------------------------------------------------------


async def test_whoever_observes_hears_of_answers_and_failures() -> None:
    heard: list[tuple[object, ...]] = []
    async with World() as world:
        door = open_door([world.url], limits=QUICK, on_fetch=lambda *told: heard.append(told))
        async with door:
            world.route("/a", Reply(200, TEXT).gzipped())
            await get(door, world.url + "/a")
        host = world.url.removeprefix("http://")
    async with door:
        await failure(door, world.url + "/a")
    assert [(row[0], row[1], row[3], row[4] is None) for row in heard] == [
        (host, 200, len(TEXT), True),
        (host, None, 0, False),
    ]


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs the openssl command for a certificate")
async def test_the_certificate_is_that_of_the_name_not_of_the_address(tmp_path: Path) -> None:
    """The name is resolved by the guard, and yet SNI, Host and the certificate's check use the name."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = "openssl req -x509 -nodes -days 30 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=shop.test"
    named = ("-addext", "subjectAltName=DNS:shop.test")
    subprocess.run([*make.split(), *named, "-keyout", key, "-out", cert], check=True, capture_output=True)  # noqa: ASYNC221
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    asked: list[str | None] = []
    server.sni_callback = lambda _sock, name, _context: asked.append(name)
    resolve = names(shop="127.0.0.1", other="127.0.0.1")
    async with World(tls=server) as world:
        vouched = [f"https://{name}.test:{world.port}" for name in ("shop", "other")]
        world.route("/a", lambda call: Reply.text(call.headers["host"]))
        trusting = ssl.create_default_context(cafile=str(cert))
        async with open_door(vouched, resolve=resolve, tls=trusting, limits=QUICK) as door:
            assert (await get(door, vouched[0] + "/a")).text == f"shop.test:{world.port}"
            wrong = await failure(door, vouched[1] + "/a")
        async with open_door(vouched, resolve=resolve, limits=QUICK) as door:
            unknown = await failure(door, vouched[0] + "/a")
    assert asked[0] == "shop.test"
    assert "certificate of other.test is not good" in str(wrong)
    assert "certificate of shop.test is not good" in str(unknown)
    assert "SSL_CERT_FILE" in unknown.remedy


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with World() as world, open_door([world.url], limits=QUICK) as door:
        assert (await get(door, world.url + "/a")).status == 404


async def test_who_sets_a_proxy_is_told_that_it_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://user:hunter2@127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "inner.test")
    async with open_door(limits=QUICK) as door:
        error, inner = await failure(door, "http://shop.test/"), await failure(door, "http://inner.test/")
    assert error.remedy == "HTTPS_PROXY is set, but Listener uses no proxy: let this machine reach the host itself"
    assert "hunter2" not in error.reason
    assert inner.remedy == ""


async def test_connections_are_kept_for_the_next_page() -> None:
    ports: set[str] = set()

    def note(call: Call) -> Reply:
        ports.add(call.headers["host"])
        return Reply.text("x")

    async with World() as world, open_door([world.url]) as door:
        world.route("/a", note)
        for _ in range(5):
            await get(door, world.url + "/a")
        assert connections(door) == 1


def connections(door: Http) -> int:
    return sum(len(transport._pool.connections) for transport in door._transports.values())
