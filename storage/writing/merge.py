"""What a batch does to a stored post: pure rules, no SQL.

An edition (one wording of a post) replaces the stored one when its `edited_at` is later, from whichever source; or,
with nothing to tell by, when the source that saw the post first brings it, and not out of turn. So slow mirrors never
bring back old words, and two sources that word a post differently do not revise each other for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from insight.model import Mention, MentionState, Post, UnderstoodPost, Visibility

# how a field is merged is declared where the field is: in the metadata of `insight.model.Post`
_content = attrgetter(*(one.name for one in fields(Post) if "content" in one.metadata))
_KEPT_AFTER_DELETION = tuple(one.name for one in fields(Post) if "kept_after_deletion" in one.metadata)
_KEPT_IF_ABSENT = tuple(one.name for one in fields(Post) if "kept_if_absent" in one.metadata)

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PostRecord:
    """A post as it is stored, with its mentions by watch. `source` saw it first, at `collected_at`.

    `edition_at`: when its stored edition was collected.
    """

    post: Post
    source: str
    collected_at: datetime
    edition_at: datetime
    mentions: Mapping[str, Mention] = field(default_factory=dict)
    deleted_at: datetime | None = None
    expired_at: datetime | None = None

    @property
    def emptied(self) -> bool:
        return self.deleted_at is not None or self.expired_at is not None


def merge(
    old: PostRecord | None, understood: UnderstoodPost, source: str, at: datetime, retired: Collection[str] = ()
) -> PostRecord | None:
    """The record after this post has been seen; None while it concerns nobody; `old` itself where nothing differs.

    `retired` watches are no longer evaluated, so that nothing follows from their absence.
    """
    post, new = understood.post, {mention.watch: mention for mention in understood.mentions}
    if old is None:
        return PostRecord(post, source, at, at, new) if new else None
    if post.published_at is None and old.post.published_at is None:  # how it counts was decided when it came first
        post = replace(post, precision=old.post.precision)
    edition_at, same_content = old.edition_at, not is_revision(old.post, post)
    edited, known = post.edited_at or NEVER, old.post.edited_at or NEVER
    if old.emptied:
        post, mentions = old.post, _add_new_watches(old, new)
    elif edited > known or (edited == known and source == old.source and at >= old.edition_at):
        # a new edition
        post, edition_at = replace(_private_if_either(post, old.post), **_kept_if_absent(post, old.post)), at
        mentions = _add_mentions(old, new) if same_content else replace_mentions(old.mentions, new, retired)
    else:
        post = _private_if_either(old.post, post)
        mentions = _add_mentions(old, new) if same_content else _add_new_watches(old, new)
    if mentions is old.mentions and post == old.post:
        return old
    return replace(old, post=post, mentions=mentions, edition_at=edition_at)


def replace_mentions(
    old: Mapping[str, Mention], new: Mapping[str, Mention], retired: Collection[str] = ()
) -> dict[str, Mention]:
    """The mentions after a whole new understanding: what is absent now was taken out."""
    absent = {
        watch: mention if watch in retired else replace(mention, state=MentionState.DROPPED)
        for watch, mention in old.items()
        if watch not in new
    }
    return {**absent, **new}


def mark_deleted(old: PostRecord, at: datetime) -> PostRecord:
    """The post is gone: what it said goes, that it was said stays. A second deletion changes nothing."""
    if old.deleted_at is not None:
        return old
    mentions = {watch: _without_quotes(mention) for watch, mention in old.mentions.items()}
    return replace(old, post=empty_post(old.post), mentions=mentions, deleted_at=at)


def add_engagement(old: PostRecord, counts: Mapping[str, int]) -> PostRecord:
    """New numbers for a post that is still there."""
    numbers = {**old.post.engagement, **counts}
    if old.emptied or numbers == old.post.engagement:
        return old
    return replace(old, post=replace(old.post, engagement=numbers))


def empty_post(post: Post) -> Post:
    """What may stay of a post that is deleted or kept no longer: nothing that anybody said, or who said it."""
    return Post(post.network, post.native_id, "", **{name: getattr(post, name) for name in _KEPT_AFTER_DELETION})


def is_revision(old: Post, new: Post) -> bool:
    return bool(_content(old) != _content(new))


def waits_for_themes(mention: Mention | None) -> bool:
    """Whether the theme step wants to see it."""
    return mention is not None and mention.state is MentionState.KEPT and mention.complaint


def _kept_if_absent(post: Post, old: Post) -> dict[str, Any]:
    """The fields that an edition may leave out, from the new one where it has them; of a mapping, entry by entry."""
    kept: dict[str, Any] = {}
    for name in _KEPT_IF_ABSENT:
        now, was = getattr(post, name), getattr(old, name)
        kept[name] = {**was, **now} if isinstance(now, Mapping) else now or was
    return kept


def _private_if_either(post: Post, other: Post) -> Post:
    """A mirror cannot make public what was told in private."""
    if other.visibility is Visibility.PUBLIC or post.visibility is Visibility.PRIVATE:
        return post
    return replace(post, visibility=Visibility.PRIVATE)


def _add_mentions(old: PostRecord, new: Mapping[str, Mention]) -> Mapping[str, Mention]:
    """The same words seen again: a later query, or a source that is bound to the watch, may add; nothing drops."""

    def rank(mention: Mention) -> tuple[int, bool]:
        return mention.query_version, mention.state is MentionState.KEPT

    known = old.mentions
    return _with(old, [one for watch, one in new.items() if watch not in known or rank(one) > rank(known[watch])])


def _add_new_watches(old: PostRecord, new: Mapping[str, Mention]) -> Mapping[str, Mention]:
    """Other words than the stored ones: they may concern further watches, and say nothing of the known mentions."""
    return _with(old, (mention for watch, mention in new.items() if watch not in old.mentions))


def _with(old: PostRecord, mentions: Iterable[Mention]) -> Mapping[str, Mention]:
    further = {mention.watch: _without_quotes(mention) if old.deleted_at else mention for mention in mentions}
    return {**old.mentions, **further} if further else old.mentions


def _without_quotes(mention: Mention) -> Mention:
    """It counts as it did; what it quotes goes."""
    state = MentionState.DELETED if mention.state is MentionState.KEPT else mention.state
    return replace(mention, state=state, sentiment=replace(mention.sentiment, evidence=()), spans=())
