"""Dataclasses as columns and as JSON, derived from their fields, so that what is stored is declared in one place.

Text, numbers, times and enums are columns of their own. Everything else is one JSON column: a tuple as a list, a
mapping as an object, a dataclass as the list of its values in their order (half the size of one with names; a shorter
list was stored before fields were added, and they take their defaults). A required dataclass lies flat among the
columns of the one that holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from operator import attrgetter
from types import NoneType
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, Text

from storage.rows.columns import LARGEST, Json, UtcTime, cleaned, is_clean

T = TypeVar("T")
Convert = Callable[[Any], Any]

_VALUE = "._value_"
"""Of an enum: ten times as fast as `value`, which is a property."""
_PLAIN: dict[Any, Any] = {int: Integer, float: Float, bool: Boolean, datetime: UtcTime}


class Codec(Generic[T]):
    """One dataclass. `apart`: fields that are kept elsewhere, and given to `read` in their order.

    `names` are its columns. `text`: the type of columns of text.
    """

    def __init__(self, kind: type[T], *apart: str, text: Any = Text) -> None:
        # All of it is worked out once, because `write` and `read` run for every row. A place is a column's.
        self._kind: Callable[..., T] = kind
        self._columns: list[tuple[str, Any, bool]] = []  # name, type, whether it may be empty
        self._paths: list[str] = []  # from the value to that of the column
        self._encoders: list[tuple[int, Convert]] = []  # of places that are not stored as they are
        self._decoders: list[tuple[int, Convert]] = []  # of enums
        self._json_decoders: list[tuple[int, Convert, Callable[[], Any]]] = []  # with what stands for an empty column
        self._inner: list[tuple[slice, Codec[Any]]] = []  # dataclasses that lie flat among the columns
        self._apart: list[int] = []  # places of fields
        self._unstored: list[tuple[int, Any]] = []  # places of fields, with their defaults
        hints = get_type_hints(kind)
        for place, one in enumerate(fields(kind)):  # type: ignore[arg-type]
            if one.metadata.get("not_stored"):
                self._unstored.append((place, one.default))
            elif one.name in apart:
                self._apart.append(place)
            elif is_dataclass(hints[one.name]):
                self._add_columns_of(one.name, Codec(hints[one.name], text=text))
            else:
                self._add_column(one, *_unwrapped(hints[one.name]), text)
        self.names = tuple(name for name, _, _ in self._columns)
        self._values = attrgetter(*self._paths)
        kinds = [(path, kind_) for path, (_, kind_, _) in zip(self._paths, self._columns, strict=True)]
        self._texts = _getter([path for path, kind_ in kinds if kind_ is text and not path.endswith(_VALUE)])
        self._integers = _getter([path for path, kind_ in kinds if kind_ in (Integer, BigInteger)])
        self._nested = _getter([self._paths[place] for place, _ in self._encoders])
        self._times = [name for name, kind_, _ in self._columns if kind_ is UtcTime]
        self._blank = dict.fromkeys(self.names) | {
            one.name: getattr(one.default, "value", one.default) or None
            for one in fields(kind)  # type: ignore[arg-type]
            if one.name in self.names and one.default is not MISSING
        }

    def _add_column(self, one: Field[Any], kind: Any, empty: bool, text: Any) -> None:
        place, (encode, decode) = len(self._columns), as_json(kind)
        if kind is str or kind in _PLAIN:
            wide = BigInteger if kind is int and empty else _PLAIN.get(kind, text)
            self._columns.append((one.name, wide, empty))
            self._paths.append(one.name)
            return
        enum = isinstance(kind, type) and issubclass(kind, Enum)
        self._columns.append((one.name, Text, empty) if enum else (one.name, Json, True))
        self._paths.append(f"{one.name}{_VALUE}" if enum and not empty else one.name)
        if enum and not empty:
            self._decoders.append((place, decode))
        else:
            nothing: Callable[[], Any] = one.default_factory if callable(one.default_factory) else lambda: one.default
            self._encoders.append((place, encode))
            self._json_decoders.append((place, decode, nothing))

    def _add_columns_of(self, name: str, inner: Codec[Any]) -> None:
        start = len(self._columns)
        self._columns += inner._columns
        self._paths += [f"{name}.{path}" for path in inner._paths]
        self._encoders += [(start + place, encode) for place, encode in inner._encoders]
        self._inner.append((slice(start, start + len(inner.names)), inner))

    def columns(self) -> list[Column[Any]]:
        return [Column(name, kind, nullable=empty) for name, kind, empty in self._columns]

    def write(self, value: T) -> dict[str, Any]:
        """Its columns by name."""
        values = list(self._values(value))
        for place, encode in self._encoders:
            item = values[place]
            values[place] = encode(item) if item else None
        return dict(zip(self.names, values, strict=True))

    def read(self, columns: Sequence[Any], *apart: Any) -> T:
        """From its columns, in the order of `names`."""
        values = list(columns)
        for place, decode in self._decoders:
            values[place] = decode(values[place])
        for place, decode, nothing in self._json_decoders:
            item = values[place]
            values[place] = decode(item) if item else nothing()
        for part, inner in reversed(self._inner):
            values[part] = [inner.read(values[part])]
        for place, value in zip(self._apart, apart, strict=True):
            values.insert(place, value)
        for place, default in self._unstored:
            values.insert(place, default)
        return self._kind(*values)

    def fits(self, value: T) -> bool:
        """Whether every database can hold all of it as it is."""
        for item, (_, encode) in zip(self._nested(value), self._encoders, strict=True):
            if item and cleaned(encode(item)) != encode(item):
                return False
        huge = any(number and abs(number) > LARGEST for number in self._integers(value))
        return not huge and is_clean("\n".join(filter(None, self._texts(value))))

    def fitted(self, value: T) -> T:
        """The same without what a database refuses."""
        return self.read([_within_64_bits(cleaned(item)) for item in self.write(value).values()])

    def to_json(self, value: T) -> dict[str, Any]:
        """Its columns by name without the empty ones, times as text."""
        columns = self.write(value)
        for name in self._times:
            columns[name] = columns[name] and columns[name].isoformat()
        return {name: item for name, item in columns.items() if item is not None}

    def from_json(self, value: Mapping[str, Any], *apart: Any) -> T:
        columns: dict[str, Any] = self._blank | {name: item for name, item in value.items() if name in self._blank}
        for name in self._times:
            columns[name] = columns[name] and datetime.fromisoformat(columns[name])
        return self.read(list(columns.values()), *apart)


def _within_64_bits(value: Any) -> Any:
    return max(-LARGEST, min(LARGEST, value)) if type(value) is int else value


def _getter(names: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    """Always several: `attrgetter` gives one name's value alone."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: [getattr(value, name) for name in names]


def _unwrapped(hint: Any) -> tuple[Any, bool]:
    """`X | None` → X, and whether it may be empty."""
    kinds = get_args(hint)
    if NoneType not in kinds:
        return hint, False
    return next(kind for kind in kinds if kind is not NoneType), True


# -- values inside JSON -------------------------------------------------------------------------------------------


def as_json(kind: Any) -> tuple[Convert, Convert]:
    """How values of this type become JSON, and what JSON gave is read. Numbers that JSON does not know come as None."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is datetime:
        return datetime.isoformat, datetime.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return attrgetter("_value_"), {
            item.value: item for item in kind
        }.__getitem__  # ten times as fast as kind(value)
    if is_dataclass(kind):
        return _dataclass(kind)
    if origin is tuple:
        encode, decode = as_json(arguments[0])
        return (lambda items: [*map(encode, items)]), lambda items: tuple(map(decode, items))
    if origin is not None and issubclass(origin, Mapping):
        return dict, lambda items: {name: item for name, item in items.items() if item is not None}
    return _same, _same


def _dataclass(kind: Any) -> tuple[Convert, Convert]:
    hints = get_type_hints(kind)
    forms = [_unwrapped(hints[one.name]) for one in fields(kind)]
    values = attrgetter(*(one.name for one in fields(kind)))
    encoders, decoders = zip(*map(as_json, (form for form, _ in forms)), strict=True)
    empty = [may for _, may in forms]

    def encode(value: Any) -> Any:
        return [item if item is None else convert(item) for convert, item in zip(encoders, values(value), strict=True)]

    def decode(items: Any) -> Any:
        """None where something is missing that must not be."""
        given = [*zip(items, empty, decoders, strict=False)]
        if any(item is None and not may for item, may, _ in given):
            return None
        return kind(*(item if item is None else convert(item) for item, _, convert in given))

    return encode, decode


def _same(value: Any) -> Any:
    return value
