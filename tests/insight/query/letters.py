"""The letters, words, hashtags and names of a text for the slow definition: one character at a time, with its place."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

Place = tuple[int, int]
Letter = tuple[str, int, int]
"""A folded character, and the part of the text that it comes from."""

_UNSEEN = "\ufe0f\u00ad\U0001f3fd"
_KASHIDA = "\u0640"
_SAME_LETTER = {"ı": "i", "ي": "ی", "ك": "ک"}
_BARE = {"đ": "d", "ø": "o", "ł": "l", "ى": "ی", "ي": "ی", "ة": "ه", "ہ": "ه", "ە": "ه"}
_LIKE_A_BLANK = dict.fromkeys(map(ord, "™®©…\u00a0"), " ")


def _settled(text: str) -> str:
    return "".join(c for c in text.translate(_LIKE_A_BLANK) if c not in _UNSEEN)


def folded(text: str, bare: bool = False) -> str:
    settled = unicodedata.normalize("NFKC", _settled(text).replace("’", "'"))
    plain = _one_letter(unicodedata.normalize("NFKC", settled.casefold())).replace(_KASHIDA, "")
    return without_marks(plain) if bare else plain


def _one_letter(text: str) -> str:
    return "".join(_SAME_LETTER.get(c, c) for c in text.replace("i\u0307", "i"))


def without_marks(text: str) -> str:
    kept = (c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn" or _unspaced(c))
    return "".join(_BARE.get(c, c) for c in unicodedata.normalize("NFC", "".join(kept)))


def as_written(text: str) -> str:
    """What {cased} text compares: letters and digits as they are, everything else one blank."""
    seen = (c if kind(c) or c in "+#" else " " for c in unicodedata.normalize("NFKC", _settled(text)))
    return " ".join("".join(seen).split())


def as_typed(text: str) -> str:
    """What raw text compares: everything but case, width and how many blanks."""
    seen = unicodedata.normalize("NFKC", "".join(c for c in text if c not in _UNSEEN))
    typed = _one_letter(unicodedata.normalize("NFKC", seen.casefold()))
    blanks = "".join(" " if c.isspace() else c for c in typed)
    while "  " in blanks:
        blanks = blanks.replace("  ", " ")
    return blanks


def _unspaced(character: str) -> bool:
    return (
        "\u0e00" <= character <= "\u0eff"
        or "\u3040" <= character <= "\u30ff"
        or "\u4e00" <= character <= "\u9fff"
        or "\uac00" <= character <= "\ud7a3"
    )


def kind(character: str) -> str:
    if character >= "\U0001f000" or character == "❤":
        return "emoji"
    if not (character.isalnum() or unicodedata.category(character)[0] == "M"):
        return ""
    return "run" if _unspaced(character) and not character.isdigit() else "word"


def is_letter(character: str) -> bool:
    return kind(character) == "word" or character == "'"  # the only one inside a word: "don't"


def is_tagged(character: str) -> bool:
    return character == "_" or kind(character) in ("word", "run")


def letters(text: str, bare: bool = False) -> list[Letter]:
    """Each letter is folded together with the marks that follow it."""
    found: list[Letter] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.category(text[end])[0] == "M":
            end += 1
        found += [(c, start, end) for c in folded(text[start:end], bare)]
        start = end
    return found


@dataclass(frozen=True)
class Piece:
    """A word, a sign after one, an emoji, or a letter of a script without spaces. `glued`: to such a letter before."""

    text: str
    kind: str
    start: int
    end: int
    glued: bool = False

    @property
    def place(self) -> Place:
        return self.start, self.end


def pieces(text: str, bare: bool = False) -> list[Piece]:
    found: list[Piece] = []
    there = letters(text, bare)
    whole = "".join(c for c, _, _ in there)
    i = 0
    while i < len(whole):
        what = kind(whole[i])
        end = _piece_end(whole, i, what)
        if what:
            glued = what == "run" and i > 0 and kind(whole[i - 1]) == "run"
            found.append(Piece(whole[i:end], what, there[i][1], there[end - 1][2], glued))
        if what == "word" and (sign := _sign_at(whole, end)):
            found.append(Piece(sign, "sign", there[end][1], there[end + len(sign) - 1][2]))
            end += len(sign)
        i = end
    return found


def _piece_end(text: str, i: int, what: str) -> int:
    match what:
        case "word":
            return _word_end(text, i)
        case "run":
            return next((j for j in range(i + 1, len(text)) if not _is_mark_of_a_run(text[j])), len(text))
        case "emoji":
            return _emoji_end(text, i)
        case _:
            return i + 1


def _is_mark_of_a_run(character: str) -> bool:
    return kind(character) == "run" and unicodedata.category(character)[0] == "M"


def _emoji_end(text: str, i: int) -> int:
    if _is_flag(text[i]) and i + 1 < len(text) and _is_flag(text[i + 1]):
        return i + 2
    end = i + 1
    while end + 1 < len(text) and text[end] == "\u200d" and kind(text[end + 1]) == "emoji":
        end += 2
    return end


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _word_end(text: str, end: int) -> int:
    while end < len(text) and (kind(text[end]) == "word" or _joins(text, end)):
        end += 1
    return end


def _joins(text: str, i: int) -> bool:
    """The apostrophe of "don't" and the point of 3.5."""
    before, after, later = text[i - 1], text[i + 1 : i + 2], text[i + 2 : i + 3]
    if text[i] in ".,":
        return before.isdecimal() and after.isdecimal()
    return text[i] == "'" and before == "n" and after == "t" and kind(later or " ") not in ("word", "run")


def _sign_at(text: str, i: int) -> str:
    if not (text[i - 1].isascii() and text[i - 1].isalnum()):
        return ""
    sign = "++" if text.startswith("++", i) else text[i : i + 1]
    after = text[i + len(sign) : i + len(sign) + 1] or " "
    ends = after.isdecimal() or kind(after) != "word"
    return sign if sign in ("+", "++", "#") and after not in "+#" and ends and not _is_mark_of_a_run(after) else ""


def _introduced(mark: str, not_after: str, text: str) -> list[int]:
    """Where something begins that the mark introduces."""
    marks = (i for i, character in enumerate(text) if character == mark)
    return [i + 1 for i in marks if i == 0 or not (is_tagged(text[i - 1]) or text[i - 1] in not_after)]


def tags(text: str, bare: bool = False) -> list[Letter]:
    there = letters(text, bare)
    whole = "".join(c for c, _, _ in there)
    found = []
    for start in _introduced("#", "&/#", whole):
        end = next((i for i in range(start, len(whole)) if not is_tagged(whole[i])), len(whole))
        if end > start:
            found.append((whole[start:end], there[start - 1][1], there[end - 1][2]))
    return found


def names(text: str) -> list[Letter]:
    there = letters(text)
    whole = "".join(c for c, _, _ in there)
    found = []
    for start in _introduced("@", "@", whole):
        end = next((i for i in range(start, len(whole)) if not (is_tagged(whole[i]) or whole[i] in ".-")), len(whole))
        name = whole[start:end].rstrip(".-")
        if name and name[0] not in ".-":
            name += _server(whole[start + len(name) :])
            found.append((name, there[start - 1][1], there[start + len(name) - 1][2]))
    return found


def _server(rest: str) -> str:
    allowed = "abcdefghijklmnopqrstuvwxyz0123456789.-"
    end = next((i for i in range(1, len(rest)) if rest[i] not in allowed), len(rest))
    server = rest[:end].rstrip(".-")
    return server if server.startswith("@") and len(server) > 1 else ""
