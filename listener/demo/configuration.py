"""The demo's config.yaml: every source of the simulated market, read by the real kinds."""

from __future__ import annotations

import json
from pathlib import Path

QUERIES = {
    "tidepool": 'tidepool NOT (anemone OR anemones OR aquarium OR starfish OR limpets OR "low tide" OR hiring)',
    "inkwell": "inkwell",
    "papertrail": "papertrail",
    "notetaking": "notetaking",
}

TEMPLATE = """\
# A simulated market: the products are invented and nobody is real. `listener demo` wrote this file.
# The sources are served on this machine while the demo runs, and nowhere afterwards; the database stays to explore:
#   listener -c config.yaml stats
contact: nobody@demo.example

# What is followed: the own brand, two competitors, a topic.
watches:
  - id: tidepool
    name: Tidepool
    role: brand
    # rock pools by the sea and advertisements of jobs are left out
    query: '{tidepool}'
  - id: inkwell
    name: Inkwell Notes
    role: competitor
    query: '{inkwell}'
  - id: papertrail
    name: Papertrail Pro
    role: competitor
    query: '{papertrail}'
  - id: notetaking
    name: Note-taking
    role: topic
    query: '{notetaking}'

# Where posts come from. `every` is in seconds of simulated time: often where things happen fast, daily for reviews.
sources:
  - kind: hackernews
    base_url: {url}/api/v1
    every: 10800
  - kind: mastodon
    name: mastodon
    instance: {url}
    every: 10800
  - kind: feed
    name: press
    url: {url}/feeds/press.xml
    every: 21600
  - kind: feed
    name: community
    url: {url}/feeds/forum.atom
    watches: [tidepool]  # the brand's own forum: everything there concerns it, named or not
    every: 21600
  - kind: appstore
    name: app store, Tidepool
    app: "9900000001"
    countries: [us, gb, es, vn]
    base_url: {url}
    watches: [tidepool]
    every: 86400
  - kind: appstore
    name: app store, Inkwell Notes
    app: "9900000002"
    base_url: {url}
    watches: [inkwell]
    every: 86400
  - kind: appstore
    name: app store, Papertrail Pro
    app: "9900000003"
    base_url: {url}
    watches: [papertrail]
    every: 86400
  - kind: reviews
    name: review page, Tidepool
    url: {url}/reviews/tidepool
    watches: [tidepool]
    every: 86400
  - kind: reviews
    name: review page, Inkwell Notes
    url: {url}/reviews/inkwell
    watches: [inkwell]
    every: 86400
  - kind: reviews
    name: review page, Papertrail Pro
    url: {url}/reviews/papertrail
    watches: [papertrail]
    every: 86400

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
