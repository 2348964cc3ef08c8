"""Members: how they join, which names lead to them, what they choose, how they leave.

Names, addresses and birthdays' years are personal data: they go into `person`, which is
kept apart from the ledger, encrypted under a key of the member's own.
"""

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, model_validator

from patron_schemas.envelope import ByMember, CloudEvent, Identifier, Name, OptionalName, Wire

Birthday = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]


def _zone(text: str) -> str:
    if text and text not in available_timezones():
        raise ValueError("write a time zone by its IANA name: Europe/Warsaw")
    return text


Zone = Annotated[str, Field(max_length=64, examples=["Europe/Warsaw"]), AfterValidator(_zone)]
Consents = Annotated[tuple[Name, ...], Field(max_length=32, fail_fast=True)]
Identifiers = Annotated[tuple[Identifier, ...], Field(max_length=16, fail_fast=True)]


class Person(Wire):
    """Personal data. It never reaches the ledger, a notice, a log or a metric."""

    given_name: OptionalName = ""
    family_name: OptionalName = ""
    email: OptionalName = ""
    phone: OptionalName = ""
    address: Annotated[str, Field(max_length=512)] = ""
    language: OptionalName = ""


class OfMember(Wire):
    """Whose it is, by the opaque id alone."""

    member: Name


class MemberEnrolled(OfMember):
    """A member joined."""

    identifiers: Identifiers = ()
    birthday: Birthday | None = None
    zone: Zone = ""
    consents: Consents = ()
    person: Person | None = None


class IdentifiersLinked(OfMember):
    """More names that lead to the same member."""

    identifiers: Annotated[
        tuple[Identifier, ...], Field(min_length=1, max_length=16, fail_fast=True)
    ]


class ProfileChanged(OfMember):
    """What a member chose, from now on; what is not given stays as it was."""

    birthday: Birthday | None = None
    zone: Zone = ""
    consents: Consents | None = None
    person: Person | None = None


class MemberMerged(OfMember):
    """`member` was the same person as `into`, and is closed."""

    into: Name

    @model_validator(mode="after")
    def _two_members(self) -> "MemberMerged":
        if self.member == self.into:
            raise ValueError("a member can't be merged into itself")
        return self


class MemberErased(ByMember):
    """A person asked to be forgotten."""


class MemberEnrolledV1(CloudEvent):
    """A member joined."""

    type: Literal["io.patron.member.enrolled.v1"]
    data: MemberEnrolled


class IdentifiersLinkedV1(CloudEvent):
    """More names of a member."""

    type: Literal["io.patron.member.identifiers_linked.v1"]
    data: IdentifiersLinked


class ProfileChangedV1(CloudEvent):
    """What a member chose."""

    type: Literal["io.patron.member.profile_changed.v1"]
    data: ProfileChanged


class MemberMergedV1(CloudEvent):
    """Two members were one person."""

    type: Literal["io.patron.member.merged.v1"]
    data: MemberMerged


class MemberErasedV1(CloudEvent):
    """A person asked to be forgotten."""

    type: Literal["io.patron.member.erased.v1"]
    data: MemberErased
