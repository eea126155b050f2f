"""Discussions of GitHub as its GraphQL API gives them: the question that is asked of it, and its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from insight.model import Post, PostKind
from scrapers.answers import not_read
from scrapers.base import Page
from scrapers.formats.dates import moment
from scrapers.formats.values import UnreadableError, counts, identifier, listed, mapping, text
from scrapers.social.github_issues import common, id_of

_POST = "id databaseId url body createdAt lastEditedAt upvoteCount author { login } reactions { totalCount }"
DISCUSSIONS = f"""
query($owner: String!, $name: String!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    discussions(first: 25, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      pageInfo {{ endCursor hasNextPage }}
      nodes {{
        {_POST} number title updatedAt
        comments(last: 30) {{
          totalCount
          nodes {{ {_POST} replies(last: 10) {{ totalCount nodes {{ {_POST} }} }} }}
        }}
      }}
    }}
  }}
}}"""
_TEXT = frozenset({"body", "bodyText"})


@dataclass(frozen=True, slots=True)
class Node:
    """A discussion or a comment, with the ids of the discussion it belongs to and of what it answers."""

    body: Any
    thread: str | None = None
    above: str | None = None

    def read(self) -> Post | None:
        """None where the text was not asked for. Raises UnreadableError."""
        if not isinstance(self.body, dict):
            raise UnreadableError(f"a node is a {type(self.body).__name__}")
        discussion = "title" in self.body
        if not _TEXT & self.body.keys() and (discussion or "createdAt" not in self.body):
            return None
        native_id, title = identity(self.body), text(self.body.get("title"))
        if native_id is None or (discussion and title is None):
            raise UnreadableError("a discussion without its address or title")
        if not discussion and not isinstance(self.body.get("body"), str):
            raise UnreadableError("a comment without its body")
        node = self.body
        found = common(
            {
                "body": node.get("body") if "body" in node else node.get("bodyText"),
                "html_url": node.get("url") or _address(node),
                "author": mapping(node.get("author")),
                "created_at": node.get("createdAt"),
            }
        )
        replies = mapping(node.get("comments") or node.get("replies")).get("totalCount")
        reactions = mapping(node.get("reactions")).get("totalCount")
        found["edited_at"] = moment(node.get("lastEditedAt"))[0]
        found["engagement"] = counts(replies=replies, likes=node.get("upvoteCount"), reactions=reactions)
        return Post(
            native_id=native_id,
            kind=PostKind.POST if discussion else PostKind.COMMENT,
            title=" ".join(title.split()) if title else None,
            reply_to=self.above,
            thread=self.thread,
            **found,
        )


@dataclass(frozen=True, slots=True)
class DiscussionPage:
    """The nodes of an answer, when its discussions were last changed, and the cursor of the next page."""

    nodes: tuple[Node, ...] = ()
    times: tuple[datetime, ...] = ()
    after: str | None = None


def discussions(page: Page, body: Mapping[str, Any]) -> DiscussionPage:
    """Raises SourceError when the answer holds no list of discussions or of their comments."""
    data = mapping(body.get("data"))
    holder = next(
        (part for part in map(mapping, (data.get("repository"), data.get("node"), data.get("search"))) if part), None
    )
    if holder is None:
        raise not_read(page, "repository")
    lists = [
        part
        for part in (mapping(holder.get("discussions")), mapping(holder.get("comments")), holder)
        if "nodes" in part
    ]
    if not lists:
        raise not_read(page, "discussions")
    found, info = listed(lists[0].get("nodes")), mapping(lists[0].get("pageInfo"))
    times = (moment(mapping(node).get("updatedAt"))[0] for node in found)
    after = text(info.get("endCursor")) if info.get("hasNextPage") is True else None
    nodes = tuple(node for outer in found for node in _with_answers(outer))
    return DiscussionPage(nodes, tuple(at for at in times if at), after)


def _with_answers(discussion: Any) -> Iterator[Node]:
    thread = identity(mapping(discussion))
    yield Node(discussion)
    for comment in listed(mapping(mapping(discussion).get("comments")).get("nodes")):
        yield Node(comment, thread, thread)
        above = identity(mapping(comment))
        for reply in listed(mapping(mapping(comment).get("replies")).get("nodes")):
            yield Node(reply, thread, above)


def identity(node: Mapping[str, Any]) -> str | None:
    return id_of(node.get("url")) or id_of(_address(node))


def _address(node: Mapping[str, Any]) -> str | None:
    """The page of a discussion, from its repository and number, where its address was not asked for."""
    repository, number = mapping(node.get("repository")), identifier(node.get("number"))
    owner, name = text(mapping(repository.get("owner")).get("login")), text(repository.get("name"))
    return f"https://github.com/{owner}/{name}/discussions/{number}" if owner and name and number else None
