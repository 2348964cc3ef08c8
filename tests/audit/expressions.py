"""Conditions that hold for some of the orders and events of random histories; meters to reach."""

from hypothesis import strategies as st

order_expressions = st.sampled_from(
    [
        None, None, "order.total_minor > 1500", "order.lines.exists(l, l.category == 'food')",
        "order.lines.all(l, l.paid_minor == l.list_minor) && order.units < 5",
        "order.attributes.channel == 'app' || order.total_minor < 2000",
        "order.lines[0].units > 1",
    ]
)  # fmt: skip
member_expressions = st.sampled_from([None, None, "member.tier != 'silver'"])
event_expressions = st.sampled_from(
    [None, None, "event.subject == 'tea'", "event.stars > 3", "'stars' in event.attributes"]
)

reach_windows = st.sampled_from(
    ["lifetime", "year", "anniversary", {"from_joining": "P5D"}, {"from_joining": "PT60H"},
     {"from": "2025-03-01", "to": "2025-03-12"}]
)  # fmt: skip
reach_meters = st.fixed_dictionaries(
    {"counts": st.sampled_from(["orders", "units"]), "window": reach_windows}
) | st.fixed_dictionaries(
    {"counts": st.just("events"), "actions": st.just(["review"]), "window": reach_windows}
)
