"""Worked examples through Kafka, Postgres and the real processes give what replay gives."""

from pathlib import Path

import orjson
import pytest

from journeys.world import by_member, notices_and_members, world
from patron.stream.connection import KafkaConnection
from programs.test_quotes import asked, questions_at_the_end

PROGRAMS = Path(__file__).parents[2] / "schemas" / "programs"
EXAMPLES = sorted(PROGRAMS.glob("*.example"))

# Of each example one event, whose it is, and what each rule gave for it: see its README.
PROOFS = {
    "bank-cashback": ("ola", "O1-paid", {"cashback": (2999_99, 20_00)}),
    "badges": ("mia", "M3-paid", {"record": (19_99, 5)}),
    "birthday": ("ida", "ida-buys", {"base": (3000, 30)}),
    "cashback": ("ann", "A3-paid", {"two-percent": (2000, 40)}),
    "co-brand-card": (
        "dan",
        "D1-paid",
        {"everyday": (1_250_50, 1_250), "flights": (0, 0), "welcome": (1_250_50, 0)},
    ),
    "coalition": (
        "iga",
        "A1-paid",
        {"fuel": (0, 0), "grocer": (0, 0), "pharmacy": (82_00, 32), "care": (3, 3)},
    ),
    "coffee-points": ("eva", "E2-paid", {"base": (3_80, 7)}),
    "coffee-to-go": ("kim", "K2-paid", {}),
    "points-with-tiers": ("fred", "F1-paid", {"base": (210_000, 10_000)}),
    "punch-card": ("gus", "G3-paid", {}),
    "punch-card-12": ("zoe", "Z2-paid", {}),
    "draw": ("ann", "A1-paid", {"for-purchases": (5000, 2)}),
    "feedback": ("nia", "nia-answer-1", {"answer": (1, 50)}),
    "free-trial": ("ema", "ema-trial-1", {"start": (1, 1)}),
    "profit-share": ("ann", "A1-paid", {}),
    "engagement": ("ida", "share-4", {"share": (1, 0)}),
    "limited-edition": ("max", "M1-paid", {"base": (25_000, 250)}),
    "one-member": ("nina", "C1-paid", {"base": (30_00, 30)}),
    "closed-club": ("eva", "E3-paid", {"base": (25_00, 4)}),
    "early-access": ("lea", "review-2", {"review": (1, 5)}),
    "partner-subscription": ("sam", "bill-2", {"bill": (30_50, 45)}),
    "referral": ("bob", "B1-paid", {"base": (30_00, 30)}),
    "personal-offer": ("ann", "A3-paid", {"base": (20_00, 40)}),
    "spend-tiers": ("kim", "K5-paid", {"base": (60_61, 75)}),
    "pay-with-points": ("ann", "A2-refund-1", {"base": (4_00, 4)}),
    "discount-card": ("ann", "A1-paid", {}),
    "special-prices": ("ben", "B1-paid", {"base": (22_36, 22)}),
    "loyalty-price": ("cara", "C1-refund", {"to-school": (7_50, 15), "base": (7_50, 7)}),
    "money-off": ("dora", "D1-paid", {"base": (74_80, 150)}),
    "round-up": (
        "eli",
        "E2-paid",
        {"for-forests": (0, 0), "for-oceans": (6_44, 56), "thanks": (5_00, 5)},
    ),
    "one-for-one": (
        "fay",
        "F2-paid",
        {"pair-for-pair": (0, 0), "clinics": (102_40, 512), "base": (117_40, 117)},
    ),
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
async def test_a_worked_example_comes_out_of_kafka_as_replay_prints_it(
    example: Path, database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    events = (example / "events.jsonl").read_bytes().splitlines()
    expected = map(orjson.loads, (example / "expected.jsonl").read_bytes().splitlines())
    notices, members = notices_and_members(expected)

    # Of what members share who comes first has it, and only one partition has one order.
    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path, partitions=1) as found:
        await found.add_tenant("default")
        await found.publish(example.with_suffix(".yaml").read_text("utf-8"), tenant="default")
        await found.send_events(events)
        found.workers.start("all")
        await found.settled()

        count = sum(map(len, notices.values()))
        assert by_member(await found.notices(count=count)) == notices
        for name, member in members.items():
            assert await found.member(name, tenant="default") == member

        name, event, gave = PROOFS[example.stem]
        explained = await found.patron("explain", name, "--event", event, "--json")
        proofs = orjson.loads(explained.out)["proofs"]
        assert {proof["rule"]: (proof["basis"], proof["amount"]) for proof in proofs} == gave

        for question in questions_at_the_end(example):
            basket = tmp_path / "basket.json"
            basket.write_bytes(orjson.dumps(question["basket"]))
            command = ["quote", example.stem, question["member"], str(basket)]
            said = await found.patron(*command, "--at", question["at"], "--json")
            assert orjson.loads(said.out) == asked(question, example, tmp_path)

        if example.stem == "draw":
            said = await found.patron("closings", "--json")
            closed = [orjson.loads(line) for line in said.out.splitlines()]
            codes = [each["code"] for each in closed]
            assert codes == ["not_open", "condition", "", "closed"]
            assert closed[2]["closed"]["winners"] == ["cat#1", "ann#2"]

        if example.stem == "early-access":
            access = ("access", "lea", "autumn-drop", "--at")
            before = await found.patron(*access, "2027-09-09T09:59:59+02:00")
            assert before.out.strip() == "no: not_open opens_at 2027-09-09T08:00:00Z"
            then = await found.patron(*access, "2027-09-09T10:00:00+02:00")
            assert then.out.strip() == "yes"

        audited = await found.patron("audit", "--json")
        assert (audited.code, orjson.loads(audited.out)["differences"]) == (0, [])
