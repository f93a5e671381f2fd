"""Control of a call's recording in the Calls API: pause, resume, consent. Reads requests and writes replies."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from outdial.api.auth import CALLS_CONTROL, Caller
from outdial.api.bodies import told
from outdial.api.call_ids import CallNotFound, call_id_in
from outdial.api.pages import account_url, enter_as, json_body, reply, version_of
from outdial.calls.control_recording import Speaker, control_recording, take_consent
from outdial.domain.recordings import ConsentAct
from outdial.domain.refusals import WrongType
from outdial.domain.request import decode

RECORDING_STATUSES = ("Paused", "Started")
CONSENT_ACTS = {"Given": ConsentAct.GIVEN, "Withdrawn": ConsentAct.WITHDRAWN}
BY_PATTERN = "(agent|supervisor) [0-9]{1,11}"
_BY = re.compile(BY_PATTERN)


async def control(request: Request) -> Response:
    """POST …/calls/{id} with `recordingStatus`, or with `consent`."""
    parts, account, caller = await enter_as(request, CALLS_CONTROL)
    body = decode(await json_body(request))
    url, version = account_url(request, parts, account), version_of(request)
    pause, act, speaker = _wanted(body), _consent(body), _speaker(body, caller)
    call_id, ports = call_id_in(request), (parts.calls, parts.call_log, parts.directory)
    if act is not None:
        call = await take_consent(*ports, account, call_id, act=act, speaker=speaker)
    else:
        call = await control_recording(*ports, account, call_id, pause=pause, speaker=speaker)
    if call is None:
        raise CallNotFound
    return reply(202, told(call, url), version)


def _wanted(body: Mapping[str, Any]) -> bool:
    """Whether the recording is to be paused; said by every request but one that tells of consent."""
    wanted = body.get("recordingStatus")
    if "consent" in body and wanted is None:
        return False
    if wanted not in RECORDING_STATUSES:
        raise WrongType("recordingStatus", " or ".join(RECORDING_STATUSES))
    return bool(wanted == "Paused")


def _consent(body: Mapping[str, Any]) -> ConsentAct | None:
    said = body.get("consent")
    if said is None and "consent" not in body:
        return None
    if "recordingStatus" in body:
        raise WrongType("consent", "left out where recordingStatus is given")
    if not isinstance(said, str) or said not in CONSENT_ACTS:
        raise WrongType("consent", " or ".join(CONSENT_ACTS))
    return CONSENT_ACTS[said]


def _speaker(body: Mapping[str, Any], caller: Caller) -> Speaker:
    """Who asks, as it is put on record: the program, and the person it speaks for.

    A supervisor is whoever the program says: the product knows agents only.
    """
    said = body.get("by")
    if said is None:
        return Speaker(caller.name)
    if not isinstance(said, str) or not _BY.fullmatch(said):
        raise WrongType("by", "a person, such as agent 1234 or supervisor 77")
    kind, number = said.split(" ")
    return Speaker(f"{said} by {caller.name}", number if kind == "agent" else None)
