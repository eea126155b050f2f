"""The thinking: values in, values out. No I/O, no clock, no settings, no randomness without a seed.

What the program calls:
    pipeline        posts in, mentions out
    detect          counts and mentions in, signals out
    digest          the week, as data; `periods`: which week
What that is made of:
    query           what a watch looks for: text → tree → matcher, or a site's own search
    understanding   what a post says: language, sentiment, phrases, the story it belongs to
    spikes          far more mentions than usual
    themes          new complaints
    source_health   sources that are silent, fail or have stopped
What all of it is said in, and counted with:
    model           the words: Watch, Post, Mention, Signal, Theme, Alert, Delivery, …
    counts          what a mention adds to the counters; evidence: who said it; statistics: how likely that is
"""
