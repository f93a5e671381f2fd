"""A webhook: where an account's events are delivered, which of them, and how they are signed. Records and rules.

Knows no HTTP. Times are milliseconds since the epoch, durations as their names say.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from outdial.domain.addresses import networks_of, why_not
from outdial.domain.refusals import BadRequest

MOST_WEBHOOKS = 20
"""How many an account may have."""
LONGEST_URL = 2_000
SECRET_PREFIX = "whsec_"  # noqa: S105 -- what a secret begins with
LONGEST_OVERLAP_SECONDS = 30 * 24 * 3600


class UnusableUrl(BadRequest):
    """Nothing could, or may, be delivered there."""

    def __init__(self, why: str, member: str = "url") -> None:
        super().__init__(f"The URL can't be used: {why}", member=member)
        self.why = why


class UnusableSecret(BadRequest):
    """A secret that is too weak, or not in the form that the signature needs."""

    def __init__(self, why: str, member: str = "secret") -> None:
        super().__init__(f"The secret can't be used: {why}", member=member)


class TooManyWebhooks(BadRequest):
    """An account has as many as it may."""

    text = f"An account can have {MOST_WEBHOOKS} webhooks"


class SignatureForm(StrEnum):
    """How a delivery proves whom it is from."""

    STANDARD = "standard"
    """Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`."""
    VONAGE = "vonage"
    """`Vonage-Signature: Bearer <JWT>`, HS256, with `payload_hash`."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events go. Its secret is kept as it is, since every delivery is signed with it."""

    account: str
    id: str
    url: str
    secret: str = field(repr=False)
    types: tuple[str, ...] = ("*",)
    """Names of types, with stars."""
    name: str = ""
    form: SignatureForm = SignatureForm.STANDARD
    previous_secret: str | None = field(default=None, repr=False)
    previous_until: int | None = None
    """Until when the secret before the last rotation is still good."""
    enabled: bool = True
    disabled_reason: str | None = None
    """Why it was switched off; none while it is on."""
    created_at: int = 0
    revision: int = 0
    """Grows by one with every change by people, which those that deliver must take up."""

    def secrets_at(self, now: int) -> tuple[str, ...]:
        """What deliveries are signed with: the new one, and during an overlap the one before it."""
        if self.previous_secret is None or self.previous_until is None or now >= self.previous_until:
            return (self.secret,)
        return self.secret, self.previous_secret


def check_url(url: str, private_networks: tuple[str, ...], member: str = "url") -> None:
    """See whether events can be delivered to a URL. What its name stands for is seen anew at each delivery.

    Raises:
        UnusableUrl: no, and why; it names the member of the request.
    """
    why = _why_unusable(url, private_networks)
    if why is not None:
        raise UnusableUrl(why, member)


def _why_unusable(url: str, private_networks: tuple[str, ...]) -> str | None:
    if len(url) > LONGEST_URL or not re.fullmatch(r"[\x21-\x7e]+", url):
        return f"it must be at most {LONGEST_URL} printable ASCII characters without blanks"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "it is no URL"
    if parts.scheme not in ("https", "http") or not host:
        return "it must begin with https://"
    if parts.scheme == "http" and not private_networks:
        return "it must begin with https://; plain http is for accounts that may use private networks"
    if "@" in parts.netloc or parts.fragment:
        return "a user, a password or a fragment would not be sent"
    return _why_no_host(host, private_networks)


def _why_no_host(host: str, private_networks: tuple[str, ...]) -> str | None:
    last = host.rstrip(".").rpartition(".")[2]
    if ":" not in host and not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last):
        return None
    why = why_not(host, networks_of(private_networks))
    # `2130706433` and `0177.0.0.1` are addresses to some and names to others.
    return None if why is None else f"the address {host} is {why}"


def check_secret(secret: str, form: SignatureForm, member: str = "secret") -> None:
    """See whether a secret that somebody brings can sign in a form. Ours always can.

    Raises:
        UnusableSecret: no, and why.
    """
    if form is SignatureForm.VONAGE:
        if not re.fullmatch(r"[\x21-\x7e]{32,200}", secret):
            raise UnusableSecret("it must be 32 to 200 printable ASCII characters without blanks", member)
        return
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not 24 <= len(key) <= 64:
        raise UnusableSecret(f"it must be {SECRET_PREFIX} and 24 to 64 bytes in base64", member)


def secret_of(random: bytes) -> str:
    """A secret of our own making, good in either form. At least 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(random).decode()
