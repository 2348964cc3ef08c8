"""What a batch meant for the business: points and changes, counted for metrics."""

from collections import Counter

from patron.engine.reading import Page

# (what, program, and what it is about) → how much.
Business = Counter[tuple[str, ...]]


def business_of(page: Page) -> Business:
    """What a page's decisions issued, redeemed, expired, changed and unlocked."""
    business, program = Business(), page.served.name
    for _, decision, _, _ in page.book.decided:
        moved_inside = {take.to for take in decision.takes}
        for lot in decision.opened:
            if lot.compartment not in moved_inside and lot.compartment != "reserved":
                business["points_issued", program, lot.rule] += lot.amount
        for take in decision.takes:
            if take.to in ("redeemed", "expired"):
                business[f"points_{take.to}", program, take.asset] += take.amount
        for notice in decision.notices:
            if notice.type == "tier.changed":
                tiers = (notice.data["from_tier"], notice.data["to_tier"])
                business["tier_changes", program, *tiers] += 1
            elif notice.type == "reward.unlocked":
                business["rewards_unlocked", program, notice.data["reward"]] += 1
    return business
