"""Why a record cannot be applied: the closed list of dead letters' codes."""

from enum import StrEnum


class Reason(StrEnum):
    """A code is for machines and never changes; its sentence (`MEANING`) is for people."""

    EMPTY_VALUE = "empty_value"
    TOO_LARGE = "too_large"
    MALFORMED_JSON = "malformed_json"
    DUPLICATE_KEY = "duplicate_key"
    NOT_A_NUMBER = "not_a_number"
    NUMBER_TOO_LONG = "number_too_long"
    TOO_DEEP = "too_deep"
    NUL_CHARACTER = "nul_character"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_VERSION = "unknown_version"
    CONTRACT = "contract"
    TOO_MANY_LINES = "too_many_lines"
    NEGATIVE_AMOUNT = "negative_amount"
    TOO_MANY_DIGITS = "too_many_digits"
    DUPLICATE_LINE = "duplicate_line"
    KEY_MISMATCH = "key_mismatch"
    WRONG_TENANT = "wrong_tenant"
    UNKNOWN_TENANT = "unknown_tenant"
    TOO_LATE = "too_late"
    IN_FUTURE = "in_future"
    ID_REUSE = "id_reuse"
    ORDER_UNKNOWN = "order_unknown"
    ORDER_OF_ANOTHER_MEMBER = "order_of_another_member"
    REFUND_EXCEEDS_ORDER = "refund_exceeds_order"
    UNKNOWN_LINE = "unknown_line"
    OTHER_CURRENCY = "other_currency"
    NO_RATE = "no_rate"
    UNKNOWN_MEMBER = "unknown_member"
    NAME_UNKNOWN = "name_unknown"
    IDENTIFIER_TAKEN = "identifier_taken"
    MEMBER_ERASED = "member_erased"
    UNSUPPORTED = "unsupported"
    TRANSACTION_FAILED = "transaction_failed"
    CRASH_LOOP = "crash_loop"
    NOTICE_TOO_LARGE = "notice_too_large"


MEANING: dict[Reason, str] = {
    Reason.EMPTY_VALUE: "the record has no value; a tombstone is no event",
    Reason.TOO_LARGE: "the record is over 1 MB; send less in one event",
    Reason.MALFORMED_JSON: "the value is not JSON in UTF-8; mend the producer",
    Reason.DUPLICATE_KEY: "an object names one key twice; which one counts is anybody's guess",
    Reason.NOT_A_NUMBER: "the value holds NaN or Infinity, which JSON does not have",
    Reason.NUMBER_TOO_LONG: "a number has more than 18 digits",
    Reason.TOO_DEEP: "the value is nested more than 32 levels deep",
    Reason.NUL_CHARACTER: "a text holds the NUL character",
    Reason.UNKNOWN_TYPE: "no event of this type is read here; look at the spelling of `type`",
    Reason.UNKNOWN_VERSION: "a newer version of a known type; upgrade, then replay",
    Reason.CONTRACT: "the event does not satisfy the contract of its type",
    Reason.TOO_MANY_LINES: "an order has more than 500 lines; split it",
    Reason.NEGATIVE_AMOUNT: "an amount is negative; send a refund instead",
    Reason.TOO_MANY_DIGITS: "an amount has more digits after the point than its currency",
    Reason.DUPLICATE_LINE: "two lines of an order have one name",
    Reason.KEY_MISMATCH: "the record's key is not the event's member; key by the member id",
    Reason.WRONG_TENANT: "the topic belongs to another tenant",
    Reason.UNKNOWN_TENANT: "there is no such tenant; `patron tenant add` makes one, then replay",
    Reason.TOO_LATE: "the event was older than the tenant's late_max when it was sent",
    Reason.IN_FUTURE: "the event says it happened after it was sent; mend the producer's clock",
    Reason.ID_REUSE: "an event of this name said something else before; the first one stands",
    Reason.ORDER_UNKNOWN: "the order of this refund never came",
    Reason.ORDER_OF_ANOTHER_MEMBER: "the order belongs to another member",
    Reason.REFUND_EXCEEDS_ORDER: "more is refunded than is left of the order",
    Reason.UNKNOWN_LINE: "the refund names a line that its order does not have",
    Reason.OTHER_CURRENCY: "the refund is in another currency than its order",
    Reason.NO_RATE: "the order is in another currency than the program and brings no rate",
    Reason.UNKNOWN_MEMBER: "the event names no member, or asks something of nobody that is known",
    Reason.NAME_UNKNOWN: "the name of this event led to nobody in its time; link it, then replay",
    Reason.IDENTIFIER_TAKEN: "an identifier leads to another member already",
    Reason.MEMBER_ERASED: "the member asked to be forgotten; open a new one under another id",
    Reason.UNSUPPORTED: "this version does not decide this kind of event yet; replay after upgrade",
    Reason.TRANSACTION_FAILED: "the database refused what this event led to; a bug to report",
    Reason.CRASH_LOOP: "the worker died of this record more than once; a bug to report",
    Reason.NOTICE_TOO_LARGE: "the notice is larger than the output topic allows",
}


class Unreadable(Exception):
    """A record that cannot become a fact. `detail` says where, and never what it holds."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail or MEANING[reason]}")
        self.reason = reason
        self.detail = detail or MEANING[reason]
