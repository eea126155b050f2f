"""The program: what runs, and when.

`daemon` runs an `app`: its parts, and the table of its jobs. The `engine` runs them, the `schedule` begins them by the
one `clock` (or in a `simulation`); `log` and `observers` say what happens.

- `config`: config.yaml, understood or refused in words; `setup` is what one makes
- `collecting`: from sources into the store: visits, streams, backfill, pace, second looks
- `telling`: from the store to people: detection, who is told, the digest
- `upkeep`: retention, and matching again after a change
- `web`: health, metrics, and the commands (`control`) of the running daemon
- `cli`: the commands people type
- `demo`: a simulated market, to try Listener on
"""
