"""query: the commands around the query language."""

from __future__ import annotations

import typer

from listener.cli import query_explain, query_import, query_lint, query_match, query_try

app = typer.Typer(no_args_is_help=True)
app.command("explain")(query_explain.explain)
app.command("lint")(query_lint.lint)
app.command("test")(query_try.try_)
app.command("match")(query_match.match)
app.command("import")(query_import.import_)


@app.callback()
def family() -> None:
    """Understand, check and try a query before it runs; bring queries from elsewhere.

    \b
    Examples:
      listener query lint 'acme OR bolt crash'
      listener query import takeout-20260302.zip
    """
