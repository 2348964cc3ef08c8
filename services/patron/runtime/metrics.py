"""What is counted and measured. Base units, no ids in labels.

Time series are looked up once (`child`): `labels()` costs more than `inc()`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from prometheus_client import Counter, Gauge, Histogram, Info, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

PROCESSING_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
END_TO_END_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)

BUILD = Info("patron_build", "The version that runs.")

EVENTS_RECEIVED = Counter("patron_events_received_total", "Records read from a topic.", ["topic"])
EVENTS_PROCESSED = Counter(
    "patron_events_processed_total", "What became of records, once committed.", ["outcome"]
)
DEAD_LETTERS = Counter("patron_dead_letters_total", "Records set aside.", ["error_code"])
BATCH_SECONDS = Histogram(
    "patron_event_processing_seconds",
    "From a batch's first look to its commit.",
    buckets=PROCESSING_BUCKETS,
)
BATCH_EVENTS = Histogram(
    "patron_batch_size_events", "Records in a batch.", buckets=(1, 5, 25, 100, 500, 2000, 10_000)
)
END_TO_END_SECONDS = Histogram(
    "patron_event_end_to_end_seconds",
    "From a record's timestamp to its commit, of each batch's oldest.",
    buckets=END_TO_END_BUCKETS,
)
LAST_PROCESSED = Gauge(
    "patron_last_event_processed_timestamp_seconds", "When a batch was last committed."
)
LAG = Gauge("patron_consumer_lag_records", "Records that wait.", ["topic", "partition", "group"])
PARTITIONS_STOPPED = Gauge(
    "patron_partitions_stopped", "Partitions that wait for an operator.", ["reason"]
)
OUTBOX_PENDING = Gauge("patron_outbox_pending_notices", "Notices owed, not published.", ["shard"])
OUTBOX_OLDEST_SECONDS = Gauge(
    "patron_outbox_oldest_pending_seconds",
    "For how long the oldest notice has been seen to wait.",
    ["shard"],
)
NOTICES_PUBLISHED = Counter("patron_notices_published_total", "Notices that Kafka committed.")
ROUNDS_FAILED = Counter("patron_relay_rounds_failed_total", "Relay rounds that a fault ended.")
LETTERS_COPIED = Counter(
    "patron_dead_letters_copied_total", "Dead letters whose copies Kafka committed."
)
NOTICES_PARKED = Counter("patron_notices_parked_total", "Notices too large to be published.")
ACCOUNTS_REACHED = Counter("patron_accounts_reached_total", "Accounts that time moved.")

_BUSINESS: dict[str, Counter] = {
    "points_issued": Counter("patron_points_issued_total", "Points given.", ["program", "rule"]),
    "points_redeemed": Counter(
        "patron_points_redeemed_total", "Points spent.", ["program", "asset"]
    ),
    "points_expired": Counter(
        "patron_points_expired_total", "Points that ended unspent.", ["program", "asset"]
    ),
    "tier_changes": Counter(
        "patron_tier_changes_total", "Tier changes.", ["program", "from_tier", "to_tier"]
    ),
    "rewards_unlocked": Counter(
        "patron_rewards_unlocked_total", "Rewards unlocked.", ["program", "reward"]
    ),
}


@cache
def child(metric: Any, *labels: str) -> Any:
    """One time series of a metric, looked up once."""
    return metric.labels(*labels)


def count_business(business: Mapping[tuple[str, ...], int]) -> None:
    """Count what a batch meant for the business, by what happened and its labels."""
    for (what, *labels), amount in business.items():
        child(_BUSINESS[what], *labels).inc(amount)
