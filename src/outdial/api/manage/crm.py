"""An account's CRM: which it is, how it goes, and what is to be told again."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from outdial.api.errors import NotFound
from outdial.api.manage.crm_models import (
    CrmBody,
    CrmReply,
    CrmSet,
    Retold,
    StateWord,
    TaskPage,
    TaskReply,
    TestReply,
    crm_reply,
    task_reply,
    test_reply,
)
from outdial.api.manage.here import Here, Within
from outdial.api.manage.kinds import WANTED
from outdial.api.manage.paging import Limit
from outdial.api.manage.route import ManageRoute
from outdial.calls.change_crm import Office, set_crm
from outdial.calls.crm import Connection, TaskState
from outdial.domain.crm import CrmSettings, HttpRequest

router = APIRouter(route_class=ManageRoute, prefix="/accounts/{account}/crm", tags=["CRM"])
_NUMBER = "^[0-9]{1,18}$"
WANTED[_NUMBER] = "the `next` of an earlier page"
CallInPath = Annotated[str, Path(alias="callId", description="The call's id.")]


@router.get("", summary="Read the CRM")
async def get_crm(here: Here) -> CrmReply:
    """With how many calls wait, and what it said last. Where none is set, `kind` is null."""
    return await _reply(here, await here.parts.crms.crm(here.key))


@router.put("", summary="Set the CRM")
async def put_crm(body: CrmBody, here: Here) -> CrmSet:
    """In place of the one before. A new one is told of calls that end from now on; what waits is tried at once.

    Secrets that are left out stay, but not where they would go to another host or client.
    """
    async with here.turn() as account:
        before = await here.parts.crms.crm(here.key)
        wanted = CrmSettings(here.key, body.target(), body.subject, body.enabled, here.now)
        settings = await set_crm(_office(here), account, wanted, keeps_headers=body.keeps_headers)
    here.did("CRM set", list(body.model_fields_set))
    return CrmSet(**(await _reply(here, settings)).model_dump(), secret=_new_secret(before, settings))


@router.delete("", summary="Remove the CRM", status_code=204)
async def delete_crm(here: Here) -> None:
    """With all of its tasks: those that wait are not told."""
    async with here.turn():
        await _settings(here)
        await here.parts.crms.remove(here.key)
    here.parts.crm_desk.changed()
    here.did("CRM removed")


@router.post("/test", summary="Try the CRM out")
async def post_crm_test(here: Here) -> TestReply:
    """Salesforce is asked for a token and for the fields of a task. Any other CRM is sent one made-up task, from the
    application `test`."""
    settings = await _settings(here)
    attempt = await here.parts.crm_desk.test(Connection(settings, here.account.private_networks))
    here.did("CRM tested")
    return test_reply(attempt)


@router.get("/tasks", summary="List tasks")
async def list_crm_tasks(
    here: Here,
    state: Annotated[StateWord | None, Query(description="Only those in this state.")] = None,
    limit: Limit = 50,
    cursor: Annotated[
        str | None, Query(pattern=_NUMBER, description="`next` of the page before; without it, the first page.")
    ] = None,
) -> TaskPage:
    """One for each call that ended, newest first, for as long as calls are kept."""
    wanted = None if state is None else TaskState(state)
    before = None if cursor is None else int(cursor)
    found = await here.parts.crms.tasks(here.key, wanted, before, limit + 1)
    after = str(found[limit - 1].seq) if len(found) > limit else None
    return TaskPage(items=[task_reply(entry) for entry in found[:limit]], next=after)


@router.get("/tasks/{callId}", summary="Read a call's task")
async def get_crm_task(here: Here, call_id: CallInPath) -> TaskReply:
    """With what its last attempt came to."""
    entry = await here.parts.crms.task(here.key, _id(call_id))
    if entry is None:
        raise NotFound
    return task_reply(entry)


@router.post("/tasks/{callId}/replay", summary="Tell a call again", status_code=202)
async def post_crm_task_replay(here: Here, call_id: CallInPath) -> Retold:
    """Whatever became of it, for another three days. Salesforce still has one task of it."""
    return await _replay(here, _id(call_id))


@router.post("/replay", summary="Tell again what was not taken", status_code=202)
async def post_crm_replay(here: Here) -> Retold:
    """Every call that was given up, for another three days; whatever waits is tried at once too."""
    await _settings(here)
    return await _replay(here, None)


async def _replay(here: Within, call_id: str | None) -> Retold:
    async with here.turn():
        count = await here.parts.crms.replay(here.key, call_id, here.now)
    here.parts.crm_desk.changed()
    here.did("CRM tasks replayed", **({} if call_id is None else {"call": call_id}))
    return Retold(tasks=count)


async def _settings(here: Within) -> CrmSettings:
    settings = await here.parts.crms.crm(here.key)
    if settings is None:
        raise NotFound("The account has no CRM")
    return settings


async def _reply(here: Within, settings: CrmSettings | None) -> CrmReply:
    return crm_reply(settings, await here.parts.crms.standing(here.key))


def _new_secret(before: CrmSettings | None, after: CrmSettings) -> str | None:
    """What signs, where nobody has seen it yet."""
    if not isinstance(after.target, HttpRequest):
        return None
    known = before is not None and before.target.secret == after.target.secret
    return None if known else after.target.secret


def _office(here: Within) -> Office:
    return Office(here.parts.crms, here.parts.crm_desk)


def _id(text: str) -> str:
    """Raises NotFound for what is no call's id: databases bear no such text."""
    if not text.isascii() or not text.isprintable() or len(text) > 64:
        raise NotFound
    return text
