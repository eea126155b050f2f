"""Every kind's platform in small, answering in its documented format out of one hidden truth. PLACES is them all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tests.world.places import forums, meta, news, pages, social
from tests.world.places.base import Place

PLACES: Mapping[str, Place] = MappingProxyType(
    {place.kind: place for module in (forums, meta, news, pages, social) for place in module.PLACES}
)
