"""query: the commands around the query language, one file each."""

from __future__ import annotations

import typer

from listener.cli.lazy import Commands, lazy

QUERY_COMMANDS: Commands = {
    "explain": (
        "query_explain:explain",
        "Show how a query is read, which part each source searches for itself, and the hits per clause.",
    ),
    "lint": ("query_lint:lint", "Say what will surprise you in a query, with its place and a remedy."),
    "test": (
        "query_tests:try_texts",
        "Try queries on texts that they must match or reject: the `tests` of the config's watches, or those in a file.",
    ),
    "match": (
        "query_match:match",
        "Say of each post whether a query matches it and where: JSON lines in, the same lines out with the answer added.",  # noqa: E501
    ),
    "import": (
        "query_import:import_",
        "Bring Google Alerts over: each becomes a watch, its RSS feed a source, and what cannot be kept is named.",
    ),
}

app = typer.Typer(no_args_is_help=True, cls=lazy(QUERY_COMMANDS))


@app.callback()
def family() -> None:
    """Understand, check and try a query before it runs; bring queries from elsewhere.

    \b
    Examples:
      listener query lint 'acme OR bolt crash'
      listener query import takeout-20260302.zip
    """
