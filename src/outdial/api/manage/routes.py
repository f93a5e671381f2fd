"""The management API's routes, below one prefix, and what an app needs to serve them."""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel

from outdial.api.manage import (
    accounts,
    agents,
    announcements,
    caller_ids,
    calls,
    clients,
    crm,
    errors,
    groups,
    recordings,
    switch,
    trunks,
    webhooks,
)
from outdial.api.manage.here import PREFIX, join
from outdial.api.parts import Parts

RESOURCES = (
    accounts,
    agents,
    groups,
    trunks,
    caller_ids,
    clients,
    calls,
    recordings,
    announcements,
    webhooks,
    crm,
    switch,
)
TAGS = {
    "Accounts": "Tenants and their settings.",
    "Agents": "Who calls, on which phone.",
    "Groups": "Agents one of whom may be chosen.",
    "Trunks": "Carriers.",
    "Caller ids": "Numbers that may be presented.",
    "Clients": "Programs that may ask for tokens.",
    "Operators": "Programs that may manage the installation.",
    "Call log": "Calls, live or ended, found by what is known of them.",
    "Recordings": "Holds, erasures, retention, keys, the ledger, and whether all of it is as it was.",
    "Announcements": "What asks the other side for consent to be recorded.",
    "Webhooks": "Where events are delivered, and how that goes.",
    "CRM": "Which CRM is told of calls that ended, and how that goes.",
    "Switch": "How the switch is.",
}
"""For the OpenAPI document."""


def install(app: FastAPI, parts: Parts) -> None:
    """Let an app serve the management API."""
    errors.install(app)
    join(app, parts)
    everything = APIRouter(prefix=PREFIX, generate_unique_id_function=_operation_id)
    for resource in RESOURCES:
        everything.include_router(resource.router)
    app.include_router(everything)


def _operation_id(route: APIRoute) -> str:
    return to_camel(route.name)
