"""Kinds of values in the management API's bodies, each with its bounds, and how a kind is told to people.

Form only: what a number, a host or a country is, the domain decides.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_ID = re.compile("[A-Za-z0-9_-]{1,32}")
WANTED: dict[str, str] = {}
"""What a text must be, by the pattern it failed: completes "must be …"."""
WANTED_CURSOR = "the `next` of an earlier page"
"""What a cursor must be, whatever it is made of."""


def _text(pattern: str, wanted: str, most: int, **about: Any) -> Any:  # noqa: ANN401 -- a pydantic field
    """A text's one check is its pattern, so that one sentence says all of it; its lengths are for the schema."""
    WANTED[pattern] = wanted
    return Field(pattern=pattern, json_schema_extra={"minLength": 1, "maxLength": most, **about})


AccountKey = Annotated[str, _text("^[A-Za-z0-9]{1,32}$", "1 to 32 letters and digits", 32, examples=["a1b2c3d4e5"])]
AgentId = Annotated[str, _text("^[0-9]{1,11}$", "1 to 11 digits", 11, examples=["1234"])]
Id = Annotated[
    str, _text("^[A-Za-z0-9_-]{1,32}$", "1 to 32 letters, digits, dashes or underscores", 32, examples=["sales"])
]
ClientId = Annotated[
    str,
    _text("^[A-Za-z0-9._-]{1,64}$", "1 to 64 letters, digits, dots, dashes or underscores", 64, examples=["crm"]),
]
Name = Annotated[
    str,
    _text(
        "^[^\\u0000-\\u0020\\u007f]([^\\u0000-\\u001f\\u007f]{0,98}[^\\u0000-\\u0020\\u007f])?$",
        "1 to 100 characters, no blank at either end, and none that control",
        100,
        examples=["Sales"],
    ),
]
Number = Annotated[
    str,
    _text(
        "^\\+?[0-9 .()-]{1,29}$",
        "a telephone number that can be dialled, such as +442079460123",
        30,
        examples=["+442079460123"],
    ),
]
Network = Annotated[
    str,
    _text("^[0-9a-fA-F:.]{2,45}/[0-9]{1,3}$", "a network, such as 10.1.0.0/16", 49, examples=["10.1.0.0/16"]),
]
Country = Annotated[str, _text("^[A-Z]{2}$", "two capital letters, such as GB", 2, examples=["GB"])]
Host = Annotated[
    str, _text("^[A-Za-z0-9._:-]{1,253}$", "a host name or an IP address", 253, examples=["sip.example.com"])
]
SipName = Annotated[
    str, _text("^[A-Za-z0-9.!~*'()%+_-]{1,64}$", "1 to 64 characters that a SIP user name may have", 64)
]
Password = Annotated[
    str,
    _text(
        "^[!-~]{8,128}$",
        "8 to 128 printable ASCII characters without blanks",
        128,
        format="password",
    ),
]
CarrierPassword = Annotated[str, _text("^[ -~]{1,128}$", "1 to 128 printable ASCII characters", 128, format="password")]
PhoneAddress = Annotated[
    str,
    _text("^[!-~]([ -~]{0,254}[!-~])?$", "a telephone number or a SIP address", 256, examples=["+442079460123"]),
]
NumberPrefix = Annotated[
    str,
    _text(
        "^\\+?[0-9*]{0,15}$",
        "an optional plus, then up to 15 digits or stars",
        16,
        minLength=0,
        description="What stands before the country code on the wire.",
    ),
]
Port = Annotated[int, Field(ge=1, le=65535)]
RingSeconds = Annotated[int, Field(ge=1, le=180)]
CallSeconds = Annotated[int, Field(ge=1, le=86_400)]
WrapUpSeconds = Annotated[int, Field(ge=0, le=3_600)]
Rate = Annotated[float, Field(ge=0.01, le=1000, allow_inf_nan=False, description="Calls a second.")]
Concurrent = Annotated[int, Field(ge=1, le=10_000)]
Priority = Annotated[int, Field(ge=0, le=1000, description="Trunks are tried lowest first.")]
PhoneKindWord = Literal["sip", "number", "address"]
PresenceWord = Literal["LoggedOut", "Ready", "Away", "Break", "ComfortBreak", "XAway"]
LegsWord = Literal["none", "agent", "both"]
ConsentWord = Literal["Unknown", "OneParty", "TwoParty"]
Transport = Literal["udp", "tcp", "tls"]
ScopeWord = Literal[
    "calls:create",
    "calls:read",
    "calls:control",
    "agents:read",
    "events:read",
    "recordings:read",
    "recordings:listen",
    "admin",
]


class Body(BaseModel):
    """What is sent to us: members in camelCase, of exactly the right type, and no others."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True)


class Reply(BaseModel):
    """What we send."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, frozen=True)


def optional(**about: Any) -> Any:  # noqa: ANN401 -- stands for a member of any kind
    """A member that may be left out but not be null, which is not the same as a default."""
    return Field(default_factory=_left_out, **about)


def _left_out() -> None:
    return None


def is_id(text: str) -> bool:
    """Whether a group or a trunk could have this id; what can't be one is not looked for."""
    return _ID.fullmatch(text) is not None
