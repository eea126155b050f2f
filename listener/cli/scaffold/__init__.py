"""The first version of a source or a channel, written from the templates beside this file.

The templates are a kind called `noticeboard`, against an API that is invented: CONTRIBUTING shows them, and the tests
run them. A name of the user's own takes the place of theirs.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TEMPLATES = Path(__file__).parent
FAMILIES = ("social", "news", "reviews", "pages")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_NAME = 30

SOURCE_FILES = {
    "scrapers/FAMILY/NAME.py": "source/noticeboard.py",
    "tests/scrapers/samples/NAME/posts.json": "source/posts.json",
    "tests/scrapers/samples/NAME/address.txt": "source/address.txt",
    "tests/scrapers/samples/NAME/search.py": "source/search.py",
    "tests/scrapers/test_NAME.py": "source/test_noticeboard.py",
    "tests/world/places/NAME.py": "source/place.py",
}
CHANNEL_FILES = {
    "alerts/NAME.py": "channel/noticeboard.py",
    "tests/contracts/channels/NAME.py": "channel/stage.py",
    "tests/alerts/test_NAME.py": "channel/test_noticeboard.py",
}
OWN_SOURCE_FILES = {
    "NAME.py": "source/noticeboard.py",
    "NAME.json": "source/posts.json",
    "test_NAME.py": "source/test_own.py",
}
OWN_CHANNEL_FILES = {"NAME.py": "channel/noticeboard.py", "test_NAME.py": "channel/test_own.py"}
_SET_UP = """## How to set up {title}

Change this: where its address is found, which rights it needs, and what people see.

```yaml
channels:
  team:
    kind: {name}
    url: ${{{variable}}}
```

"""


class ScaffoldError(Exception):
    """Nothing was written; `remedy` says what to do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True)
class Draft:
    """What is to be written below `root`: new files, and changed ones, each with its whole text."""

    root: Path
    new: Mapping[str, str]
    changed: Mapping[str, str] = field(default_factory=dict)

    def write(self) -> None:
        """All of it, or none: a file that is there already is never written over. Raises ScaffoldError."""
        for path in self.new:
            if (self.root / path).exists():
                raise ScaffoldError(f"{path} is there already", "take another name, or move the file away")
        for path, text in {**self.new, **self.changed}.items():
            try:
                (self.root / path).parent.mkdir(parents=True, exist_ok=True)
                (self.root / path).write_text(text, encoding="utf-8")
            except OSError as error:
                raise ScaffoldError(f"{path} cannot be written: {error.strerror}") from error


def checkout(folder: Path) -> Path | None:
    """The checkout of Listener that a folder lies in, if it lies in one."""
    for place in (folder, *folder.parents):
        if all((place / part).is_file() for part in ("scrapers/__init__.py", "alerts/__init__.py", "CONTRIBUTING.md")):
            return place
    return None


def class_of(name: str) -> str:
    """The class for a name: google_news → GoogleNews."""
    return "".join(part.capitalize() for part in name.split("_"))


def new_source(name: str, family: str, root: Path) -> Draft:
    """A source in a checkout, with its tests. Raises ScaffoldError for a name that cannot be one, or is taken."""
    if family not in FAMILIES:
        raise ScaffoldError(f"there is no family {family!r}", f"one of {', '.join(FAMILIES)}")
    catalogue = "scrapers/__init__.py"
    listed = _listed(root / catalogue, "KINDS", name, f"scrapers.{family}.{name}")
    return Draft(root, dict(_filled(SOURCE_FILES, name, f"scrapers.{family}.{name}", family)), {catalogue: listed})


def new_channel(name: str, root: Path) -> Draft:
    """A channel in a checkout, with its tests and its part of the docs. Raises ScaffoldError as `new_source`."""
    catalogue, page = "alerts/__init__.py", "docs/channels.md"
    listed = _listed(root / catalogue, "CHANNELS", name, f"alerts.{name}")
    before, heading, after = (root / page).read_text(encoding="utf-8").partition("## When a channel is in trouble")
    part = _SET_UP.format(name=name, title=class_of(name), variable=f"{name.upper()}_URL")
    changed = {catalogue: listed, page: f"{before}{part}{heading}{after}"}
    return Draft(root, dict(_filled(CHANNEL_FILES, name, f"alerts.{name}")), changed)


def own_source(name: str, folder: Path) -> Draft:
    """A source beside a config, used as `kind: NAME:Class`, with a saved answer and a test."""
    return _own(OWN_SOURCE_FILES, name, folder)


def own_channel(name: str, folder: Path) -> Draft:
    """A channel beside a config, used as `kind: NAME:Class`, with a test."""
    return _own(OWN_CHANNEL_FILES, name, folder)


def _own(files: Mapping[str, str], name: str, folder: Path) -> Draft:
    check_name(name)
    if not (folder / f"{name}.py").exists() and importlib.util.find_spec(name):
        raise ScaffoldError(f"a module {name!r} is installed, and would be found instead", "take another name")
    return Draft(folder, dict(_filled(files, name, name)))


def check_name(name: str) -> None:
    """Raises ScaffoldError unless this can be the name of a kind: a module's name, in lower case."""
    if _NAME.fullmatch(name) and not keyword.iskeyword(name) and len(name) <= LONGEST_NAME:
        return
    near = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")[:LONGEST_NAME]
    usable = name.isascii() and _NAME.fullmatch(near) and not keyword.iskeyword(near)
    rule = f"begin with a letter; then lower-case letters, digits and single _ between them, at most {LONGEST_NAME}"
    if keyword.iskeyword(name):
        rule = "it is a word of Python itself: take another one"
    raise ScaffoldError(f"{name!r} cannot be the name of a kind", f"write {near}" if usable else rule)


def _listed(catalogue: Path, table: str, name: str, module: str) -> str:
    """The catalogue's file with the kind in it: its import and its line, each in its place in the alphabet."""
    check_name(name)
    text = catalogue.read_text(encoding="utf-8")
    found = re.search(rf"^{table}\b[^\n]*= {{\n(.*?)^}}", text, re.DOTALL | re.MULTILINE)
    imports = re.search(r"(?:^from (?:scrapers|alerts)\S* import \S+\n)+", text, re.MULTILINE)
    if found is None or imports is None:
        raise ScaffoldError(f"{catalogue} has no {table} with a line for each kind", f"add {name!r} to it by hand")
    if re.search(rf'^ +"{name}":', found[1], re.MULTILINE):
        raise ScaffoldError(f"there is a kind {name!r} already", "take another name, or change that one")
    if re.search(rf"\b{class_of(name)}\b", text):
        raise ScaffoldError(f"there is a class {class_of(name)} already in {catalogue.name}", "take another name")
    entries = sorted([*found[1].splitlines(), f'    "{name}": {class_of(name)},'])
    lines = sorted([*imports[0].splitlines(), f"from {module} import {class_of(name)}"])
    text = text.replace(found[1], "\n".join(entries) + "\n", 1)
    return text.replace(imports[0], "\n".join(lines) + "\n", 1)


def _filled(files: Mapping[str, str], name: str, module: str, family: str = "") -> Iterator[tuple[str, str]]:
    for path, template in files.items():
        text = (TEMPLATES / template).read_text(encoding="utf-8")
        text = re.sub(r"\b(scrapers\.social|alerts)\.noticeboard\b", module, text)
        text = re.sub(r"(?<=[/\"])noticeboard(?=\.example\b)", name.replace("_", "-"), text)  # a host has no _
        text = text.replace("NOTICEBOARD", name.upper()).replace("noticeboard", name)
        text = text.replace("Noticeboard", class_of(name))
        yield path.replace("NAME", name).replace("FAMILY", family), text
