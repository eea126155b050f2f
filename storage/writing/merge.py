"""What an arrival does to a stored post: pure rules, no SQL.

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

from insight.model import Label, Mention, MentionState, Post, UnderstoodPost, Visibility

_said = attrgetter(*(one.name for one in fields(Post) if "content" in one.metadata))
_STAYS = tuple(one.name for one in fields(Post) if "kept_after_deletion" in one.metadata)
_LASTS = tuple(one.name for one in fields(Post) if "kept_if_absent" in one.metadata)

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
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


def arrived(
    old: Record | None, understood: UnderstoodPost, source: str, at: datetime, retired: Collection[str] = ()
) -> Record | None:
    """The record after this post has been seen; None while it concerns nobody.

    `retired` watches are no longer evaluated, so that nothing follows from their absence.
    """
    post, new = understood.post, {mention.watch: mention for mention in understood.mentions}
    if old is None:
        return Record(post, source, at, at, new) if new else None
    if old.emptied:
        return _changed(old, old.post, _added(old, new), old.edition_at)
    same = _said(post) == _said(old.post)
    if not _replaces(post, old, source, at):
        mentions = _merged(old, new) if same else _added(old, new)
        return _changed(old, _hidden(old.post, post), mentions, old.edition_at)
    mentions = _merged(old, new) if same else corrected(old.mentions, new, retired)
    return _changed(old, _edition(post, old.post), mentions, at)


def _changed(old: Record, post: Post, mentions: Mapping[str, Mention], edition_at: datetime) -> Record:
    """The record with this post and these mentions; the old one itself where they are the same."""
    if mentions is old.mentions and post == old.post:
        return old
    return replace(old, post=post, mentions=mentions, edition_at=edition_at)


def corrected(
    old: Mapping[str, Mention], new: Mapping[str, Mention], retired: Collection[str] = ()
) -> dict[str, Mention]:
    """The mentions after a whole new understanding: what is absent now was taken out."""
    absent = {
        watch: mention if watch in retired else replace(mention, state=MentionState.DROPPED)
        for watch, mention in old.items()
        if watch not in new
    }
    return {**absent, **new}


def deleted(old: Record, at: datetime) -> Record:
    """The post is gone: what it said goes, that it was said stays. A second deletion changes nothing."""
    if old.deleted_at is not None:
        return old
    mentions = {watch: _gone(mention) for watch, mention in old.mentions.items()}
    return replace(old, post=emptied(old.post), mentions=mentions, deleted_at=at)


def engaged(old: Record, counts: Mapping[str, int]) -> Record:
    """New numbers for a post that is still there."""
    numbers = {**old.post.engagement, **counts}
    if old.emptied or numbers == old.post.engagement:
        return old
    return replace(old, post=replace(old.post, engagement=numbers))


def emptied(post: Post) -> Post:
    """What may stay of a post that is deleted or kept no longer: nothing that anybody said, or who said it."""
    return Post(post.network, post.native_id, "", **{name: getattr(post, name) for name in _STAYS})


def is_revision(old: Post, new: Post) -> bool:
    return _said(old) != _said(new)


def complains(mention: Mention | None) -> bool:
    """Whether the theme step wants to see it."""
    return mention is not None and mention.state is MentionState.KEPT and mention.sentiment.label is Label.NEGATIVE


def _replaces(post: Post, old: Record, source: str, at: datetime) -> bool:
    new, known = post.edited_at or NEVER, old.post.edited_at or NEVER
    return new > known or (new == known and source == old.source and at >= old.edition_at)


def _edition(post: Post, old: Post) -> Post:
    """The new edition. What lasts and it does not give stays; so does what was private."""
    lasting = {name: _lasting(getattr(post, name), getattr(old, name)) for name in _LASTS}
    return replace(_hidden(post, old), **lasting)


def _lasting(new: Any, old: Any) -> Any:
    return {**old, **new} if isinstance(new, Mapping) else new or old


def _hidden(post: Post, other: Post) -> Post:
    """The post, private if either is: a mirror cannot make public what was told in private."""
    if other.visibility is Visibility.PUBLIC or post.visibility is Visibility.PRIVATE:
        return post
    return replace(post, visibility=Visibility.PRIVATE)


def _merged(old: Record, new: Mapping[str, Mention]) -> Mapping[str, Mention]:
    """The same words seen again: a later query, or a source that is bound to the watch, may add; nothing drops."""
    return _with(old, (mention for mention in new.values() if _adds(mention, old.mentions.get(mention.watch))))


def _added(old: Record, new: Mapping[str, Mention]) -> Mapping[str, Mention]:
    """Other words than the stored ones: they may concern further watches, and say nothing of the known mentions."""
    return _with(old, (mention for watch, mention in new.items() if watch not in old.mentions))


def _with(old: Record, mentions: Iterable[Mention]) -> Mapping[str, Mention]:
    further = {mention.watch: _gone(mention) if old.deleted_at else mention for mention in mentions}
    return {**old.mentions, **further} if further else old.mentions


def _adds(new: Mention, known: Mention | None) -> bool:
    if known is None or new.query_version > known.query_version:
        return True
    kept_now = new.state is MentionState.KEPT and known.state is not MentionState.KEPT
    return kept_now and new.query_version == known.query_version


def _gone(mention: Mention) -> Mention:
    """It counts as it did; what it quotes goes."""
    state = MentionState.DELETED if mention.state is MentionState.KEPT else mention.state
    return replace(mention, state=state, sentiment=replace(mention.sentiment, evidence=()), spans=())
