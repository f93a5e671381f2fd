"""Keeping recordings: legal holds, erasures with a certificate, retention, keys, the ledger, and verifications."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import StreamingResponse

from outdial.api.auth import RECORDINGS_LISTEN
from outdial.api.errors import NotFound
from outdial.api.manage.answers import Answers
from outdial.api.manage.here import Here, OperatorAnywhere, OperatorHere
from outdial.api.manage.kinds import WANTED
from outdial.api.manage.paging import Limit
from outdial.api.manage.recording_models import (
    AccountErasure,
    Certificate,
    CountReply,
    Erasure,
    Hold,
    IssuedCertificate,
    IssuedCertificates,
    KeyReply,
    LedgerEntry,
    LedgerPage,
    MasterKeyReply,
    Retention,
    RetentionReply,
    SelectedReply,
    Selecting,
    SigningKeyReply,
    VerificationRequest,
    line_of,
)
from outdial.api.manage.route import ManageRoute
from outdial.api.recording_bodies import detailed
from outdial.api.recordings import PRIVATE, begun, refusal_of
from outdial.calls.recording_library import Finding, Recordings, Selection, Verified
from outdial.calls.recordings import RecordingError
from outdial.domain.refusals import Unavailable

LINES, ZIP = "application/x-ndjson", "application/zip"
router = APIRouter(route_class=ManageRoute, tags=["Recordings"])
_ACCOUNT = "/accounts/{account}/recordings"
_NUMBER, _CALL = "^[0-9]{1,15}$", "^[0-9a-f-]{36}$"
WANTED |= {_NUMBER: "the `next` of an earlier page", _CALL: "a call's id"}
CertificateInPath = Annotated[str, Path(alias="certificateId", description="The certificate's id.")]
_STREAMED: Answers = {
    200: {
        "description": "One JSON object a line, each as soon as it is known: a `finding` for each thing that is "
        "wrong, and `verified` for each account that was looked at. No finding: nothing is wrong.",
        "content": {
            LINES: {
                "schema": {"type": "string"},
                "example": '{"verified": {"account": "a1b2c3d4e5", "entries": 3, "recordings": 1, "files": 2, '
                '"size": 64176, "unproved": 0, "head": null}}\n',
            }
        },
    }
}


_ZIPPED: Answers = {200: {"description": "A zip file.", "content": {ZIP: {"schema": {"type": "string"}}}}}
CallInPath = Annotated[str, Path(alias="callId", pattern=_CALL, description="The recording's id, which is its call's.")]


class KeysUnusable(Unavailable):
    """A key can't be opened, so none was renewed. Nothing is lost."""

    text = "The keys of recordings can't be renewed"


@router.get(_ACCOUNT + "/retention", summary="Read the retention of recordings")
async def get_recording_retention(here: Here) -> RetentionReply:
    """The account's own, else the installation's."""
    return RetentionReply(retention_days=await here.parts.recordings.retention_days(here.key))


@router.put(_ACCOUNT + "/retention", summary="Set the retention of recordings")
async def put_recording_retention(body: Retention, here: Here) -> RetentionReply:
    """For the recordings that are there too. What is held is kept all the same."""
    await here.parts.recordings.set_retention(here.key, body.retention_days, here.caller.name)
    here.did("retention of recordings set", ["retentionDays"])
    return RetentionReply(retention_days=body.retention_days)


@router.post(_ACCOUNT + "/count", summary="Count recordings that could be held or erased")
async def count_recordings(body: Selecting, here: Here) -> CountReply:
    """What a hold or an erasure by the same members would be of, so that it can be seen before. Changes nothing."""
    return CountReply.of(await here.parts.recordings.count(here.key, body.selection(here.account.home_country)))


@router.post(_ACCOUNT + "/holds", summary="Put a legal hold on recordings")
async def hold_recordings(body: Hold, here: Here) -> SelectedReply:
    """Nothing deletes them until it is released. Recordings of calls under way are held too, those of later calls not.

    A call whose erasure was ordered before is neither.
    """
    selection = body.selection(here.account.home_country)
    found = await here.parts.recordings.hold(here.key, selection, body.matter, here.caller.name)
    here.did("recordings held", count=str(len(found.recordings)))
    return SelectedReply.of(found)


@router.post(_ACCOUNT + "/releases", summary="Release recordings from a legal hold")
async def release_recordings(body: Hold, here: Here) -> SelectedReply:
    """Those that bore the hold of this matter. Other matters' holds stay."""
    selection = body.selection(here.account.home_country)
    found = await here.parts.recordings.release(here.key, selection, body.matter, here.caller.name)
    here.did("recordings released", count=str(len(found.recordings)))
    return SelectedReply.of(found)


@router.post(_ACCOUNT + "/erasures", summary="Erase recordings")
async def erase_recordings(body: Erasure, here: Here) -> Certificate:
    """Their keys at once; their audio with them, or as soon as its store is back. The reply is the certificate.

    Of calls under way nothing will be kept: they are named in the certificate.
    """
    return await _erase(here, body.selection(here.account.home_country), body.reason)


@router.get(_ACCOUNT + "/erasures", summary="List the certificates of erasures")
async def list_certificates(here: Here, limit: Limit = 50) -> IssuedCertificates:
    """The latest, newest first. What was interrupted is listed once it is complete."""
    found = await here.parts.recordings.certificates(here.key, limit)
    return IssuedCertificates(items=[IssuedCertificate.of(each) for each in found])


@router.get(_ACCOUNT + "/erasures/{certificateId}", summary="Read the certificate of an erasure")
async def get_certificate(here: Here, certificate_id: CertificateInPath) -> Certificate:
    """As it was given when it was issued. The ledger names it with each recording that was erased."""
    known = certificate_id.isascii() and certificate_id.isprintable()
    found = await here.parts.recordings.certificate(here.key, certificate_id) if known else None
    if found is None:
        raise NotFound("The account has no such certificate, or its erasure is not complete yet")
    return Certificate(**found)


@router.post(_ACCOUNT + "/account-erasures", summary="Erase all recordings of an account")
async def erase_all_recordings(body: AccountErasure, here: OperatorHere) -> Certificate:
    """And, unless one is held, under way or unreadable, the account's keys. For operators."""
    return await _erase(here, Selection(whole_account=True), body.reason)


@router.get(_ACCOUNT + "/signing-key", summary="Read the public key of certificates")
async def get_signing_key(here: Here) -> SigningKeyReply:
    """The installation's, the same for every account. A certificate names it too, but should not vouch for itself."""
    return SigningKeyReply(algorithm="Ed25519", public_key=here.parts.recordings.signing_key)


@router.post(_ACCOUNT + "/keys", summary="Renew the account's key", status_code=201)
async def renew_recording_key(here: Here) -> KeyReply:
    """What is kept stays as it is; the keys of its files are sealed with the new one, and the old one is destroyed."""
    try:
        generation = await here.parts.recordings.renew_account_key(here.key, here.caller.name)
    except RecordingError as error:
        raise KeysUnusable(f"{KeysUnusable.text}: {error}") from error
    here.did("key of recordings renewed")
    return KeyReply(generation=generation)


@router.get(_ACCOUNT + "/ledger", summary="Read the ledger")
async def list_ledger(
    here: Here,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(pattern=_NUMBER, description="`next` of the page before.")] = None,
    call_id: Annotated[str | None, Query(alias="callId", pattern=_CALL, description="Entries of one call.")] = None,
) -> LedgerPage:
    """Oldest first: what was decided, agreed, recorded, kept, heard and erased."""
    found = await here.parts.recordings.ledger(here.key, int(cursor or 0), limit + 1, call_id)
    page = [LedgerEntry.of(entry) for entry in found[:limit]]
    return LedgerPage(items=page, next=str(page[-1].seq) if len(found) > limit else None)


@router.get(_ACCOUNT + "/{callId}/evidence", summary="Read all that proves a recording", responses=_ZIPPED)
async def get_recording_evidence(here: Here, call_id: CallInPath) -> StreamingResponse:
    """One zip file: the audio of its legs, what was decided, consented to and paused, and its entries in the ledger,
    with what it takes to check all of that without this service; a README in it says how. Takes `recordings:listen`."""
    here.caller.check(RECORDINGS_LISTEN, here.key)
    url = f"{here.base}/v6/{here.key}"
    try:
        found = await here.parts.recordings.evidence(here.key, call_id, here.caller.name, lambda k: detailed(k, url))
    except RecordingError as error:
        raise refusal_of(error) from error
    if found is None:
        raise NotFound("The account has no such recording")
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="evidence-{call_id}.zip"'}
    return StreamingResponse(await begun(found), headers=headers, media_type=ZIP)


@router.post(_ACCOUNT + "/verification", summary="Verify an account's recordings", responses=_STREAMED)
async def verify_account_recordings(body: VerificationRequest, here: Here) -> StreamingResponse:
    """Holds audio, ledger and database against each other, all of it: this takes as long as reading it takes."""
    return _lines(here.parts.recordings, here.key, body)


@router.post("/recordings/verification", summary="Verify all recordings", responses=_STREAMED)
async def verify_recordings(body: VerificationRequest, here: OperatorAnywhere) -> StreamingResponse:
    """Of every account, and whatever lies there that is no account's. For operators."""
    return _lines(here.parts.recordings, None, body)


@router.post("/recordings/master-keys", summary="Renew the master key of recordings", status_code=201)
async def renew_master_key(here: OperatorAnywhere) -> MasterKeyReply:
    """Every account's key is sealed with the new one, and the old one is destroyed. For operators."""
    try:
        keys = await here.parts.recordings.renew_master_key(here.caller.name)
    except RecordingError as error:
        raise KeysUnusable(f"{KeysUnusable.text}: {error}") from error
    here.audit("master key of recordings renewed")
    return MasterKeyReply(keys=keys)


async def _erase(here: Here, selection: Selection, reason: str) -> Certificate:
    certificate = await here.parts.recordings.erase(here.key, selection, reason, here.caller.name)
    here.did("recordings erased", count=str(len(certificate["erased"])))
    return Certificate(**certificate)


def _lines(recordings: Recordings, account: str | None, body: VerificationRequest) -> StreamingResponse:
    expected = {key.lower(): (head.seq, head.hash) for key, head in body.expected.items()}
    return StreamingResponse(_told(recordings.verify(account, expected)), media_type=LINES)


async def _told(found: AsyncIterator[Finding | Verified]) -> AsyncIterator[str]:
    async for each in found:
        line: dict[str, Any] = line_of(each)
        yield json.dumps(line, ensure_ascii=False) + "\n"
