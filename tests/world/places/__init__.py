"""Every kind's platform in small, answering in its documented format out of one hidden truth. PLACES is them all.

Each module here has PLACES, one or several; a new kind's is found when its file lies here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from tests.world.places.base import Place

PLACES: Mapping[str, Place] = MappingProxyType(
    {
        place.kind: place
        for module in sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name != "base")
        for place in importlib.import_module(f"{__name__}.{module}").PLACES
    }
)
