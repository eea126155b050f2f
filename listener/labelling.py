"""A person says what a mention is, or takes it back: as both the daemon and a command without one carry it out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from insight.model import Correction, Label, MentionState, PostKey
from insight.query import In, Phrase
from listener.engine import JobRefusedError
from listener.history import understand_again
from listener.setup import Setup
from storage import Store, StoredPost


def label(store: Store, made: Setup, now: datetime, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Correct the mentions of a post, by one watch or by all; gives what they are now, by watch.

    `label` None takes the corrections back, and the rules decide again. `complaint` None: what is negative is one.
    Raises JobRefusedError.
    """
    # 1. Which mentions.
    stored, watch = _find(store, str(arguments["post"])), arguments.get("watch")
    key = stored.post.key
    watches = [one.mention.watch for one in store.posts.mentions(key)]
    if watch is not None and watch not in watches:
        raise JobRefusedError(f"the post is no mention of {watch!r}, but of {', '.join(watches)}")
    chosen = watches if watch is None else [watch]

    # 2. What they are.
    if arguments["label"] is None:
        for one in chosen:
            store.corrections.remove(one, key)
        again = understand_again(store, made.queries.pipeline, made.sources, [stored])
        store.posts.reclassify(again, now, made.queries.versions)
    else:
        said, complaint = Label(arguments["label"]), arguments.get("complaint")
        complaint = said is Label.NEGATIVE if complaint is None else bool(complaint)
        for one in chosen:
            store.corrections.put(Correction(one, key, said, complaint, str(arguments["person"]), now))
    now_are = {one.mention.watch: one.mention for one in store.posts.mentions(key)}
    return {one: {"label": now_are[one].sentiment.label.value, "complaint": now_are[one].complaint} for one in chosen}


def _find(store: Store, name: str) -> StoredPost:
    """The post with this address, or with this `network/id`."""
    network, _, native_id = name.partition("/")
    found = store.posts.get(PostKey(network, native_id))
    if found is None and "://" in name:
        states = (MentionState.KEPT, MentionState.EXCLUDED)
        hits = store.posts.search(In("url", Phrase(name)), states=states)
        keys = (hit.stored.post.key for hit in hits if hit.stored.post.url == name)
        found = next(map(store.posts.get, keys), None)
    if found is None:
        raise JobRefusedError(
            f"no post {name!r} is stored: write its address, or network/id as `listener search --json` has it"
        )
    return found
