# ruff: noqa: E501  # A message stands on one line, as it is read.
"""Every kind of mistake in a program document, with its place and its mend.

Each row changes one good document; the message must name line, column and what to write.
"""

import pytest

from patron.errors import InvalidProgram, Misconfigured
from patron.wire.documents import compile_document
from patron.wire.problems import InvalidDocument
from patron_schemas.program import MECHANICS, ProgramDocument

SHOP = """\
format: 1
program: shop
zone: Europe/Warsaw
currency: PLN
assets:
  points:
    ends: {after: P12M, at_end_of: month}
    pending: P14D
meters:
  spend: {counts: basis, window: year}
  cups: {counts: units, punches: true}
rules:
  - rule: base
    earn: points
    per_amount: {points: "1", per: "1.00"}
    by_tier: {gold: "1.5"}
    caps: [{window: day, amount: 500}]
  - rule: review
    earn: points
    per_event: {points: 50, action: review}
  - rule: tenth-cup
    unlock: free-cup
    every: {meter: cups, count: 10}
tiers:
  meter: spend
  ladder:
    - {tier: member, from: "0"}
    - {tier: gold, from: "500.00"}
rewards:
  free-cup: {kind: free_product}
  five-off: {kind: amount_off, costs: {points: 500}}
"""

Change = tuple[str, str]

# What is wrong → the changes to the good document, and all that must be said of it.
MISTAKES: dict[str, tuple[list[Change], list[str]]] = {
    "a yearly award on no day of any year": (
        [("per_event: {points: 50, action: review}", 'yearly: {on: "02-30", points: 50}')],
        [
            '20:18: rule "review", yearly.on: "02-30" is no day of any year; write the month\'s last day: "02-29"'
        ],
    ),
    "a yearly award of nothing": (
        [("per_event: {points: 50, action: review}", "yearly: {on: birthday}")],
        ['20:5: rule "review" says not how much; add it: points: 200'],
    ),
    "a yearly award of points of no asset": (
        [
            ("earn: points\n    per_event", "per_event"),
            ("per_event: {points: 50, action: review}", "yearly: {on: joined, points: 50}"),
        ],
        ['19:26: rule "review": points, but not of what; write earn: and the name of an asset'],
    ),
    "a budget of what time awards": (
        [
            (
                "per_event: {points: 50, action: review}",
                "yearly: {on: joined, points: 50}\n    budget: 100",
            ),
        ],
        [
            '21:5: rule "review": a budget, which only orders and events that earn have; remove it',
        ],
    ),
    "for whom what is not paid once is paid once": (
        [("action: review}", "action: review, once_for: program}")],
        [
            '20:45: rule "review": "once_for" where every event pays; '
            "add once: subject, or once: ever"
        ],
    ),
    "what a refund does to a budget that is not there": (
        [
            (
                "per_event: {points: 50, action: review}",
                "per_event: {points: 50, action: review}\n    on_return: keep",
            ),
        ],
        ['21:5: rule "review": "on_return" without a budget; add a budget, or remove it'],
    ),
    "a cap on a wish": (
        [
            ("earn: points\n    per_event", "per_event"),
            (
                "per_event: {points: 50, action: review}",
                "yearly: {on: joined}\n    caps: [{window: day, amount: 5}]",
            ),
        ],
        ['20:5: rule "review": "caps" on a rule that earns nothing; remove it'],
    ),
    "a yearly award for what was bought": (
        [
            (
                "per_event: {points: 50, action: review}",
                "yearly: {on: joined, points: 5}\n    match: {sku: [a]}",
            ),
        ],
        ['21:13: rule "review": "match.sku" means nothing here; remove it'],
    ),
    "a yearly award in the 25th hour": (
        [
            (
                "per_event: {points: 50, action: review}",
                "yearly: {on: joined, points: 5, hour: 24}",
            ),
        ],
        ['20:43: rule "review", yearly.hour: too large; write 23 or less'],
    ),
    "pending for longer than to a date": (
        [("ends: {after: P12M, at_end_of: month}", 'ends: {on: "01-10", earned_before: "01-01"}')],
        ['8:14: asset "points": pending P14D may outlive the end on 01-10; write less than P10D'],
    ),
    "pending and a date without a cut-off": (
        [("ends: {after: P12M, at_end_of: month}", 'ends: {on: "03-31"}')],
        [
            '8:14: asset "points": pending P14D may outlive the end on 03-31; add to ends: earned_before: "01-01"'
        ],
    ),
    "a date of no year": (
        [("ends: {after: P12M, at_end_of: month}", 'ends: {on: "02-30"}')],
        [
            '7:16: asset "points", ends.on: "02-30" is no day of any year; write the month\'s last day: "02-29"'
        ],
    ),
    "two ways to end": (
        [("ends: {after: P12M, at_end_of: month}", "ends: {after: P12M, after_activity: P6M}")],
        [
            '7:11: asset "points", ends: "ends" needs one of "after", "on" and "after_activity"; write {after: P12M}, {on: "03-31"} or {after_activity: P12M}'
        ],
    ),
    "rounding of no life": (
        [("ends: {after: P12M", "ends: {after_activity: P12M")],
        ['7:34: asset "points": "ends.at_end_of" means nothing without "after"; remove it'],
    ),
    "a window of too many days": (
        [("window: year", "window: {rolling: P13M}")],
        ['10:44: meter "spend": P13M is too long for a rolling window; write P12M at most'],
    ),
    "a campaign that ends first": (
        [("window: year", 'window: {from: "2025-12-01", to: "2025-11-01"}')],
        ['10:59: meter "spend": the campaign ends before it begins; write a day after 2025-12-01'],
    ),
    "half a campaign": (
        [("window: year", 'window: {from: "2025-12-01"}')],
        [
            '10:34: meter "spend", window: "window" needs "rolling", "from_joining", or "from" and "to"; write {rolling: P30D}, or {from: "2025-11-01", to: "2025-12-01"}'
        ],
    ),
    "a window that is none": (
        [("window: year", "window: yaer")],
        ['10:34: meter "spend", window: "yaer" is not one of its values; did you mean "year"?'],
    ),
    "a day that is none": (
        [("window: year", 'window: {from: "2025-02-30", to: "2025-03-01"}')],
        [
            '10:41: meter "spend", window.from: "2025-02-30" is no day of the calendar; write a day that exists: "2026-02-28"'
        ],
    ),
    "the end of a rolling window": (
        [
            ("window: year", "window: {rolling: P30D}"),
            ("  meter: spend", "  held: end_of_window\n  meter: spend"),
        ],
        [
            '25:9: a rolling window has no end, and meter "spend" counts over one; write held: rolling, or held: {for: P12M}'
        ],
    ),
    "held rolling by the year": (
        [("  meter: spend", "  held: rolling\n  meter: spend")],
        [
            '25:9: the window of meter "spend" is not a rolling one; give the meter window: {rolling: P12M}'
        ],
    ),
    "a grace after for ever": (
        [("  meter: spend", "  grace: P30D\n  downgrade: never\n  meter: spend")],
        ["25:3: a grace after tiers that never end; remove it"],
    ),
    "a level of nothing": (
        [("cups: {counts: units, punches: true}", "cups: {counts: level, actions: [began]}")],
        [
            '11:3: meter "cups" is a level, but of what; add both: actions: [subscribed], ended_by: [unsubscribed]',
            '23:20: rule "tenth-cup": meter "cups" has no punches; add punches: true to the meter',
        ],
    ),
    "the end of what is no level": (
        [("{counts: basis, window: year}", "{counts: basis, ended_by: [x]}")],
        [
            '10:26: meter "spend": "ended_by" means nothing where basis are counted; remove it',
        ],
    ),
    "a segment of nobody": (
        [
            (
                "rewards:",
                'segments:\n  few: {meters: {spend: {at_least: "9.00", below: "9.00"}}}\nrewards:',
            )
        ],
        ['30:51: segment "few": nobody is at_least and below this; write more below than at_least'],
    ),
    "an entitlement that hangs on no tier of the ladder": (
        [("rewards:", "entitlements:\n  lounge: {while: {tier: [golden]}}\nrewards:")],
        ['30:27: entitlement "lounge": no tier "golden"; did you mean "gold"?'],
    ),
    "codes of what is no code": (
        [("free-cup: {kind: free_product}", "free-cup: {kind: free_product, codes: loaded}")],
        [
            '30:34: reward "free-cup": "codes" of a reward of another kind; '
            "write kind: code, or remove it"
        ],
    ),
    "low where no codes are": (
        [("free-cup: {kind: free_product}", "free-cup: {kind: code, low_at: 5}")],
        [
            '30:26: reward "free-cup": "low_at" where no codes are loaded; '
            "add codes: loaded, or remove it"
        ],
    ),
    "low from the start": (
        [
            (
                "free-cup: {kind: free_product}",
                "free-cup: {kind: code, codes: loaded, low_at: 5, stock: 5}",
            )
        ],
        [
            '30:49: reward "free-cup": "low_at" is not below its stock, so it would be low from '
            "the start; write less than 5"
        ],
    ),
    "an entitlement that hangs on nothing": (
        [("rewards:", "entitlements:\n  lounge: {while: {}}\nrewards:")],
        [
            '30:19: entitlement "lounge", while: no condition; write one: last_order: {at_least: P60D}'
        ],
    ),
    "a segment that hangs on one below it": (
        [
            (
                "rewards:",
                "segments:\n  a: {segment: [b]}\n  b: {joined: {below: P9D}}\nrewards:",
            )
        ],
        ['30:17: segment "a": segment "b" is not above it; move that one up'],
    ),
    "a rule for a segment that is not there": (
        [("    by_tier: {gold", "    match: {segment: [lapsed]}\n    by_tier: {gold")],
        ['16:23: rule "base": no segment "lapsed"; none is declared in this program'],
    ),
    "a reward for some that nobody can buy": (
        [("rewards:", "rewards:\n  mug: {kind: free_product, match: {tier: [gold]}}")],
        [
            '30:29: reward "mug": "match" says who may buy it, and it has no price; write it at the rule that unlocks it'
        ],
    ),
    "a drop with the name of an entitlement": (
        [
            (
                "rewards:",
                "entitlements:\n  sale: {while: {tier: [gold]}}\n"
                'drops:\n  sale: {on: "2027-09-10"}\nrewards:',
            )
        ],
        ['32:3: drop "sale" has the name of entitlement "sale"; give it a name of its own'],
    ),
    "early access for a segment that is not there": (
        [
            (
                "rewards:",
                'drops:\n  sale: {on: "2027-09-10", early: [{by: P1D, match: {segment: [x]}}]}\n'
                "rewards:",
            )
        ],
        ['30:64: drop "sale": no segment "x"; none is declared in this program'],
    ),
    "a price in a wallet that is not there": (
        [
            (
                "  points:\n",
                "  points:\n    split_by: {attribute: topic, values: [jazz, rock]}\n",
            ),
            ("costs: {points: 500}", "costs: {points/rok: 500}"),
        ],
        ['32:40: reward "five-off": no asset "points/rok"; did you mean "points/rock"?'],
    ),
    "an order paid out of wallets": (
        [
            (
                "  points:\n",
                "  points:\n    split_by: {attribute: topic, values: [jazz]}\n",
            ),
            ("rewards:", 'paying: {asset: points, block: 1, worth: "0.01"}\nrewards:'),
        ],
        [
            '30:17: asset "points" is split, and orders are paid out of one wallet; name an asset without split_by'
        ],
    ),
    "entering without a reward": (
        [("  - rule: tenth", "  - rule: in\n    entering: {segment: away}\n  - rule: tenth")],
        [
            '21:5: rule "in": "entering" unlocks a reward; write unlock: and the name of a reward',
            '22:25: rule "in": no segment "away"; none is declared in this program',
        ],
    ),
    "tab indent": (
        [("    pending: P14D", "\tpending: P14D")],
        ["8:1: found character '\\t' that cannot start any token; indent with spaces, not tabs"],
    ),
    "open bracket": (
        [("caps: [{window: day, amount: 500}]", "caps: [{window: day, amount: 500}")],
        [
            "18:3: expected ',' or ']', but got '-'; close the bracket of line 17, or put a comma between its values"
        ],
    ),
    "key twice": (
        [("zone: Europe/Warsaw", "zone: Europe/Warsaw\nzone: UTC")],
        ['4:1: "zone" comes twice (first on line 3); keep one of them'],
    ),
    "alias": (
        [
            (
                "caps: [{window: day, amount: 500}]",
                "caps: &c [{window: day, amount: 500}]\n    match: *c",
            )
        ],
        ['18:12: alias "*c"; write the value out again'],
    ),
    "merge key": (
        [
            (
                "  spend: {counts: basis, window: year}",
                "  spend: {<<: {counts: basis}, counts: basis, window: year}",
            )
        ],
        ["10:11: a merge key; write the fields out again"],
    ),
    "tag": (
        [("zone: Europe/Warsaw", "zone: !!binary Europe")],
        ['3:7: tag "tag:yaml.org,2002:binary"; leave it out; quote text'],
    ),
    "empty value": (
        [("    pending: P14D", "    pending:")],
        ['8:5: "pending" has no value; write one, or remove the line'],
    ),
    "unknown field": (
        [("per_amount: {points", "pre_amount: {points")],
        ['15:5: unknown field "pre_amount" in rule "base"; did you mean "per_amount"?'],
    ),
    "unknown field far": (
        [("currency: PLN", "currency: PLN\nfoo: 1")],
        [
            f'5:1: unknown field "foo" in the program; write one of: {", ".join(sorted(ProgramDocument.model_fields))}'
        ],
    ),
    "missing field": (
        [('{points: "1", per: "1.00"}', '{points: "1"}')],
        ['15:5: rule "base" lacks "per_amount.per"; add it: per: … (For how much money: "1.00".)'],
    ),
    "missing top": (
        [("program: shop\n", "")],
        ['1:1: the program lacks "program"; add it: program: grocer'],
    ),
    "float": (
        [('points: "1"', "points: 1.50")],
        [
            '15:26: rule "base", per_amount.points: 1.50 without quotes is not text; put it in quotes: "1.50"'
        ],
    ),
    "money float": (
        [('per: "1.00"', "per: 1.00")],
        [
            '15:36: rule "base", per_amount.per: 1.00 without quotes is not text; put it in quotes: "1.00"'
        ],
    ),
    "money words": (
        [('per: "1.00"', "per: 1 zl")],
        [
            '15:36: rule "base", per_amount.per: "1 zl" is not an amount of money; write it in quotes, with a point and without a currency, as in "12.50"'
        ],
    ),
    "number for text": (
        [("{kind: amount_off, ", "{kind: amount_off, text: {en: 5}, ")],
        ['31:43: reward "five-off", text.en: 5 without quotes is not text; put it in quotes: "5"'],
    ),
    "yes/no in list": (
        [("per_amount: {", "match: {sku: [04011]}\n    per_amount: {")],
        [
            '15:19: rule "base", match.sku.item 1: 04011 without quotes is not text; put it in quotes: "04011"'
        ],
    ),
    "wrong word": (
        [("window: year", "window: yearly")],
        ['10:34: meter "spend", window: "yearly" is not one of its values; did you mean "year"?'],
    ),
    "name": (
        [("rule: review", "rule: Review it")],
        [
            '18:11: rule "Review it", rule: "Review it" is not a name; use 1 to 64 of the characters a-z, 0-9 and "-", as in "five-off"'
        ],
    ),
    "asset name": (
        [("  points:\n", "  Points!:\n")],
        [
            '6:3: "Points!" is not a name; use 1 to 64 of the characters a-z, 0-9 and "-", as in "five-off"',
            '14:11: rule "base": no asset "points"; did you mean "Points!"?',
            '19:11: rule "review": no asset "points"; did you mean "Points!"?',
            '31:40: reward "five-off": no asset "points"; did you mean "Points!"?',
        ],
    ),
    "duration": (
        [("after: P12M", "after: 12 months")],
        [
            '7:19: asset "points", ends.after: "12 months" is not a duration; write years and months ("P12M"), weeks ("P2W"), calendar days ("P14D"), or elapsed time ("PT336H")'
        ],
    ),
    "duration zero": (
        [("after: P12M", "after: P0D")],
        [
            '7:19: asset "points", ends.after: "P0D" is a duration of nothing; leave the field out, or write a longer one'
        ],
    ),
    "list expected": (
        [("caps: [{window: day, amount: 500}]", "caps: {window: day, amount: 500}")],
        ['17:11: rule "base", caps: not a list; write [a, b], or one line with a dash for each'],
    ),
    "block expected": (
        [("per_event: {points: 50, action: review}", "per_event: 50")],
        [
            '20:16: rule "review", per_event: not a block of fields; write "field: value" lines below it'
        ],
    ),
    "int expected": (
        [("points: 50,", 'points: "50",')],
        [
            '20:25: rule "review", per_event.points: not a whole number; write digits only, without quotes'
        ],
    ),
    "too large": (
        [("amount: 500", "amount: 1000000000001")],
        ['17:34: rule "base", caps.item 1.amount: too large; write 1000000000000 or less'],
    ),
    "ratio too large": (
        [('points: "1"', 'points: "1000000000001"')],
        ['15:26: "1000000000001" could overflow; write 10^12 at most'],
    ),
    "zero cap": (
        [("amount: 500", "amount: 0")],
        ['17:34: rule "base", caps.item 1.amount: too small; write 1 or more'],
    ),
    "bool expected": (
        [("punches: true", "punches: yes")],
        [
            '11:34: meter "cups", punches: neither true nor false; write true or false, without quotes'
        ],
    ),
    "empty match": (
        [("per_amount: {", "match: {category: []}\n    per_amount: {")],
        ['15:23: rule "base", match.category: nothing in it; write at least 1, or leave it out'],
    ),
    "format": (
        [("format: 1", "format: 2")],
        ['1:9: format: "2" is not one of its values; write one of: 1'],
    ),
    "format bool": (
        [("format: 1", "format: true")],
        ['1:9: format: "true" is not one of its values; write one of: 1'],
    ),
    "unknown zone": (
        [("Europe/Warsaw", "Europe/Warszawa")],
        ['3:7: unknown time zone "Europe/Warszawa"; did you mean "Europe/Warsaw"?'],
    ),
    "unknown currency": ([("PLN", "pln")], ['4:11: unknown currency "pln"; did you mean "PLN"?']),
    "unknown asset": (
        [("earn: points\n    per_event", "earn: point\n    per_event")],
        ['19:11: rule "review": no asset "point"; did you mean "points"?'],
    ),
    "unknown reward": (
        [("unlock: free-cup", "unlock: free-cap")],
        ['22:13: rule "tenth-cup": no reward "free-cap"; did you mean "free-cup"?'],
    ),
    "unknown meter": (
        [("meter: cups,", "meter: cup,")],
        ['23:20: rule "tenth-cup": no meter "cup"; did you mean "cups"?'],
    ),
    "unknown tier": (
        [('{gold: "1.5"}', '{glod: "1.5"}')],
        ['16:15: rule "base": no tier "glod"; did you mean "gold"?'],
    ),
    "unknown match tier": (
        [("per_amount: {", "match: {tier: [silver]}\n    per_amount: {")],
        ['15:20: rule "base": no tier "silver"; write one of: gold, member'],
    ),
    "unknown cost": (
        [("costs: {points: 500}", "costs: {miles: 500}")],
        ['31:40: reward "five-off": no asset "miles"; write one of: points'],
    ),
    "unknown tiers meter": (
        [("  meter: spend", "  meter: spent")],
        ['25:10: "tiers": no meter "spent"; did you mean "spend"?'],
    ),
    "multiplies what it has not": (
        [("rules:\n", 'rules:\n  - rule: double\n    multiply: {by: "2", rules: [bse]}\n')],
        ['14:33: rule "double": no rule "bse"; did you mean "base"?'],
    ),
    "multiplies and earns": (
        [
            (
                "rules:\n",
                'rules:\n  - rule: double\n    earn: points\n    multiply: {by: "2", rules: [base]}\n',
            )
        ],
        [
            '14:5: rule "double": "earn" on a rule that multiplies others; remove it, or write it on those rules'
        ],
    ),
    "multiplies what unlocks": (
        [("rules:\n", 'rules:\n  - rule: double\n    multiply: {by: "2", rules: [tenth-cup]}\n')],
        [
            '14:33: rule "double": rule "tenth-cup" earns nothing that could be multiplied; name a rule with earn or enter'
        ],
    ),
    "multiplies lines of a whole order": (
        [
            (
                "rules:\n",
                'rules:\n  - rule: double\n    multiply: {by: "2", rules: [base]}\n    match: {category: [tea]}\n',
            ),
            ('per_amount: {points: "1", per: "1.00"}', 'per_step: {points: 1, step: "1.00"}'),
        ],
        [
            '14:33: rule "double" multiplies some lines, and rule "base" is of whole orders; write by: line in its per_step, or remove match.category'
        ],
    ),
    "ends before it begins": (
        [("    per_event", '    during: {from: "2026-12-01", to: "2026-11-01"}\n    per_event')],
        [
            '20:38: rule "review" would hold on no day: it ends as 2026-11-01 begins; write a day after 2026-12-01'
        ],
    ),
    "no such day": (
        [("    per_event", '    during: {from: "2026-02-30"}\n    per_event')],
        [
            '20:20: rule "review", during.from: "2026-02-30" is no day of the calendar; write a day that exists: "2026-02-28"'
        ],
    ),
    "cap by no campaign": (
        [("{window: day, amount: 500}", "{window: campaign, amount: 500}")],
        [
            '17:21: rule "base": a cap by campaign, and no days of one; add during: {from: "2026-11-01", to: "2026-12-01"}'
        ],
    ),
    "no such group": (
        [("    per_event", "    group: extra\n    per_event")],
        ['20:12: rule "review": no group "extra"; none is declared in this program'],
    ),
    "priority of no group": (
        [("    per_event", "    priority: 3\n    per_event")],
        [
            '20:5: rule "review": "priority" means nothing outside a group that picks by it; remove it, or write the group\'s priority'
        ],
    ),
    "second cap on all": (
        [
            (
                "rules:\n",
                "caps:\n  - {asset: points, window: day, amount: 9}\n  - {asset: points, window: day, amount: 5}\nrules:\n",
            )
        ],
        ["14:29: a second cap on points by day; keep the lower one"],
    ),
    "pays with nothing": (
        [("rules:\n", 'paying: {asset: miles, block: 10, worth: "1.00"}\nrules:\n')],
        ['12:17: "paying": no asset "miles"; write one of: points'],
    ),
    "pays more than all": (
        [
            (
                "rules:\n",
                'paying: {asset: points, block: 10, worth: "1.00", share_max: "3/2"}\nrules:\n',
            )
        ],
        ['12:62: "3/2" is more than the whole order; write "1" at most'],
    ),
    "no mechanic": (
        [("    per_event: {points: 50, action: review}\n", "")],
        [f'18:5: rule "review" says not for what; add one of: {", ".join(MECHANICS)}'],
    ),
    "two mechanics": (
        [("action: review}", 'action: review}\n    per_step: {points: 1, step: "1.00"}')],
        ['21:5: rule "review" has per_event and per_step; make two rules of it'],
    ),
    "ladder start": (
        [('from: "0"', 'from: "1"')],
        [
            '27:28: the first tier starts at 1, so nobody could be below it; write from: "0"; it is everybody\'s'
        ],
    ),
    "ladder order": (
        [
            (
                '- {tier: gold, from: "500.00"}',
                '- {tier: gold, from: "500.00"}\n    - {tier: silver, from: "200.00"}',
            )
        ],
        [
            '29:28: tier "silver" does not start above the one before it; sort the tiers from the lowest up'
        ],
    ),
    "pending": (
        [("pending: P14D", "pending: P13M")],
        ['8:14: asset "points": pending P13M is not shorter than its life; write less than P12M'],
    ),
    "money digits": (
        [('per: "1.00"', 'per: "1.005"')],
        ['15:36: "1.005" has more digits than the currency; write 2 after the point'],
    ),
    "ladder digits": (
        [('from: "500.00"', 'from: "500.001"')],
        ['28:26: "500.001" has more digits than the currency; write 2 after the point'],
    ),
    "count": (
        [("count: 10", "count: 0")],
        ['23:33: rule "tenth-cup", every.count: too small; write 1 or more'],
    ),
    "unlock without every": (
        [
            (
                "unlock: free-cup\n    every: {meter: cups, count: 10}",
                "unlock: free-cup\n    per_event: {points: 5, action: share}",
            )
        ],
        [
            '22:5: rule "tenth-cup" gives no asset, and only `every` and `entering` can unlock; write earn: and the name of an asset'
        ],
    ),
    "every without unlock": (
        [("    unlock: free-cup\n", "")],
        [
            '21:5: rule "tenth-cup": "every" unlocks a reward; write unlock: and the name of a reward'
        ],
    ),
    "every earns": (
        [("unlock: free-cup\n", "earn: points\n")],
        [
            '22:5: rule "tenth-cup": "every" unlocks a reward; write unlock: and the name of a reward'
        ],
    ),
    "cap without earn": (
        [
            (
                "every: {meter: cups, count: 10}",
                "every: {meter: cups, count: 10}\n    caps: [{window: day, amount: 1}]",
            )
        ],
        ['24:5: rule "tenth-cup": "caps" on a rule that earns nothing; remove it'],
    ),
    "two caps": (
        [
            (
                "caps: [{window: day, amount: 500}]",
                "caps: [{window: day, amount: 500}, {window: day, amount: 9}]",
            )
        ],
        ['17:49: rule "base": a second cap by day; keep the lower one'],
    ),
    "rule twice": (
        [("rule: review", "rule: base")],
        ['18:11: a second rule "base"; give it a name of its own'],
    ),
    "no punches": (
        [("meter: cups,", "meter: spend,")],
        ['23:20: rule "tenth-cup": meter "spend" has no punches; add punches: true to the meter'],
    ),
    "events without actions": (
        [("cups: {counts: units, punches: true}", "cups: {counts: events, punches: true}")],
        ['11:3: meter "cups" counts events, but not which; add it: actions: [review]'],
    ),
    "category on event": (
        [("action: review}", "action: review}\n    match: {category: [A]}")],
        ['21:13: rule "review": "match.category" means nothing here; remove it'],
    ),
    "held": (
        [("tiers:\n", "tiers:\n  held: {until: forever, for: P1Y}\n")],
        [
            '25:9: "tiers", held: "held" needs "until" or "for", and not both; write {until: end_of_next_window} or {for: P12M}'
        ],
    ),
    "held word": (
        [("tiers:\n", "tiers:\n  held: for_ever\n")],
        ['25:9: "tiers", held.until: "for_ever" is not one of its values; did you mean "forever"?'],
    ),
    "remind never": (
        [("    ends: {after: P12M, at_end_of: month}\n    pending: P14D", "    remind: P7D")],
        [
            '7:5: asset "points": a reminder of an end that never comes; add "ends", or remove "remind"'
        ],
    ),
    "notices": (
        [("rewards:\n", "notices: [tier.change]\nrewards:\n")],
        [
            '29:11: "notices", item 1: "tier.change" is not one of its values; did you mean "tier.changed"?'
        ],
    ),
    "multiplier zero": ([('"1.5"', '"0"')], ['16:21: "0" gives nothing; write more than 0']),
    "division by zero": (
        [('points: "1"', 'points: "1/0"')],
        [
            '15:26: rule "base", per_amount.points: "1/0" is not a number that can multiply; write an integer, a decimal or a fraction, in quotes: "2", "1.5" or "2/7"'
        ],
    ),
    "two at once": (
        [("earn: points\n    per_amount: {", "earn: pints\n    per_amont: {")],
        [
            '14:11: rule "base": no asset "pints"; did you mean "points"?',
            '15:5: unknown field "per_amont" in rule "base"; did you mean "per_amount"?',
        ],
    ),
    "held to the end of a lifetime": (
        [
            ("{counts: basis, window: year}", "{counts: basis}"),
            ("tiers:\n", "tiers:\n  held: end_of_window\n"),
        ],
        [
            '25:9: a lifetime has no end, and meter "spend" counts over one; write held: forever, or held: {for: P12M}, or give the meter a window'
        ],
    ),
    "punches of orders": (
        [("counts: units", "counts: orders")],
        ['11:18: meter "cups": punches of orders; write counts: units, or counts: events'],
    ),
    "a window of punches": (
        [("punches: true", "punches: true, window: day")],
        [
            '11:40: meter "cups": "window" means nothing for punches, which each have a life (lives: P30D); remove it'
        ],
    ),
    "lives without punches": (
        [("window: year", "window: year, lives: P3D")],
        [
            '10:40: meter "spend": "lives" is for punches only; add it: punches: true; or remove lives'
        ],
    ),
    "points of nothing": (
        [("{counts: basis, window: year}", "{counts: points}")],
        [
            '10:3: meter "spend" counts points, but not of what; add it: asset: points',
            '28:26: meter "spend" counts points, not money; write a whole number',
        ],
    ),
    "asset of a basis": (
        [("counts: basis", "counts: basis, asset: points")],
        ['10:26: meter "spend": "asset" means nothing where basis are counted; remove it'],
    ),
    "tiers by punches": (
        [("  meter: spend", "  meter: cups")],
        [
            '25:10: meter "cups" has punches, which are used up; name a meter without punches',
            '28:26: meter "cups" counts units, not money; write a whole number',
        ],
    ),
    "lower-case language": (
        [("{kind: free_product}", "{kind: free_product, text: {English: x}}")],
        ['30:41: "English" is not a language; write its code, as in "en" or "pt-BR"'],
    ),
    "not text at all": (
        [("program: shop", "program: [shop]")],
        ["2:10: program: a block where text belongs; write one value on the same line"],
    ),
    "two documents": (
        [("rewards:\n", "---\nrewards:\n")],
        ["29:1: a second document; one file holds one program"],
    ),
    "yaml 1.1": (
        [("format: 1", "%YAML 1.1\n---\nformat: 1")],
        ["1:1: not YAML 1.2; remove the %YAML line"],
    ),
    "block as key": (
        [("zone: Europe/Warsaw", "? [zone]\n: x")],
        ["3:3: a key that is a block; write a plain name"],
    ),
}


@pytest.mark.parametrize(("changes", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_with_its_place_and_its_mend(
    changes: list[Change], said: list[str]
) -> None:
    text = SHOP
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)

    with pytest.raises(InvalidProgram) as caught:
        compile_document(text, source="shop.yaml")

    assert str(caught.value).split("\n") == [f"shop.yaml:{line}" for line in said]


def test_the_good_document_compiles() -> None:
    assert compile_document(SHOP, source="shop.yaml").name == "shop"


def test_an_error_carries_its_problems_and_stops_the_start() -> None:
    with pytest.raises(Misconfigured) as caught:
        compile_document("format: 1\n", source="shop.yaml")

    assert isinstance(caught.value, InvalidDocument)
    problem = caught.value.problems[0]
    assert (problem.line, problem.column) == (1, 1)
    assert problem.what == 'the program lacks "currency"'
    assert problem.mend == "add it: currency: USD"
    assert len(caught.value.problems) == 3


def test_mistakes_in_several_places_are_all_told() -> None:
    text = SHOP.replace("PLN", "XXL").replace("window: year", "window: yearly")
    text = text.replace("count: 10", "count: ten").replace("earn: points", "earn: pints")
    text = text.replace('from: "500.00"', 'from: "5.00.1"')

    with pytest.raises(InvalidDocument) as caught:
        compile_document(text, source="shop.yaml")

    assert [problem.line for problem in caught.value.problems] == [4, 10, 14, 19, 23, 28]


@pytest.mark.parametrize("text", ["", "# Nothing yet.\n", "- a\n", "program", "null"])
def test_what_is_no_program_says_how_to_begin(text: str) -> None:
    with pytest.raises(InvalidProgram, match="begin with: format: 1"):
        compile_document(text, source="shop.yaml")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[" * 50_000, "nested too deep"),
        ("a: " * 5_000, "mapping values are not allowed"),
        ("#" * 300_000, "larger than 256 kB"),
        ("a: &a [x]\nb: &b [*a, *a]\n", "alias"),
        ("a: " + "9" * 5_000, "too large"),
        ("a: \x00", "does not allow"),
        ('a: "\\ud800"', "a character that is none"),
        ("\ud800: 1", "shop.yaml:1:1"),
    ],
    ids=["depth", "flat depth", "size", "laughs", "digits", "nul", "surrogate", "bare surrogate"],
)
def test_hostile_text_is_refused(text: str, what: str) -> None:
    with pytest.raises(InvalidProgram, match=what):
        compile_document(text, source="shop.yaml")
