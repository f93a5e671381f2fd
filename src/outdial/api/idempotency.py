"""`Idempotency-Key`: the same key and body get the first answer again, and no second call."""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from starlette.responses import Response

from outdial.api.errors import answer
from outdial.api.parts import Parts
from outdial.calls.directory import Claim, Claimed
from outdial.domain.call import Call
from outdial.domain.refusals import BadRequest, Conflict, Refusal, Unprocessable
from outdial.domain.request import decode

REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"""[\x21-\x7e]{1,255}""")
_KEPT_HEADERS = ("content-type", "location", "link")


class IdempotencyKeyInvalid(BadRequest):
    """The key could not be kept."""

    text = "Idempotency-Key must be 1 to 255 visible ASCII characters"


class IdempotencyKeyInUse(Conflict):
    """The first request with this key has no answer yet."""

    text = "A request with this Idempotency-Key is under way"


class IdempotencyKeyReused(Unprocessable):
    """The key was used for another body."""

    text = "This Idempotency-Key was used with a different request body"


Respond = Callable[[str | None], Awaitable[Response]]
"""Answers a request, told the id under which its key was claimed, if it has one."""


async def once(
    parts: Parts, account: str, key: str | None, body: bytes, respond: Respond, recall: Callable[[Call], Response]
) -> Response:
    """Answer a request, or give its first answer again.

    Whatever `respond` answers is kept, refusals included, but for 429 and 5xx, which free the key. `recall` answers
    for a call that was placed by a process which died before its answer could be kept.

    Raises:
        Refusal: the key can't be used; nothing was done.
    """
    if key is None:
        return await respond(None)
    key = key.strip().removeprefix('"').removesuffix('"')
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid
    claimed = await parts.idempotency.claim(account, key, hash_of(body), parts.clock.now())
    match claimed.claim:
        case Claim.UNDER_WAY:
            raise IdempotencyKeyInUse
        case Claim.MISMATCH:
            raise IdempotencyKeyReused
        case Claim.REPLAY:
            return _again(claimed, recall)
        case Claim.NEW:
            return await _answer_first(parts, claimed.idempotency_id, respond)


def hash_of(body: bytes) -> str:
    """Stands for a body. Blanks and the order of members make no difference where it can be a request; what can not is
    the same only to the letter, so that nobody gets a broken body's answer for a sound one."""
    with suppress(BadRequest):
        body = json.dumps(decode(body), sort_keys=True).encode()
    return hashlib.sha256(body).hexdigest()


def _again(claimed: Claimed, recall: Callable[[Call], Response]) -> Response:
    kept = claimed.answer
    if kept is not None:
        response = Response(kept["body"].encode(), kept["status"], kept["headers"])
    else:
        assert claimed.call is not None  # noqa: S101 -- a key that is known has an answer or a call
        response = recall(claimed.call)
    response.headers[REPLAYED] = "true"
    return response


async def _answer_first(parts: Parts, idempotency_id: str, respond: Respond) -> Response:
    """Should we be killed or cancelled meanwhile, the key stays claimed, and whoever takes it next finds the call."""
    try:
        response = await respond(idempotency_id)
    except Refusal as refusal:
        response = answer(refusal)
    except Exception:
        await parts.idempotency.abandon(idempotency_id)
        raise
    if response.status_code == 429 or response.status_code >= 500:
        await parts.idempotency.abandon(idempotency_id)
        return response
    kept = {
        "status": response.status_code,
        "headers": {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
        "body": bytes(response.body).decode(),
    }
    try:
        await parts.idempotency.settle(idempotency_id, kept)
    except Exception as error:  # noqa: BLE001 -- the call is placed, and the caller must hear of it
        structlog.get_logger().error("idempotency key not settled", exc_info=error)
    return response
