"""What deciding a purchase costs, counted in calls: the same on every machine, at any load.

A mechanic that a program does not use is asked about once a program, not once a purchase.
"""

import sys
from collections import Counter
from types import FrameType
from typing import Any

from core.grocery import Till, bought, ladder, program, rule, spend

# Two rules, a meter and a ladder; so many with a few to spare. A new mechanic that needs more
# for every purchase belongs into what is worked out once, as `core.earning.order_rules` is.
CALLS_MAX = 110


def test_an_ordinary_purchase_is_decided_in_few_calls() -> None:
    till = Till(program(rule(), rule(name="more"), meters=[spend()], ladder=ladder()))
    till.put(bought("o1", 20_00, 5_00))  # What is asked once a program is known from here on.
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and "/patron/" in code.co_filename:
            calls[f"{code.co_filename.rpartition('/patron/')[2]} {code.co_name}"] += 1

    fact = bought("o2", 20_00, 5_00, when="2025-03-03 13:00")
    sys.setprofile(count)
    try:
        till.offer(fact)
    finally:
        sys.setprofile(None)
    assert calls.total() <= CALLS_MAX, "\n".join(f"{n} {c}" for c, n in calls.most_common())
