"""What is followed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    BRAND = "brand"
    COMPETITOR = "competitor"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Watch:
    """What the team follows. `id` never changes; `name` may, and each change of `query` makes a new `version`."""

    id: str
    name: str
    role: Role
    query: str
    time_zone: str = "UTC"
    version: int = 1
