"""A query's text → tree. NEAR binds tightest, then NOT, then AND, then OR; two terms without an operator are AND."""

from __future__ import annotations

from dataclasses import replace

from insight.query.cover import covering
from insight.query.errors import Place, QueryError, shown
from insight.query.fields import FIELDS
from insight.query.reading.includes import Includes, Library, Part
from insight.query.reading.lexer import Kind, Token, distance, tokens
from insight.query.reading.prefixes import apply_prefix, expand_joined, near_side
from insight.query.traversal import walk
from insight.query.tree import And, Field, Near, Not, Or, Query, Regex

MAX_DEPTH = 50
"""Brackets and NOTs inside each other. Far above what a person can read, far below Python's own limit."""

MAX_LENGTH = 2_000_000
MAX_TERMS = 200_000
"""With everything that is included: lists that include lists grow by more than a person sees."""
MAX_REGEXES = 100
"""Each takes up to 30 ms to compile."""

_STARTS_A_TERM = (Kind.TERM, Kind.PREFIX, Kind.NAMED, Kind.FILE, Kind.NOT, Kind.OPEN)


def parse(query: str, library: Library | None = None) -> Query:
    """The tree of a query; `library` knows its $names and @files.

    Raises QueryError with a position and a remedy, and nothing else.
    """
    return _parse(query, Includes(library, _parse)).tree


def parse_watch(query: str, library: Library | None = None) -> Query:
    """As `parse`, for what a watch follows: something must be looked for, and all of it be known of a new post."""
    tree = parse(query, library)
    for field in walk(tree):
        if isinstance(field, Field) and FIELDS[field.name].later:
            remedy = f"Take it out, and use {field.name}: in search, routes and the digest."
            raise Place(query, field.at).error(f"{field.name}: is only known of stored mentions", remedy)
    if covering(tree) is None:
        message = "this would match nearly everything: it can hold without any word that has to occur"
        remedy = "Add a word that must occur; every side of an OR needs one of its own."
        raise QueryError(message, len(query) - len(query.lstrip()), remedy, query)
    return tree


def _parse(query: str, includes: Includes, depth: int = 0) -> Part:
    """`depth`: how far inside brackets of other queries this one is included."""
    if len(query) > MAX_LENGTH:
        length = f"the query has {len(query):,} characters; {MAX_LENGTH:,} are allowed"
        raise QueryError(length, MAX_LENGTH, "Split it into several watches, or put lists into files.", query)
    parser = _Parser(query, includes, depth)
    return Part(parser.parse_all(), parser.deepest - depth, parser.terms, parser.regexes)


class _Parser:
    def __init__(self, query: str, includes: Includes, depth: int) -> None:
        self.query = query
        self.includes = includes
        self.tokens = tokens(query)
        self.token = next(self.tokens)
        self.depth = self.deepest = depth
        self.terms = self.regexes = 0

    def parse_all(self) -> Query:
        if self.at(Kind.END):
            raise self.error("the query is empty", "Write what to look for, such as: acme OR #acme")
        tree = self.parse_or()
        if not self.at(Kind.END):
            raise self.error("this bracket closes nothing", "Remove it, or add the ( that it closes.")
        return tree

    def parse_or(self) -> Query:
        parts = [self.parse_and()]
        while self.at(Kind.OR):
            self.advance()
            parts.append(self.parse_and())
        return Or(tuple(parts), at=parts[0].at) if len(parts) > 1 else parts[0]

    def parse_and(self) -> Query:
        parts = [self.parse_not()]
        while self.at(Kind.AND, *_STARTS_A_TERM):
            if self.at(Kind.AND):
                self.advance()
            parts.append(self.parse_not())
        return And(tuple(parts), at=parts[0].at) if len(parts) > 1 else parts[0]

    def parse_not(self) -> Query:
        if not self.at(Kind.NOT):
            return self.parse_near()
        token = self.advance()
        self.enter(token)
        tree = Not(self.parse_not(), at=token.position)
        self.depth -= 1
        return tree

    def parse_near(self) -> Query:
        left = self.parse_operand()
        if not self.at(Kind.NEAR):
            return left
        operator = self.advance()
        if self.at(Kind.NOT):
            remedy = f"Write it beside: a {operator.text} b NOT c."
            raise self.error(f"a NOT stands on a side of {operator.text}", remedy)
        right = self.parse_operand()
        if self.at(Kind.NEAR):
            first, second, follows = shown(str(left)), shown(str(right)), self.token.text
            remedy = f"Write each pair by itself: {first} {operator.text} {second} AND {second} {follows} …"
            raise self.error(f"{follows} stands behind another {operator.text}", remedy)
        number, ordered = distance(operator)
        one, other = near_side(left, operator.text, self.query), near_side(right, operator.text, self.query)
        return Near(number, ordered, one, other, at=left.at)

    def parse_operand(self) -> Query:
        token = self.advance()
        match token.kind:
            case Kind.TERM:
                return self.take_term(token)
            case Kind.PREFIX:
                return self.parse_prefixed(token)
            case Kind.NAMED | Kind.FILE:
                return self.include(token)
            case Kind.OPEN:
                return self.parse_group(token)
            case _:
                raise self.missing(token)

    def take_term(self, token: Token) -> Query:
        if token.term is None:  # the lexer gives every TERM one
            raise AssertionError(token)
        if isinstance(token.term, Or):  # a list of values, which is printed in brackets
            self.enter(token)
            self.depth -= 1
        self.count(token, 1, isinstance(token.term, Regex))
        return token.term

    def parse_prefixed(self, prefix: Token) -> Query:
        """`title:`, `plain:` and `joined:` with what they reach."""
        grouped = self.at(Kind.OPEN)
        self.enter(prefix)
        inner = self.parse_operand()
        self.depth -= 1
        tree = (
            expand_joined(inner, self.query)
            if prefix.text == "joined"
            else apply_prefix(prefix.text, inner, self.query)
        )
        return tree if grouped else replace(tree, at=prefix.position)

    def include(self, token: Token) -> Query:
        self.enter(token)
        part = self.includes.get(token.kind, token.text, Place(self.query, token.position), self.depth)
        self.enter(token, part.depth)
        self.depth -= part.depth + 1
        self.count(token, part.terms, part.regexes)
        return part.tree

    def parse_group(self, token: Token) -> Query:
        self.enter(token)
        tree = self.parse_or()
        if not self.at(Kind.CLOSE):
            raise self.error("this bracket is never closed", "Add the ) where its group ends.", token)
        self.advance()
        self.depth -= 1
        return tree

    def enter(self, token: Token, levels: int = 1) -> None:
        self.depth += levels
        self.deepest = max(self.deepest, self.depth)
        if self.depth > MAX_DEPTH:
            remedy = "Write it flatter: brackets are needed only around an OR that stands beside an AND."
            raise self.error(f"more than {MAX_DEPTH} brackets or NOTs inside each other", remedy, token)

    def count(self, token: Token, found: int, regexes: int) -> None:
        self.terms += found
        self.regexes += regexes
        if self.terms > MAX_TERMS:
            remedy = "Take out what is included more than once."
            raise self.error(f"more than {MAX_TERMS:,} terms with what is included", remedy, token)
        if self.regexes > MAX_REGEXES:
            remedy = "Join some of them with |, or write words, phrases and wildcards."
            raise self.error(f"more than {MAX_REGEXES} regular expressions", remedy, token)

    def at(self, *kinds: Kind) -> bool:
        return self.token.kind in kinds

    def advance(self) -> Token:
        token = self.token
        if token.kind is not Kind.END:
            self.token = next(self.tokens)
        return token

    def missing(self, token: Token) -> QueryError:
        if token.kind is Kind.END:
            return self.error("something to search for is missing at the end", "Add it, or remove the operator.", token)
        if token.kind is Kind.CLOSE:
            return self.error("something to search for is missing before this bracket", "Add it, or remove it.", token)
        remedy = f'Add it, or put the word in quotes: "{token.text}".'
        return self.error(f"something to search for is missing before {token.text}", remedy, token)

    def error(self, message: str, remedy: str, token: Token | None = None) -> QueryError:
        return Place(self.query, (token or self.token).position).error(message, remedy)
