"""A Salesforce org of paper beside the receiver: gives a token to anybody, and keeps the tasks it is sent, to be seen.

Takes an upsert as Salesforce does. Keeps no rule of Salesforce but that a call has one task.
"""

import secrets
from collections import OrderedDict
from typing import Any

from aiohttp import web

KEPT = 1_000
LOGIN = "/services/oauth2/token"
UPSERT = "/services/data/{version}/sobjects/Task/{field}/{call}"
DESCRIBE = "/services/data/{version}/sobjects/Task/describe"


class PaperOrg:
    """Its tasks, by the id of the call, oldest first."""

    def __init__(self) -> None:
        self.tasks: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._made = 0

    def join(self, app: web.Application) -> None:
        """Answer among an application's routes: before any that takes everything."""
        app.router.add_get("/tasks", self._show)
        app.router.add_post(LOGIN, self._token)
        app.router.add_get(DESCRIBE, self._describe)
        app.router.add_patch(UPSERT, self._upsert)

    async def _show(self, request: web.Request) -> web.Response:
        return web.json_response({"tasks": list(self.tasks.values())})

    async def _token(self, request: web.Request) -> web.Response:
        instance = f"{request.scheme}://{request.host}"
        return web.json_response(
            {"access_token": secrets.token_urlsafe(), "instance_url": instance, "token_type": "Bearer"}
        )

    async def _describe(self, request: web.Request) -> web.Response:
        field = {"name": "Outdial_Call_Id__c", "externalId": True, "createable": True}
        return web.json_response({"name": "Task", "fields": [field]})

    async def _upsert(self, request: web.Request) -> web.Response:
        call, record = request.match_info["call"], await request.json()
        there = self.tasks.get(call)
        if there is None:
            self._made += 1
            there = self.tasks[call] = {"Id": f"00T{self._made:012}"}
            if len(self.tasks) > KEPT:
                self.tasks.popitem(last=False)
        is_new = len(there) == 1
        there.update(record)
        said = {"id": there["Id"], "success": True, "errors": [], "created": is_new}
        return web.json_response(said, status=201 if is_new else 200)
