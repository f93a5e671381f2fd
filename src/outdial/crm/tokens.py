"""Access tokens of Salesforce: asked for by client credentials or with a signed assertion, and kept until they fail.

Two form posts, so no OAuth client is used: those there are bring an HTTP client of their own, past our guard.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from outdial.calls.ports import Clock
from outdial.crm.exchange import Answer, Exchange, NoAnswer, plain
from outdial.domain.crm import CrmSettings, Flow, Salesforce
from outdial.domain.refusals import BadRequest
from outdial.domain.webhooks import UnusableSecret, check_url

ASSERTION_SECONDS = 180
"""How long an assertion is good; Salesforce takes none that is good for longer than some minutes."""
LEAST_BITS = 2048
_PATH = "/services/oauth2/token"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and where it is good."""

    instance_url: str
    value: str = field(repr=False)


class NoToken(Exception):
    """No token was given. Carries what was said; `status` is none where nobody answered."""

    def __init__(self, said: str, status: int | None = None, rest: int | None = None) -> None:
        super().__init__(said)
        self.status = status
        self.rest = rest


class Tokens:
    """One org's token. Whoever needs it at the same moment waits for one request."""

    def __init__(self, target: Salesforce, exchange: Exchange, networks: tuple[str, ...], clock: Clock) -> None:
        self._target, self._exchange, self._networks, self._clock = target, exchange, networks, clock
        self._token: Token | None = None
        self._turn = asyncio.Lock()

    async def token(self) -> Token:
        """The one that is kept, or a new one. Raises NoToken."""
        async with self._turn:
            if self._token is None:
                self._token = await self._new()
            return self._token

    def void(self, token: Token) -> None:
        """A token was not taken any more; the next is asked for when it is needed."""
        if self._token is token:
            self._token = None

    async def _new(self) -> Token:
        if not self._target.secret:
            raise NoToken("no access token: what it is asked for with can't be read; set it again")
        url = self._target.url.rstrip("/") + _PATH
        try:
            answer = await self._exchange.ask("POST", url, _FORM, urlencode(self._form()).encode())
        except NoAnswer as error:
            raise NoToken(f"no access token: {error}") from None
        return self._token_of(answer)

    def _form(self) -> dict[str, str]:
        target = self._target
        if target.flow is Flow.JWT_BEARER:
            return {"grant_type": _JWT_BEARER, "assertion": assertion(target, self._clock.now())}
        return {
            "grant_type": "client_credentials",
            "client_id": target.client_id,
            "client_secret": target.secret,
        }

    def _token_of(self, answer: Answer) -> Token:
        said = answer.json()
        said = said if isinstance(said, dict) else {}
        if not answer.good:
            words = ": ".join(_words(said, "error", "error_description")) or f"answered {answer.status}"
            raise NoToken(f"no access token: {words}", answer.status, answer.rest)
        value, instance = said.get("access_token"), said.get("instance_url")
        if not isinstance(value, str) or not isinstance(instance, str) or not value:
            raise NoToken("no access token: the answer holds none", answer.status)
        try:
            check_url(instance, self._networks)
        except BadRequest as error:
            raise NoToken(f"no access token: instance_url: {error.message}", answer.status) from None
        parts = urlsplit(instance)
        return Token(f"{parts.scheme}://{parts.netloc}", value)


def assertion(target: Salesforce, now: int) -> str:
    """What proves to Salesforce who asks, and on whose behalf."""
    claims = {
        "iss": target.client_id,
        "sub": target.user,
        "aud": target.audience,
        "exp": now // 1000 + ASSERTION_SECONDS,
    }
    try:
        return jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(target.secret))
    except (JoseError, ValueError, TypeError):
        raise NoToken("no access token: the private key can't be used; set it again") from None


def check_secret_of(settings: CrmSettings) -> None:
    """See whether what a CRM is opened with can be used at all.

    Raises:
        UnusableSecret: no, and why.
    """
    target = settings.target
    if isinstance(target, Salesforce) and target.flow is Flow.JWT_BEARER:
        _check_private_key(target.secret)


def _check_private_key(pem: str) -> None:
    member = "salesforce.privateKey"
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise UnusableSecret("it must be an RSA private key in PEM, without a passphrase", member)
    if key.key_size < LEAST_BITS:
        raise UnusableSecret(f"it must have at least {LEAST_BITS} bits", member)


def _words(said: dict[str, Any], *names: str) -> list[str]:
    found = (said.get(name) for name in names)
    return [plain(each) for each in found if isinstance(each, str)]
