"""`listener analyze` and `listener explain`, as people type them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from listener.cli import app


def listener(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=given)


def analyzed(
    tmp_path: Path, text: str, *options: str, name: str = "posts.jsonl"
) -> tuple[list[dict[str, Any]], Result]:
    file, to = tmp_path / "posts.jsonl", tmp_path / "judged.jsonl"
    file.write_text(text)
    result = listener("analyze", str(file), "--out", str(to), *options)
    return [json.loads(line) for line in to.read_text().splitlines()], result


def test_what_is_said_is_added_to_each_row_and_nothing_is_taken_away(tmp_path: Path) -> None:
    given = {"id": 7, "text": "Acme is down, I can't log in", "brand": "Acme", "hint": "en"}
    (row,), result = analyzed(tmp_path, json.dumps(given))
    assert result.exit_code == 0
    assert {name: row[name] for name in given} == given
    assert (row["language"], row["label"], row["complaint"], row["intent"]) == ("en", "negative", True, "complaint")
    assert -1 <= row["sentiment"] < 0 < row["probability"] <= 1
    assert row["targets"] == {"Acme": {name: row[name] for name in ("sentiment", "label", "complaint")}}


def test_a_bad_line_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    rows, result = analyzed(tmp_path, '{"text": "fine"}\n{"text": \n{"subject": "none"}\n"a text alone"\n\n')
    assert [row["text"] for row in rows] == ["fine", "a text alone"]
    assert result.exit_code == 1
    told = result.stderr.splitlines()
    assert [line.partition(":")[0] for line in told[:2]] == ["line 2", "line 3"]
    assert "it has no text: name a column or key text, content" in told[1]
    assert "2 lines of" in told[-1]


def test_csv_comes_in_and_goes_out(tmp_path: Path) -> None:
    file, to = tmp_path / "reviews.csv", tmp_path / "judged.csv"
    file.write_text('Review;rating\n"Great, really great";5\n=Terrible;1\n', "utf-8-sig")
    assert listener("analyze", str(file), "-o", str(to)).exit_code == 0
    rows = list(csv.DictReader(to.read_text().splitlines()))
    assert [(row["Review"], row["rating"], row["label"]) for row in rows] == [
        ("Great, really great", "5", "positive"), ("'=Terrible", "1", "negative"),
    ]  # fmt: skip


def test_ratings_on_another_scale_are_not_read(tmp_path: Path) -> None:
    rows, result = analyzed(tmp_path, '{"text": "It is great", "rating": 1}\n{"text": "It is great", "rating": 9.5}')
    assert [row["label"] for row in rows] == ["positive", "positive"]
    assert "the column rating does not hold stars" in result.stderr


def test_each_brand_has_its_own_part(tmp_path: Path) -> None:
    given = {"text": "Acme is great. Globex is terrible, I hate Globex.", "brand": "Acme, Globex"}
    (row,), _ = analyzed(tmp_path, json.dumps(given))
    assert {name: target["label"] for name, target in row["targets"].items()} == {
        "Acme": "positive",
        "Globex": "negative",
    }


def test_standard_input_and_output_make_a_pipe() -> None:
    result = listener("analyze", "-", given='{"text": "Acme is terrible"}\n')
    assert json.loads(result.stdout)["label"] == "negative"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = listener("analyze", str(tmp_path / "none.jsonl"))
    assert result.exit_code == 1
    assert "none.jsonl cannot be read: No such file or directory" in result.stderr.replace("\n", " ")


def test_why_is_explained() -> None:
    told = ["explain", "Acme is terrible. Globex is nice.", "--brand", "Acme", "--brand", "Globex"]
    shown = listener(*told).stdout
    assert "Acme: negative" in shown
    assert "Globex: positive" in shown
    assert shown.index("terrible") < shown.index("Globex: positive") < shown.index("nice")
    found = json.loads(listener(*told, "--json").stdout)["targets"]
    assert {name: one["sentiment"]["label"] for name, one in found.items()} == {
        "Acme": "negative",
        "Globex": "positive",
    }
    assert [opinion["text"] for opinion in found["Acme"]["opinions"]] == ["terrible"]
