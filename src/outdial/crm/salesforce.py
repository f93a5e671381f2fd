"""Tells one Salesforce org of calls: each is upserted by its id, so that it is one task however often it is told.

Must not know when to try, or again.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from outdial.calls.crm import Attempt, Verdict
from outdial.calls.ports import Clock
from outdial.crm.exchange import Answer, Exchange, NoAnswer, plain
from outdial.crm.faults import Fault, attempt_of, fault_of
from outdial.crm.record import link_of, record_of
from outdial.crm.tokens import NoToken, Tokens
from outdial.domain.crm import CrmSettings, Salesforce
from outdial.domain.crm_task import CrmTask, subject_of, words_of

_MOST_TRIES = 4
"""As it is, without its link, without its subtype, and once more where another request came first."""


class SalesforceOrg:
    """One org, with the token that is good for it."""

    def __init__(self, settings: CrmSettings, exchange: Exchange, networks: tuple[str, ...], clock: Clock) -> None:
        assert isinstance(settings.target, Salesforce)  # noqa: S101 -- made for nothing else
        self._settings, self._target, self._exchange = settings, settings.target, exchange
        self._tokens = Tokens(settings.target, exchange, networks, clock)

    async def tell(self, task: CrmTask, recording_url: str) -> Attempt:
        """Make the call's task, or find that it is made. Raises nothing: whatever goes wrong is the attempt's."""
        words = words_of(task, recording_url)
        subject = subject_of(self._settings.subject, words)

        def record(*, linked: bool, subtype: bool) -> dict[str, Any]:
            return record_of(task, words, subject, linked=linked, subtype=subtype)

        try:
            return await self._upsert(task, record)
        except (NoAnswer, NoToken) as error:
            return _failed(error)

    async def test(self) -> Attempt:
        """See whether a token is given, and whether a task has the field for a call's id."""
        try:
            answer = await self._ask("GET", "/sobjects/Task/describe")
        except (NoAnswer, NoToken) as error:
            return _failed(error)
        fault = fault_of(answer)
        if fault is not None:
            return attempt_of(fault, answer.rest)
        wrong = _what_is_wrong(answer.json(), self._target.external_id_field)
        return Attempt(Verdict.DOWN if wrong else Verdict.DONE, answer.status, wrong)

    async def _upsert(self, task: CrmTask, record: Callable[..., dict[str, Any]]) -> Attempt:
        field = self._target.external_id_field
        path = f"/sobjects/Task/{field}/{quote(task.call_id, safe='')}"
        linked, subtype, repeated = link_of(task) is not None, True, False
        fault: Fault | None = None
        for _ in range(_MOST_TRIES):
            answer = await self._ask("PATCH", path, record(linked=linked, subtype=subtype))
            fault = fault_of(answer)
            if fault is None:
                return Attempt(Verdict.DONE, answer.status, record_id=_id_in(answer))
            if subtype and fault.is_of_subtype:
                subtype = False
            elif linked and fault.is_of_link:
                linked = False
            elif not repeated and fault.is_made_twice(field):
                repeated = True
            else:
                break
        assert fault is not None  # noqa: S101 -- a success has returned
        return attempt_of(fault, answer.rest)

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """One request; with a new token where the one that is kept is not taken any more."""
        token = await self._tokens.token()
        answer = await self._send(method, token.instance_url, path, token.value, body)
        fault = fault_of(answer)
        if fault is None or not fault.is_of_session:
            return answer
        self._tokens.void(token)
        token = await self._tokens.token()
        answer = await self._send(method, token.instance_url, path, token.value, body)
        fault = fault_of(answer)
        if fault is not None and fault.is_of_session:
            self._tokens.void(token)
        return answer

    async def _send(self, method: str, instance: str, path: str, token: str, body: dict[str, Any] | None) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json; charset=UTF-8"
        url = f"{instance}/services/data/v{self._target.api_version}{path}"
        return await self._exchange.ask(method, url, headers, None if body is None else json.dumps(body).encode())


def _failed(error: NoAnswer | NoToken) -> Attempt:
    return Attempt(Verdict.DOWN, getattr(error, "status", None), str(error), rest=getattr(error, "rest", None))


def _id_in(answer: Answer) -> str | None:
    said = answer.json()
    found = said.get("id") if isinstance(said, dict) else None
    return plain(found) if isinstance(found, str) else None


def _what_is_wrong(described: Any, name: str) -> str | None:  # noqa: ANN401 -- whatever was sent
    fields = described.get("fields") if isinstance(described, dict) else None
    if not isinstance(fields, list):
        return "what describes a task can't be read"
    named = (each for each in fields if isinstance(each, dict) and str(each.get("name")).lower() == name.lower())
    found = next(named, None)
    if found is None:
        return f"tasks have no field {name}, or this user may not see it"
    if not found.get("externalId"):
        return f"{name} is not marked as external id"
    if not found.get("createable"):
        return f"this user may not write {name}"
    return None
