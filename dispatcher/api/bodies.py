"""What programs send: bodies and queries. Nothing else is taken, and nothing is guessed."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

from dispatcher.domain.model import MessageState

BIG = 2**53  # whole numbers that every JSON reader holds
NO_NUL = "^[^\\x00]*$"

Text: TypeAlias = Annotated[str, Meta(max_length=1000, pattern=NO_NUL)]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1000, pattern=NO_NUL)]
Short: TypeAlias = Annotated[str, Meta(max_length=200, pattern=NO_NUL)]
Shorts: TypeAlias = Annotated[tuple[Short, ...], Meta(max_length=500)]
Blank: TypeAlias = Annotated[str, Meta(max_length=100, pattern=NO_NUL)]
Number: TypeAlias = Annotated[int, Meta(ge=1, le=BIG)]
Limit: TypeAlias = Annotated[int, Meta(ge=1, le=1000, description="How many at most.")]
Wards: TypeAlias = Annotated[Shorts, Meta(description="Wards by name, former name or code.")]


class ApiInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a program sends; here: nothing."""


class ContactBody(ApiInput, frozen=True):
    """One person to add."""

    name: Name
    ward: Annotated[Name, Meta(description="By name, former name or code.")]
    phones: Shorts = ()
    residential_group: Text = ""
    household: Text = ""
    title: Text = ""


class BroadcastBody(ApiInput, frozen=True):
    """A draft to write: a text, for whom, by which way, until when."""

    template: Annotated[Name, Meta(description="A text of the site, by name.")]
    wards: Wards = ()
    residential_groups: Annotated[
        Shorts, Meta(description="Of those wards, only these residential groups.")
    ] = ()
    groups: Annotated[Shorts, Meta(description="Of the people there, those in one of these.")] = ()
    exclude_groups: Annotated[Shorts, Meta(description="Without whoever is in one of these.")] = ()
    one_per: Annotated[
        Literal["phone", "household"], Meta(description="One message for each of these.")
    ] = "phone"
    route: Annotated[Text, Meta(description="By name; else the usual one.")] | UnsetType = UNSET
    title: Text = ""
    document: Annotated[Text, Meta(description="Number of the document behind it.")] = ""
    expires_after: Annotated[Text, Meta(description="From the opening of its hours: 6h.")] = "6h"
    window: Annotated[Text, Meta(description="Its hours: 07:00-21:00; else the site's.")] = ""
    fields: Annotated[
        dict[Blank, Text], Meta(description="Values for the blanks of the text, by name.")
    ] = field(default_factory=dict)


class SubmitBody(ApiInput, frozen=True):
    """A draft that is handed in."""

    leave_out: Annotated[bool, Meta(description="Without whoever cannot be given a text.")] = False
    again: Annotated[Text, Meta(description="Why the same words go to the same people.")] = ""


class ContactsQuery(ApiInput, frozen=True):
    """Which contacts."""

    ward: Text | UnsetType = UNSET
    q: Annotated[Text, Meta(description="Words of a name.")] = ""
    limit: Limit = 100


class BroadcastsQuery(ApiInput, frozen=True):
    """How many broadcasts."""

    limit: Limit = 100


class MessagesQuery(ApiInput, frozen=True):
    """Which messages of the delivery log."""

    broadcast: Number | UnsetType = UNSET
    state: MessageState | UnsetType = UNSET
    before: Annotated[Number, Meta(description="Go on after this message.")] | UnsetType = UNSET
    limit: Limit = 100
