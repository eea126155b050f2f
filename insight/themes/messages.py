"""How a theme is said: one sentence a person understands, and a paragraph that says how sure it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from insight.counts import DAY, HOUR
from insight.evidence import author_of, posts_of, stories
from insight.model import Signal, SignalKind, Theme, Watch
from insight.themes.bursts import WINDOW, Burst


def theme_risen(theme: Theme, burst: Burst, watch: Watch, now: datetime, what: str) -> Signal:
    """Many say it, or many more by now: `what` begins the headline and says which of the two."""
    days = ceil((now - max(theme.first_at, now - WINDOW)) / DAY)
    people, span = burst.people, "1 day" if days <= 1 else f"{days} days"
    figures = {
        "authors": float(len({author_of(stored) for stored in burst.mentions})),
        "stories": float(len(stories(burst.mentions))),
        "mentions": float(len(burst.mentions)),
        "expected": round(burst.expected, 3),
        "p_value": burst.chance,
        "days": float(days),
    }
    also = [f'"{phrase}"' for phrase in burst.phrases if phrase not in theme.label][:5]
    detail = (
        f"In {WINDOW // HOUR} hours {people} people said it in their own words; from its history about "
        f"{burst.expected:.1f} would have." + (f" Also: {', '.join(also)}." if also else "")
    )
    headline = f'{what}: "{theme.label}" ({people} people in {span})'
    posts = posts_of(burst.mentions)
    return Signal(SignalKind.THEME, _key(theme), watch.id, None, now, headline, detail, figures, posts=posts)


def theme_quiet(theme: Theme, watch: Watch, now: datetime, lasted: timedelta) -> Signal:
    detail = f"Hardly anybody has said it for {lasted // DAY} days."
    return _over(theme, watch, now, f'Quiet again about {watch.name}: "{theme.label}"', detail)


def theme_merged(theme: Theme, watch: Watch, now: datetime) -> Signal:
    """Into one that is not named, because its name may be made of private words."""
    headline = f'No complaint of its own any more about {watch.name}: "{theme.label}"'
    return _over(theme, watch, now, headline, "The same people say it as another one that is open.")


def _over(theme: Theme, watch: Watch, now: datetime, headline: str, detail: str) -> Signal:
    return Signal(SignalKind.THEME, _key(theme), watch.id, None, now, headline, detail, over=True)


def _key(theme: Theme) -> str:
    return f"theme:{theme.watch}:{theme.id}"
