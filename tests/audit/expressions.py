"""Conditions that hold for some of the orders and events of random histories."""

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
