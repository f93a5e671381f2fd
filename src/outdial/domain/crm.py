"""Which CRM an account's calls are told to, and what may be set. Records and rules; knows no HTTP.

Secrets are members that are never shown: they go in, and out only to the CRM.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape as xml_escape

from outdial.domain.crm_task import ALL_NAMES, DEFAULT_SUBJECT, NAMES
from outdial.domain.setup import InvalidMember
from outdial.domain.templates import Escape, UnusableTemplate, check_template, filled, names_in
from outdial.domain.webhooks import SignatureForm, check_secret, check_url

DEFAULT_API_VERSION = "62.0"
DEFAULT_FIELD = "Outdial_Call_Id__c"
DEFAULT_AUDIENCE = "https://login.salesforce.com"
_OURS = (
    "idempotency-key",
    "content-type",
    "content-length",
    "host",
    "connection",
    "transfer-encoding",
    "te",
    "upgrade",
)
"""Headers that are not for people to set; and all that begin with `webhook-`."""


class Flow(StrEnum):
    """How an access token of Salesforce is asked for."""

    CLIENT_CREDENTIALS = "clientCredentials"
    JWT_BEARER = "jwtBearer"


@dataclass(frozen=True, slots=True)
class Salesforce:
    """A Salesforce org."""

    url: str
    """Where tokens are asked for: the org's own domain, `https://example.my.salesforce.com`."""
    client_id: str
    secret: str = field(repr=False)
    """The client's secret; with JWT bearer, its private key in PEM."""
    flow: Flow = Flow.CLIENT_CREDENTIALS
    user: str = ""
    """With JWT bearer, the user on whose behalf tasks are written."""
    audience: str = DEFAULT_AUDIENCE
    """With JWT bearer, whom the assertion is for."""
    api_version: str = DEFAULT_API_VERSION
    external_id_field: str = DEFAULT_FIELD
    """The field of a task that holds the call's id, marked as external id: so that a task is made once."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """Any CRM: one request for each call, whose URL, headers and body are templates."""

    url: str
    body: str
    secret: str = field(repr=False)
    """Signs the request in the form of Standard Webhooks."""
    method: str = "POST"
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Their values are as good as secrets: most hold a key."""


Target = Salesforce | HttpRequest


@dataclass(frozen=True, slots=True)
class CrmSettings:
    """An account's CRM."""

    account: str
    target: Target
    subject: str = DEFAULT_SUBJECT
    """Template of a task's subject."""
    enabled: bool = True
    created_at: int = 0
    revision: int = 0
    """Grows by one with every change by people."""


def check_crm(settings: CrmSettings, private_networks: tuple[str, ...]) -> None:
    """See whether tasks could be told like this. What a private key holds is seen elsewhere.

    Raises:
        BadRequest: no; it names the member, and says why.
    """
    check_template(settings.subject, NAMES, "subject")
    if isinstance(settings.target, Salesforce):
        _check_salesforce(settings.target, private_networks)
    else:
        _check_request(settings.target, private_networks)


def goes_elsewhere(before: Target, after: Target) -> bool:
    """Whether secrets that nobody has seen would go to somebody else than before: then they must be given anew."""
    if isinstance(before, Salesforce) and isinstance(after, Salesforce):
        return (_origin(before.url), before.flow, before.client_id) != (_origin(after.url), after.flow, after.client_id)
    if isinstance(before, HttpRequest) and isinstance(after, HttpRequest):
        return _origin(before.url) != _origin(after.url)
    return True


def body_of(target: HttpRequest, words: Mapping[str, str]) -> str:
    """A request's body, each value written as its type wants it."""
    return filled(target.body, words, _escape_of(target.content_type) or str)


def url_of(target: HttpRequest, words: Mapping[str, str]) -> str:
    """Where a request goes."""
    return filled(target.url, words, _in_url)


def headers_of(target: HttpRequest, words: Mapping[str, str]) -> dict[str, str]:
    """The headers that people set."""
    return {name: filled(value, words, header_value) for name, value in target.headers}


def header_value(value: str) -> str:
    """A value as it can stand in a header: printable ASCII, anything else percent-encoded."""
    return re.sub(r"[^\x20-\x7e]", lambda found: quote(found[0]), value)


def _check_salesforce(target: Salesforce, networks: tuple[str, ...]) -> None:
    check_url(target.url, networks, "salesforce.url")
    parts = urlsplit(target.url)
    if parts.path not in ("", "/") or parts.query:
        raise InvalidMember("salesforce.url", "the org's address alone, such as https://example.my.salesforce.com")
    if target.flow is Flow.JWT_BEARER and not target.user:
        raise InvalidMember("salesforce.user", "sent with jwtBearer: the user on whose behalf tasks are written")


def _check_request(target: HttpRequest, networks: tuple[str, ...]) -> None:
    check_template(target.url, ALL_NAMES, "http.url")
    if names_in(_origin(target.url)):
        raise UnusableTemplate("http.url", "the host can't be filled in")
    check_url(filled(target.url, _SAMPLE, _in_url), networks, "http.url")
    check_secret(target.secret, SignatureForm.STANDARD, "http.secret")
    for place, (name, value) in enumerate(target.headers):
        member = f"http.headers[{place}]"
        if name.lower() in _OURS or name.lower().startswith("webhook-"):
            raise InvalidMember(f"{member}.name", "a header that we don't set ourselves")
        check_template(value, ALL_NAMES, f"{member}.value")
    check_template(target.body, ALL_NAMES, "http.body")
    escape = _escape_of(target.content_type)
    if escape is None:
        raise InvalidMember("http.contentType", f"one of {', '.join(_ESCAPES)}")
    if escape is _in_json:
        _check_json(filled(target.body, _SAMPLE, escape))


def _check_json(body: str) -> None:
    try:
        json.loads(body)
    except ValueError as error:
        raise UnusableTemplate("http.body", f"filled in, it would be no JSON: {error}") from None


def _in_url(value: str) -> str:
    return quote(value, safe="")


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _in_xml(value: str) -> str:
    return xml_escape(value, {'"': "&quot;", "'": "&apos;"})


_ESCAPES: Mapping[str, Escape] = {
    "application/json": _in_json,
    "application/x-www-form-urlencoded": _in_url,
    "application/xml": _in_xml,
    "text/xml": _in_xml,
    "text/plain": str,
}
_SAMPLE = dict.fromkeys(ALL_NAMES, "1")


def _escape_of(content_type: str) -> Escape | None:
    media = content_type.partition(";")[0].strip().lower()
    return _in_json if media.endswith("+json") else _ESCAPES.get(media)


def _origin(url: str) -> str:
    """Scheme and host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
