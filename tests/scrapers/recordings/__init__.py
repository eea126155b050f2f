"""Recorded answers, every field of every post judged by a plain mapping of the raw answer that shares no reader."""
