"""The body of `POST …/calls/`: from bytes to a request that keeps every rule of form, or the first rule it breaks.

Order, after the contract: JSON, version, structure, lengths and characters, consent. Knows nothing of accounts.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

from outdial.domain import refusals as refused
from outdial.domain.consent import Consent, check_consent, parse_consent, scenario_of

Body = dict[str, Any]
MOST_GROUPS = 50
GROUP_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_ESCAPED = "%[0-9a-f]{2}"
_HOST = rf"(?:\[[0-9a-f:.]+\]|(?:[a-z0-9._~-]|{_ESCAPED})+)"
_REST = rf"[/?#](?:[a-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|{_ESCAPED})*"
_URL = re.compile(rf"https?://{_HOST}(?::[0-9]{{1,5}})?(?:{_REST})?", re.ASCII | re.IGNORECASE)
_SINCE = {
    ("from", "presentedCLID"): 2,
    ("regarding", "reference"): 4,
    ("application",): 5,
    ("from", "consent"): 6,
    ("to", "consent"): 6,
}
_KNOWN = {
    "from": ("agentId", "groups", "telephoneNumber", "presentedCLID", "consent"),
    "to": ("agentId", "groups", "telephoneNumber", "consent"),
    "regarding": ("reference",),
    "": ("from", "to", "regarding", "application"),
}


@dataclass(frozen=True, slots=True)
class CallRequest:
    """Who is to call whom, as asked. Either `agent_id` or `groups`; either `number` or `called_agent_id`."""

    agent_id: str | None = None
    groups: tuple[str, ...] = ()
    number: str | None = None
    """As sent: national or E.164, with blanks, dots, dashes and brackets."""
    called_agent_id: str | None = None
    presented_clid: str | None = None
    from_consent: Consent | None = None
    to_consent: Consent | None = None
    reference: str | None = None
    application: str | None = None
    echo: Body = field(default_factory=dict)
    """`from`, `to`, and `regarding` and `application` when sent: the known members, as sent."""


def decode(body: bytes) -> Body:
    """The JSON object in a body.

    Raises:
        MalformedJson: not JSON in UTF-8, a member twice, a number JSON does not have, text that is no Unicode.
        NotAnObject: some other JSON.
    """
    try:
        text = body.decode()
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise refused.MalformedJson from None
    if not isinstance(value, dict):
        raise refused.NotAnObject
    return value


def parse_call_request(body: Body, version: int) -> CallRequest:
    """The request in a body, for an effective version.

    Raises:
        Refusal: the first rule of form it breaks.
    """
    _check_version(body, version)
    caller, callee = _object(body, "from"), _object(body, "to")
    regarding, application = _object(body, "regarding"), _text(body, "application")
    _check_spelling(body, caller, callee, regarding)
    agent_id, groups = _caller(caller)
    number, called_agent_id = _callee(callee)
    if agent_id is not None and agent_id == called_agent_id:
        raise refused.CallingOneself(member="to.agentId")
    presented, reference = _text(caller, "presentedCLID", "from."), _text(regarding, "reference", "regarding.")
    _check_agent_id(agent_id, "from.agentId")
    _check_groups(groups)
    _check_agent_id(called_agent_id, "to.agentId")
    _check_lengths(number, reference, application)
    from_consent = parse_consent(caller.get("consent"), "from.consent")
    to_consent = parse_consent(callee.get("consent"), "to.consent")
    check_consent(scenario_of(agent_id, called_agent_id), from_consent, to_consent)
    return CallRequest(
        agent_id=agent_id,
        groups=groups,
        number=number,
        called_agent_id=called_agent_id,
        presented_clid=presented if presented and presented.strip() else None,
        from_consent=from_consent,
        to_consent=to_consent,
        reference=reference,
        application=application,
        echo=_echo(body, agent_id, called_agent_id),
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> Body:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member twice")
    return members


def _check_version(body: Body, version: int) -> None:
    for path, since in _SINCE.items():
        if version >= since:
            continue
        holder = body
        for name in path[:-1]:
            inner = holder.get(name)
            holder = inner if isinstance(inner, dict) else {}
        if holder.get(path[-1]) is not None:
            raise refused.MemberNewerThanVersion(".".join(path), since, version)


def _check_spelling(body: Body, caller: Body, callee: Body, regarding: Body) -> None:
    """Known members in another case would be ignored, and with them a caller id or a consent."""
    for where, members in (("", body), ("from", caller), ("to", callee), ("regarding", regarding)):
        known = _KNOWN[where]
        meant = {name.lower(): name for name in known}
        for name in members:
            right = meant.get(name.lower())
            if right is not None and name != right:
                dot = f"{where}." if where else ""
                raise refused.MisspeltMember(f"{dot}{name}", f"{dot}{right}")


def _object(body: Body, name: str) -> Body:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise refused.WrongType(name, "an object")
    return value


def _text(holder: Body, name: str, prefix: str = "") -> str | None:
    value = holder.get(name)
    if value is None or isinstance(value, str):
        return value
    raise refused.WrongType(f"{prefix}{name}", "a string")


def _agent_id(holder: Body, prefix: str) -> str | None:
    value = holder.get("agentId")
    if isinstance(value, int) and not isinstance(value, bool):
        # Python will not write out absurdly long numbers; they are too long in any case.
        return str(value) if -(10**40) < value < 10**40 else "9" * 41
    text = _text(holder, "agentId", prefix)
    return text or None


def _caller(caller: Body) -> tuple[str | None, tuple[str, ...]]:
    if caller.get("telephoneNumber") is not None:
        raise refused.TelephoneNumberNotSupported(member="from.telephoneNumber")
    groups = caller.get("groups")
    if groups is not None and not (isinstance(groups, list) and all(isinstance(group, str) for group in groups)):
        raise refused.WrongType("from.groups", "a list of strings")
    agent_id = _agent_id(caller, "from.")
    if agent_id is not None and groups:
        raise refused.AgentAndGroups(member="from.groups")
    if agent_id is None and not groups:
        raise refused.AgentNotSpecified(member="from.agentId")
    return agent_id, tuple(dict.fromkeys(groups or ()))


def _callee(callee: Body) -> tuple[str | None, str | None]:
    if callee.get("groups") is not None:
        raise refused.GroupsNotSupported(member="to.groups")
    number = _text(callee, "telephoneNumber", "to.") or None
    agent_id = _agent_id(callee, "to.")
    if number is None and agent_id is None:
        raise refused.DestinationRequired(member="to")
    if number is not None and agent_id is not None:
        raise refused.DestinationAmbiguous(member="to")
    return number, agent_id


def _check_agent_id(agent_id: str | None, member: str) -> None:
    if agent_id is None:
        return
    if not (agent_id.isascii() and agent_id.isdigit()):
        raise refused.AgentIdNotDigits(member=member)
    if len(agent_id) > 11:
        raise refused.AgentIdTooLong(member=member)


def _check_groups(groups: tuple[str, ...]) -> None:
    if len(groups) > MOST_GROUPS:
        raise refused.TooManyGroups(member="from.groups")
    if not all(GROUP_ID.fullmatch(group) for group in groups):
        raise refused.GroupIdInvalid(member="from.groups")


def _check_lengths(number: str | None, reference: str | None, application: str | None) -> None:
    if number is not None and len(number) > 30:
        raise refused.TelephoneNumberTooLong(member="to.telephoneNumber")
    if reference is not None:
        if len(reference) > 2000:
            raise refused.ReferenceTooLong(member="regarding.reference")
        if not ((reference.isascii() and reference.isalnum()) or _URL.fullmatch(reference)):
            raise refused.ReferenceInvalid(member="regarding.reference")
    if application is not None:
        if len(application) > 32:
            raise refused.ApplicationTooLong(member="application")
        if not (application.isascii() and application.isalnum()):
            raise refused.ApplicationInvalid(member="application")


def _echo(body: Body, agent_id: str | None, called_agent_id: str | None) -> Body:
    echo: Body = {}
    for name in ("from", "to", "regarding"):
        members = body.get(name) or {}
        known = {member: members[member] for member in _KNOWN[name] if members.get(member) is not None}
        if known or body.get(name) is not None:
            echo[name] = known
    # An id sent as a number is told as what it is, a string.
    for name, known_id in (("from", agent_id), ("to", called_agent_id)):
        if known_id is not None:
            echo[name]["agentId"] = known_id
    if body.get("application") is not None:
        echo["application"] = body["application"]
    return echo
