"""The demo's config.yaml: every source of the simulated market, read by the real kinds."""

from __future__ import annotations

import json
from pathlib import Path

QUERIES = {
    "lanternfish": (
        'lanternfish NOT (anglerfish OR "deep sea" OR trawl OR bioluminescent OR aquarium OR "marine biology" '
        "OR hiring)"
    ),
    "quillmoss": "quillmoss",
    "foldermint": "foldermint",
    "notetaking": '"note-taking" OR notetaking',
}

TEMPLATE = """\
# A simulated market: the products are invented and nobody is real; whoever else bears such a name has nothing to do
# with it. `listener demo` wrote this file.
# The sources were served on this machine while the demo ran, and are gone now. What was found stays, to explore:
#   listener -c config.yaml stats --since 70d
#   listener -c config.yaml search 'lanternfish export'
# For a config of your own: listener init
contact: nobody@demo.example

# What is followed: the own brand, two competitors, and what the market talks about.
watches:
  - id: lanternfish
    name: Lanternfish  # a notes app
    role: brand
    # A fish of the deep sea bears the same name: NOT hides the posts about it, and job advertisements.
    query: '{lanternfish}'
  - id: quillmoss
    name: Quillmoss
    role: competitor
    query: '{quillmoss}'
  - id: foldermint
    name: Foldermint
    role: competitor
    query: '{foldermint}'
  - id: notetaking
    name: Note-taking
    role: topic
    # "…" is a phrase; people write the hashtag as one word
    query: '{notetaking}'

# Where posts come from. `every` is the simulated time between two visits, in seconds: short where people talk, long
# where reviews come in slowly. A whole number of visits a day lets an hour be compared with hours read equally early.
sources:
  - kind: hackernews
    base_url: {url}/api/v1
    every: 21600  # 6 hours
  - kind: mastodon
    name: mastodon
    instance: {url}
    every: 14400  # 4 hours
  - kind: feed
    name: press
    url: {url}/feeds/press.xml
    every: 86400  # 1 day
  - kind: feed
    name: community
    url: {url}/feeds/forum.atom
    watches: [lanternfish]  # the brand's own forum: everything there concerns it, named or not
    every: 86400
  # A review seldom names what it is about: `watches` says it.
  - kind: appstore
    name: app store, Lanternfish
    app: "9900000001"
    countries: [us, gb, es, vn]
    base_url: {url}
    watches: [lanternfish]
    every: 172800  # 2 days
  - kind: appstore
    name: app store, Quillmoss
    app: "9900000002"
    base_url: {url}
    watches: [quillmoss]
    every: 259200  # 3 days
  - kind: appstore
    name: app store, Foldermint
    app: "9900000003"
    base_url: {url}
    watches: [foldermint]
    every: 259200
  - kind: reviews
    name: review page, Lanternfish
    url: {url}/reviews/lanternfish
    watches: [lanternfish]
    every: 259200
  - kind: reviews
    name: review page, Quillmoss
    url: {url}/reviews/quillmoss
    watches: [quillmoss]
    every: 259200
  - kind: reviews
    name: review page, Foldermint
    url: {url}/reviews/foldermint
    watches: [foldermint]
    every: 259200

# Who is told: this terminal, at once when something changes and once a week.
channels:
  terminal:
    kind: console

digest:
  weekday: monday
  hour: 8
  time_zone: UTC
  channels: [terminal]

storage:
  url: {storage}

daemon:
  web: 127.0.0.1:0  # any free port
"""


def config_for(world_url: str, folder: Path) -> str:
    """The text of the config.yaml that reads the market at this address and keeps everything in this folder."""
    database = json.dumps(f"sqlite:///{folder.resolve() / 'listener.db'}", ensure_ascii=False)
    return TEMPLATE.format(url=world_url, storage=database, **QUERIES)
