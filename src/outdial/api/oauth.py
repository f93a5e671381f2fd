"""Access tokens for secrets: OAuth 2.0, client credentials (RFC 6749, 4.4), for accounts and for API clients.

Answers in OAuth's own form, errors included. Must not know what the scopes open.
"""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from outdial.api.attempts import Attempts
from outdial.api.auth import SCOPES
from outdial.api.parts import Parts, parts_of
from outdial.api.secrets import verify_secret
from outdial.api.tokens import Tokens
from outdial.domain.refusals import Unavailable

ACCOUNT_TOKEN_SECONDS = 3600
CLIENT_TOKEN_SECONDS = 7200
_FORM = "application/x-www-form-urlencoded"
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,200}")
_ACCOUNT_KEY = re.compile(r"[0-9a-z]{1,64}")
_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthError(Exception):
    """A token request that is turned down, in OAuth's words."""

    def __init__(
        self, error: str, description: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(description)
        self.error, self.description, self.status, self.headers = error, description, status, dict(headers or {})


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose secret it is, as stored, and what a token for it opens."""

    client_id: str
    account: str | None
    scopes: frozenset[str]
    secret_hash: str = field(repr=False)
    is_client: bool


Find = Callable[[Parts, str], Awaitable[Holder | None]]


async def account_token(request: Request) -> Response:
    """POST /v{n}/oauth2/token: an account's key and API token for a token of every scope within the account."""
    return await _answer(request, _account, ACCOUNT_TOKEN_SECONDS)


async def client_token(request: Request) -> Response:
    """POST /Auth/connect/token: an API client's id and secret for a token of the scopes asked for."""
    return await _answer(request, _client, CLIENT_TOKEN_SECONDS)


async def _answer(request: Request, find: Find, lifetime_seconds: int) -> Response:
    try:
        return await _token(request, find, lifetime_seconds)
    except OAuthError as error:
        said = {"error": error.error, "error_description": error.description}
        return JSONResponse(said, error.status, {**_NOT_KEPT, **error.headers})
    except Unavailable as away:
        said = {"error": "temporarily_unavailable", "error_description": away.message}
        return JSONResponse(said, 503, {**_NOT_KEPT, "Retry-After": str(away.retry_after_seconds)})


async def _token(request: Request, find: Find, lifetime_seconds: int) -> Response:
    form = await _form(request)
    if form.get("grant_type") != "client_credentials":
        if "grant_type" not in form:
            raise OAuthError("invalid_request", "grant_type is missing")
        raise OAuthError("unsupported_grant_type", "grant_type must be client_credentials")
    parts = parts_of(request)
    holder = await _holder(request, parts, *_credentials(request, form), find)
    scopes = _scopes(form.get("scope"), holder)
    token = Tokens(parts.token_key).issue(
        holder.client_id,
        holder.account,
        scopes,
        holder.secret_hash,
        is_client=holder.is_client,
        now=parts.clock.now(),
        lifetime_seconds=lifetime_seconds,
    )
    said: dict[str, object] = {"access_token": token, "expires_in": lifetime_seconds, "token_type": "Bearer"}
    if "scope" not in form:
        said["scope"] = " ".join(sorted(scopes))
    return JSONResponse(said, headers=_NOT_KEPT)


async def _form(request: Request) -> dict[str, str]:
    """The form, each field at most once; empty ones count as missing (RFC 6749, 3.2)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise OAuthError("invalid_request", f"The body must be {_FORM}")
    try:
        fields = parse_qs((await request.body()).decode(), max_num_fields=50, errors="strict")
    except ValueError:
        raise OAuthError("invalid_request", "The form can't be read") from None
    if any(len(values) > 1 for values in fields.values()):
        raise OAuthError("invalid_request", "A field may be given once only")
    return {name: values[0] for name, values in fields.items()}


def _credentials(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret, by HTTP Basic or in the form."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        if not form.get("client_id") or not form.get("client_secret"):
            raise _invalid_client()
        return form["client_id"], form["client_secret"]
    if "client_secret" in form:
        raise OAuthError("invalid_request", "The client may prove itself in one way only")
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise _invalid_client() from None
    if not colon:
        raise _invalid_client()
    # RFC 6749 has both form-encoded first; many clients don't. Ours have nothing that would need it.
    return unquote(client_id), unquote(secret)


async def _holder(request: Request, parts: Parts, client_id: str, secret: str, find: Find) -> Holder:
    """Whose secret this is."""
    attempts: Attempts = request.app.state.attempts
    address = request.client.host if request.client else ""
    wait = attempts.wait_seconds(address, client_id)
    if wait:
        raise OAuthError(
            "too_many_requests", "Too many wrong secrets; try again later", 429, {"Retry-After": str(wait)}
        )
    holder = await find(parts, client_id)
    if not verify_secret(secret, holder.secret_hash if holder else None) or holder is None:
        attempts.failed(address, client_id)
        raise _invalid_client()
    return holder


async def _account(parts: Parts, client_id: str) -> Holder | None:
    key = client_id.lower()
    account = await parts.directory.account(key) if _ACCOUNT_KEY.fullmatch(key) else None
    if account is None or account.api_token_hash is None:
        return None
    return Holder(account.key, account.key, frozenset(SCOPES), account.api_token_hash, is_client=False)


async def _client(parts: Parts, client_id: str) -> Holder | None:
    client = await parts.directory.client(client_id) if _CLIENT_ID.fullmatch(client_id) else None
    if client is None or client.revoked_at is not None:
        return None
    return Holder(client.id, client.account, frozenset(client.scopes), client.secret_hash, is_client=True)


def _scopes(asked: str | None, holder: Holder) -> frozenset[str]:
    """What the token is to open: what was asked for, or everything that the client may have."""
    scopes = holder.scopes if asked is None else frozenset(asked.split())
    if not scopes or not scopes <= holder.scopes:
        raise OAuthError("invalid_scope", "The client does not have this scope")
    return scopes


def _invalid_client() -> OAuthError:
    """The client is unknown, or its secret is wrong: which of them is not told."""
    challenge = {"WWW-Authenticate": 'Basic realm="outdial"'}
    return OAuthError("invalid_client", "The client is unknown or its secret is wrong", 401, challenge)
