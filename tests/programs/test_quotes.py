"""Quotes that stand beside the worked examples: what the command says is what a person works out.

A line of `quotes.jsonl` asks after so many events; the rows of the README that begin with a
letter work each out, and their last column is what the command must say.
"""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from patron.cli.main import app
from programs.test_worked_examples import PROGRAMS, events

QUOTES = sorted(PROGRAMS.glob("*.example/quotes.jsonl"))
ROW = re.compile(r"^\| ([a-z]) \|.*\| ([^|]*) \|$", re.MULTILINE)


def asked(question: dict[str, Any], example: Path, folder: Path) -> dict[str, Any]:
    """What `patron quote` says after so many of the example's events."""
    basket, before = folder / "basket.json", folder / "events.jsonl"
    basket.write_bytes(orjson.dumps(question["basket"]))
    before.write_bytes(b"\n".join(events(example)[: question["after"]]))
    program = str(example.with_suffix(".yaml"))
    command = ["quote", program, question["member"], str(basket), "--events", str(before)]
    said = CliRunner().invoke(app, [*command, "--at", question["at"], "--json"])
    assert said.exit_code == 0, said.output
    quote: dict[str, Any] = orjson.loads(said.stdout)
    return quote


def questions(example: Path) -> list[dict[str, Any]]:
    """What is asked beside an example; nothing beside most."""
    path = example / "quotes.jsonl"
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def questions_at_the_end(example: Path) -> list[dict[str, Any]]:
    """What is asked after all of an example's events."""
    count = len(events(example))
    return [question for question in questions(example) if question["after"] == count]


def in_words(quote: dict[str, Any]) -> str:
    """A quote as the tables write it: "16.00; 100 points pay 5.00"."""
    if "order" in quote:
        return f"{money(quote['amount_minor'])} back"
    words = money(quote["charged_minor"])
    if quote["points"]:
        words += f"; {quote['points']['points']} points pay {money(quote['points']['worth_minor'])}"
    return words


def money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


@pytest.mark.parametrize("path", QUOTES, ids=lambda path: path.parent.stem)
def test_the_readme_says_what_each_basket_costs(path: Path, tmp_path: Path) -> None:
    example = path.parent
    all_questions = questions(example)
    rows = ROW.findall((example / "README.md").read_text("utf-8"))

    assert [letter for letter, _ in rows] == [question["quote"] for question in all_questions]
    assert questions_at_the_end(example)
    for question, (letter, costs) in zip(all_questions, rows, strict=True):
        said = asked(question, example, tmp_path)
        assert in_words(said) == costs, f"quote {letter}"


def test_the_programs_with_prices_have_quotes() -> None:
    assert {path.parent.stem for path in QUOTES} == {
        "discount-card", "special-prices", "loyalty-price", "money-off",
    }  # fmt: skip


def test_a_return_is_shown_as_a_table(tmp_path: Path) -> None:
    example, back = PROGRAMS / "loyalty-price.example", tmp_path / "back.json"
    back.write_text('{"order": "C1", "currency": "USD", "lines": [{"line": "2", "quantity": "1"}]}')
    before = tmp_path / "events.jsonl"
    before.write_bytes(b"\n".join(events(example)[:4]))
    command = ["quote", str(example.with_suffix(".yaml")), "card:7001", str(back)]
    said = CliRunner().invoke(app, [*command, "--events", str(before)])
    assert (
        said.stdout
        == """\
cara in loyalty-price, 2026-02-03 18:00 UTC: of C1
    2  1 of it                        2.70
  to pay back: 2.70 USD
  points: -3
  school: -5
"""
    )


def test_a_quote_is_shown_as_a_table_that_a_person_can_follow(tmp_path: Path) -> None:
    example = PROGRAMS / "discount-card.example"
    basket = tmp_path / "basket.json"
    basket.write_text(
        '{"currency": "PLN", "lines": [{"sku": "shirt", "paid": "9.99"}, '
        '{"sku": "gift", "kind": "gift_card", "paid": "50.00"}]}'
    )
    program, before = example.with_suffix(".yaml"), example / "events.jsonl"
    command = ["quote", str(program), "ann", str(basket), "--events", str(before)]
    said = CliRunner().invoke(app, [*command, "--at", "2026-03-20T12:00:00+01:00"])
    assert (
        said.stdout
        == """\
ann in discount-card, 2026-04-01 10:00 UTC
    1  shirt                          9.99 → 9.69
       card: 3 % of 9.99, 0.30 off (paid: 400.00)
    2  gift                           50.00
  to pay: 59.69 PLN
  would earn: nothing
  why not:
    price saturday: nothing off (condition: during.weekdays)
    reward coffee: not_held
"""
    )


@pytest.mark.parametrize(
    ("basket", "said"),
    [
        ("[]", "no basket"),
        ("{", "no JSON"),
        ('{"currency": "PLN", "lines": []}', "lines: "),
        ('{"currency": "PLN", "lines": [{"sku": "x", "paid": "1.234"}]}', "more digits"),
        ('{"currency": "EUR", "lines": [{"sku": "x", "paid": "1.00"}]}', "program's currency"),
    ],
)
def test_a_basket_that_is_none_is_told_so(basket: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "basket.json"
    path.write_text(basket)
    program = str(PROGRAMS / "discount-card.yaml")
    refused = CliRunner().invoke(app, ["quote", program, "ann", str(path)])
    assert said in str(refused.exception)
