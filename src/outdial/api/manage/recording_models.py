"""What is sent and told of keeping recordings: holds, erasures, retention, the ledger, verifications."""

from typing import Annotated, Any, Self

from pydantic import Field

from outdial.api.manage.kinds import WANTED, AgentId, Body, Name, Number, Reply, optional
from outdial.api.manage.times import moment_of
from outdial.calls.recording_library import Counted, Finding, Selected, Selection, Verified
from outdial.domain.ledger import Entry
from outdial.domain.moments import told, told_or_none
from outdial.domain.setup import InvalidMember, number_of

_CALL_ID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_REFERENCE = "^[!-~]{1,2000}$"
_HASH = "^[0-9a-f]{64}$"
WANTED |= {
    _CALL_ID: "a call's id",
    _REFERENCE: "1 to 2000 printable ASCII characters without blanks",
    _HASH: "64 hexadecimal digits",
}

CallId = Annotated[str, Field(pattern=_CALL_ID, json_schema_extra={"minLength": 36, "maxLength": 36})]
Reference = Annotated[str, Field(pattern=_REFERENCE, json_schema_extra={"minLength": 1, "maxLength": 2000})]
Moment = Annotated[str, Field(max_length=40, json_schema_extra={"format": "date-time"})]
Days = Annotated[
    int, Field(ge=0, le=36_500, description="From a recording's end; 0 keeps it for ever.", examples=[365])
]


class Selecting(Body):
    """Recordings by one of `callId`, `number`, `reference` and `agentId`, or by when they were begun, or both."""

    call_id: CallId = optional()
    number: Number = optional()
    reference: Reference = optional()
    agent_id: AgentId = optional()
    from_: Moment = optional(alias="from", description="Begun then or later.")
    to: Moment = optional(description="Begun before then.")

    def selection(self, country: str) -> Selection:
        """By what recordings are selected.

        Raises:
            InvalidMember: there is nothing, or more than can be meant.
        """
        given = {"callId": self.call_id, "number": self.number, "reference": self.reference, "agentId": self.agent_id}
        named = [name for name, value in given.items() if value is not None]
        if len(named) > 1 or (not named and self.from_ is None and self.to is None):
            raise InvalidMember(named[1] if named else "callId", f"the only one of {', '.join(given)}")
        return Selection(
            self.call_id,
            None if self.number is None else number_of(self.number, country, "number"),
            self.reference,
            self.agent_id,
            None if self.from_ is None else moment_of(self.from_, "from"),
            None if self.to is None else moment_of(self.to, "to"),
        )


class Hold(Selecting):
    """A legal hold on recordings."""

    matter: Name = Field(description="What it is for; each matter is released by itself.")


class Erasure(Selecting):
    """An erasure of recordings."""

    reason: Name = Field(description="Why; it stays in the ledger for ever, so name nobody.")


class AccountErasure(Body):
    """An erasure of everything that was recorded in an account."""

    reason: Name


class Retention(Body):
    """How long recordings are kept."""

    retention_days: Days


class ExpectedHead(Body):
    """An account's `head` of an earlier verification."""

    seq: Annotated[int, Field(ge=1, le=10**15)]
    hash: Annotated[str, Field(pattern=_HASH, json_schema_extra={"minLength": 64, "maxLength": 64})]


class VerificationRequest(Body):
    """What a verification is to be held against beside itself."""

    expected: Annotated[
        dict[str, ExpectedHead],
        Field(
            default_factory=dict,
            max_length=10_000,
            description="Heads of an earlier verification, by account: the ledger must still lead through them.",
        ),
    ]


class RetentionReply(Reply):
    """How long recordings are kept."""

    retention_days: int = Field(description="From a recording's end; 0 is for ever.")


class SelectedReply(Reply):
    """Which recordings."""

    recordings: list[str]
    under_way: list[str] = Field(
        description="Calls that live, or have only just ended: their recordings are treated alike when they are kept."
    )
    unreadable: list[str] = Field(
        description="Recordings whose record in the database can't be read: they are left as they are."
    )

    @classmethod
    def of(cls, selected: Selected) -> Self:
        """A selection as it is told."""
        return cls(
            recordings=list(selected.recordings),
            under_way=list(selected.under_way),
            unreadable=list(selected.unreadable),
        )


class CountReply(Reply):
    """What a hold or an erasure would be of."""

    recordings: int
    held: int = Field(description="Those of them that a hold protects.")
    length_ms: int = Field(description="How long they are, all together.")
    first_started_at: str | None
    last_started_at: str | None
    under_way: list[str] = Field(description="Calls that live, or have only just ended.")

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """What was counted, as it is told."""
        return cls(
            recordings=counted.recordings,
            held=counted.held,
            length_ms=counted.length_ms,
            first_started_at=told_or_none(counted.first),
            last_started_at=told_or_none(counted.last),
            under_way=list(counted.under_way),
        )


class KeyReply(Reply):
    """The account's key."""

    generation: int = Field(description="How many keys the account has had.")


class MasterKeyReply(Reply):
    """The master key was renewed."""

    keys: int = Field(description="How many accounts' keys are sealed anew.")


class ErasedFile(Reply):
    """A leg that is gone."""

    side: str
    sha256: str
    size: int


class ErasedUnreadableFile(Reply):
    """A file that is gone and that was no audio."""

    file: str = Field(description="The name it had when it was found.")
    sha256: str
    size: int


class ErasedRecording(Reply):
    """A recording that is gone."""

    recording: str
    started_at: str
    files: list[ErasedFile]
    set_aside: list[ErasedUnreadableFile] = Field(description="What could not be read, and was kept sealed as it was.")
    keys: str
    audio: str = Field(description="`removed`; or unreadable, and removed as soon as its store is back.")
    removal_pending_in: list[str] = Field(
        description="The object stores that have not confirmed yet that they have nothing of it any more."
    )


class HeldRecording(Reply):
    """A recording that could not be erased."""

    recording: str
    matters: list[str]


class UnderWayRecording(Reply):
    """A recording that is not there yet: its call lives, or has only just ended."""

    recording: str
    audio: str = Field(description="What becomes of it.")


class UnreadableRecording(Reply):
    """A recording that could not be erased, as its record in the database can't be read."""

    recording: str
    why: str


class Signature(Reply):
    """Of the canonical JSON of everything else: members sorted, no blanks, UTF-8."""

    algorithm: str
    public_key: str = Field(description="The installation's, Base64.")
    value: str = Field(description="Base64.")


class Certificate(Reply):
    """What was erased, and what was not. Its SHA-256 is in the ledger."""

    certificate: str
    account: str
    at: str
    by: str
    selected_by: str
    reason: str
    scope: str
    erased: list[ErasedRecording]
    held: list[HeldRecording]
    under_way: list[UnderWayRecording] = Field(
        description="Calls that live, or have only just ended: nothing of them will be kept."
    )
    unreadable: list[UnreadableRecording]
    account_keys: str = Field(
        description="`destroyed` with a whole account; `kept`, as something is held, under way or unreadable, or is "
        "not selected."
    )
    signature: Signature


class IssuedCertificate(Reply):
    """A certificate in a list."""

    certificate: str
    at: str
    by: str
    selected_by: str
    reason: str
    erased: int = Field(description="How many recordings.")

    @classmethod
    def of(cls, found: dict[str, Any]) -> Self:
        """A certificate as it is listed."""
        return cls(
            certificate=found["certificate"],
            at=found["at"],
            by=found["by"],
            selected_by=found["selectedBy"],
            reason=found["reason"],
            erased=len(found["erased"]),
        )


class IssuedCertificates(Reply):
    """The latest certificates, newest first."""

    items: list[IssuedCertificate]


class SigningKeyReply(Reply):
    """What every certificate of this installation can be checked with."""

    algorithm: str
    public_key: str = Field(description="Base64.")


class LedgerEntry(Reply):
    """An entry of the ledger. `hash` is of `[account, seq, at, kind, callId, who, data, previous]` as canonical JSON,
    with `at` in milliseconds since the epoch."""

    seq: int
    at: str
    at_ms: int
    kind: str
    call_id: str | None
    who: str | None
    data: str = Field(description="JSON, as it was hashed.")
    details: dict[str, Any] | None = Field(description="The same, to be read; null for what is no entry of ours.")
    previous: str
    hash: str

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """An entry as it is told."""
        return cls(
            seq=entry.seq,
            at=told(entry.at),
            at_ms=entry.at,
            kind=entry.kind,
            call_id=entry.call_id,
            who=entry.who,
            data=entry.data,
            details=entry.details,
            previous=entry.previous,
            hash=entry.hash,
        )


class LedgerPage(Reply):
    """A page of the ledger, oldest first."""

    items: list[LedgerEntry]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


_NUMBERS = ("account", "entries", "recordings", "files", "size", "unproved")


def line_of(found: Finding | Verified) -> dict[str, Any]:
    """A line of a verification."""
    if isinstance(found, Finding):
        return {"finding": {name: getattr(found, name) for name in ("account", "code", "subject", "detail")}}
    numbers = {name: getattr(found, name) for name in _NUMBERS}
    head = None if found.head is None else {"seq": found.head[0], "hash": found.head[1]}
    return {"verified": {**numbers, "head": head}}
