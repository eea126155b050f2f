"""A query's text → tree. NOT binds tightest, then AND, then OR; two terms without an operator are AND."""

from __future__ import annotations

from insight.query.cover import covering
from insight.query.errors import QueryError
from insight.query.lexer import Kind, Token, tokens
from insight.query.tree import And, Not, Or, Query

MAX_DEPTH = 50
"""Brackets and NOTs inside each other. Far above what a person can read, far below Python's own limit."""

MAX_LENGTH = 200_000
_STARTS_A_TERM = (Kind.TERM, Kind.NOT, Kind.OPEN)


def parse(query: str) -> Query:
    """The tree of a query. Raises QueryError with a position and a remedy, and nothing else."""
    if len(query) > MAX_LENGTH:
        length = f"the query has {len(query):,} characters; {MAX_LENGTH:,} are allowed"
        raise QueryError(length, MAX_LENGTH, "Split it into several watches.", query)
    tree = _Parser(query).whole()
    if covering(tree) is None:
        position = len(query) - len(query.lstrip())
        message = "this would match nearly everything: it can hold without any word that has to occur"
        remedy = "Add a word that must occur; every side of an OR needs one of its own."
        raise QueryError(message, position, remedy, query)
    return tree


class _Parser:
    def __init__(self, query: str) -> None:
        self.query = query
        self.tokens = tokens(query)
        self.token = next(self.tokens)
        self.depth = 0

    def whole(self) -> Query:
        if self.at(Kind.END):
            raise self.error("the query is empty", "Write what to look for, such as: acme OR #acme")
        tree = self.either()
        if not self.at(Kind.END):
            raise self.error("this bracket closes nothing", "Remove it, or add the ( that it closes.")
        return tree

    def either(self) -> Query:
        parts = [self.both()]
        while self.at(Kind.OR):
            self.advance()
            parts.append(self.both())
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def both(self) -> Query:
        parts = [self.single()]
        while self.at(Kind.AND, *_STARTS_A_TERM):
            if self.at(Kind.AND):
                self.advance()
            parts.append(self.single())
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def single(self) -> Query:
        token = self.advance()
        if token.term is not None:
            return token.term
        self.depth += 1
        if self.depth > MAX_DEPTH:
            remedy = "Write it flatter: brackets are needed only around an OR that stands beside an AND."
            raise self.error(f"more than {MAX_DEPTH} brackets or NOTs inside each other", remedy, token)
        tree = self.inner(token)
        self.depth -= 1
        return tree

    def inner(self, token: Token) -> Query:
        if token.kind is Kind.NOT:
            return Not(self.single())
        if token.kind is not Kind.OPEN:
            raise self.missing(token)
        tree = self.either()
        if not self.at(Kind.CLOSE):
            raise self.error("this bracket is never closed", "Add the ) where its group ends.", token)
        self.advance()
        return tree

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
        remedy = f'Add it, or put the word in quotes: "{token.kind.name}".'
        return self.error(f"something to search for is missing before {token.kind.name}", remedy, token)

    def error(self, message: str, remedy: str, token: Token | None = None) -> QueryError:
        return QueryError(message, (token or self.token).position, remedy, self.query)
