"""The Calls API: place, read and hang up a call. Reads requests and writes replies; decides nothing else."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from outdial.api.auth import CALLS_CONTROL, CALLS_CREATE, CALLS_READ
from outdial.api.bodies import call_url, placed, told
from outdial.api.call_ids import CallNotFound, call_id_in
from outdial.api.errors import answer
from outdial.api.idempotency import once
from outdial.api.pages import account_url, enter, json_body, reply, version_of, versioned
from outdial.api.parts import Parts
from outdial.calls.hang_up_call import hang_up_call
from outdial.calls.place_call import place_call
from outdial.domain.call import Call
from outdial.domain.refusals import AgentNotReached, Refusal
from outdial.domain.request import decode, parse_call_request


async def place(request: Request) -> Response:
    """POST …/calls/"""
    parts, account = await enter(request, CALLS_CREATE)
    url = account_url(request, parts, account)
    body = await json_body(request)
    key = request.headers.get("idempotency-key")
    respond = partial(_place, request, parts, account, url, body)
    return await once(parts, account, key, body, respond, partial(_placed, url))


async def read(request: Request) -> Response:
    """GET …/calls/{id}"""
    parts, account = await enter(request, CALLS_READ)
    url, version = account_url(request, parts, account), version_of(request)
    return reply(200, told(await _find(request, parts, account), url), version)


async def hang_up(request: Request) -> Response:
    """DELETE …/calls/{id}: 202 while its legs are being ended, 200 once it is over."""
    parts, account = await enter(request, CALLS_CONTROL)
    url, version = account_url(request, parts, account), version_of(request)
    call = await hang_up_call(parts.calls, parts.call_log, account, call_id_in(request))
    if call is None:
        raise CallNotFound
    return reply(202 if call.live else 200, told(call, url), version)


async def _place(
    request: Request, parts: Parts, account: str, url: str, body: bytes, idempotency_id: str | None
) -> Response:
    members = decode(body)
    version = version_of(request)
    try:
        asked = parse_call_request(members, version)
        call = await place_call(parts.placing, account, asked, version=version, idempotency_id=idempotency_id)
    except Refusal as refusal:
        refused = answer(refusal, versioned(version))
        if isinstance(refusal, AgentNotReached) and refusal.call_id is not None:
            # The message's text is the contract's; why the agent could not be rung is read from the call.
            refused.headers["Link"] = f'<{call_url(url, refusal.call_id)}>; rel="related"'
        return refused
    return _placed(url, call)


def _placed(url: str, call: Call) -> Response:
    return reply(201, placed(call, url), call.plan.version, {"Location": call_url(url, call.id)})


async def _find(request: Request, parts: Parts, account: str) -> Call:
    call = await parts.call_log.find(account, call_id_in(request))
    if call is None:
        raise CallNotFound
    return call
