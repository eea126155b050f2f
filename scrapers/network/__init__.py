"""The doors to the outside: http, stream, browser, poster; below them the address guard, pace, robots and bodies."""
