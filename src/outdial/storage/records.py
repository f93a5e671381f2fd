"""From rows to the domain's records and back. Pure.

A call is kept as one JSON text that pydantic writes and checks: its members may grow, its columns are few.
"""

import dataclasses
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row

from outdial.domain.call import Call
from outdial.domain.directory import Account, Agent, ApiClient, CallerIdNumber, Group, Trunk
from outdial.domain.plan import Phone, PhoneKind
from outdial.domain.presence import Presence

Values = dict[str, Any]
_CALL = TypeAdapter(Call)
_LISTS = ("allowed_countries", "private_networks")


def call_values(call: Call) -> Values:
    """A call's row, but for what never changes once it is there by itself."""
    plan = call.plan
    return {
        "id": call.id,
        "account": call.account,
        "switch": call.switch,
        "live": call.live,
        "revision": call.revision,
        "created_at": plan.created_at,
        "ended_at": call.ended_at,
        "agent_id": plan.agent_id,
        "called_agent_id": plan.called_agent_id,
        "number": plan.number,
        "reference": plan.reference,
        "data": _CALL.dump_json(call).decode(),
    }


def call_of(data: str) -> Call:
    """A call as it was stored. Raises ValueError for anything else."""
    return _CALL.validate_json(data)


def account_of(row: Row[Any]) -> Account:
    """An account's row."""
    values = {name: value for name, value in row._mapping.items() if name != "leaving"}
    return Account(**{**values, **{name: tuple(values[name]) for name in _LISTS}})


def account_values(account: Account) -> Values:
    """An account as a row."""
    values = _fields(account)
    return {**values, "key": account.key.lower(), **{name: list(values[name]) for name in _LISTS}}


def agent_of(row: Row[Any], groups: tuple[str, ...] = ()) -> Agent:
    """An agent's row, with the groups it is in where they were asked for."""
    values = dict(row._mapping)
    phone = Phone(PhoneKind(values.pop("phone_kind")), values.pop("phone_address"))
    return Agent(**{**values, "phone": phone, "presence": Presence(values["presence"]), "groups": groups})


def agent_values(agent: Agent) -> Values:
    """An agent as a row."""
    values = _fields(agent)
    phone: Phone = values.pop("phone")
    del values["groups"]
    return {
        **values,
        "presence": agent.presence.value,
        "phone_kind": phone.kind.value,
        "phone_address": phone.address,
    }


def group_of(row: Row[Any]) -> Group:
    """A group's row."""
    return Group(**row._mapping)


def trunk_of(row: Row[Any]) -> Trunk:
    """A trunk's row."""
    return Trunk(**row._mapping)


def caller_id_of(row: Row[Any]) -> CallerIdNumber:
    """A caller id's row."""
    return CallerIdNumber(**row._mapping)


def client_of(row: Row[Any]) -> ApiClient:
    """An API client's row."""
    return ApiClient(**{**row._mapping, "scopes": tuple(row._mapping["scopes"])})


def client_values(client: ApiClient) -> Values:
    """An API client as a row."""
    return {**_fields(client), "scopes": list(client.scopes)}


def plain_values(record: Group | Trunk | CallerIdNumber) -> Values:
    """A record whose members are its columns."""
    return _fields(record)


def _fields(record: Any) -> Values:  # noqa: ANN401 -- any of the directory's dataclasses
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
