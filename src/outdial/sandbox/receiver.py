"""A receiver of webhooks that shows what arrived: for whoever tries them out. Answers 204, or as its path says.

`/` and any other path take a delivery; `/status/503` answers so; `/hang` never answers. `GET /` shows what came, as
JSON, or to a browser as a page. The tasks of a CRM are at `/tasks`.
"""

import asyncio
import html
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from outdial.sandbox.crm import PaperOrg

KEPT = 1_000
LONGEST_BODY = 100 * 1024
_SHOWN = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature", "vonage-signature")
_PAGE = """<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Received</title>
<style>body{{font:14px system-ui;margin:2em}}pre{{background:#f4f4f4;padding:.5em;overflow:auto}}</style>
<h1>{count} deliveries</h1>{items}"""


class Receiver:
    """What came, newest last."""

    def __init__(self) -> None:
        self.received: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.count = 0
        self.org = PaperOrg()

    def application(self) -> web.Application:
        """The receiver as an application."""
        app = web.Application(client_max_size=LONGEST_BODY)
        self.org.join(app)
        app.router.add_get("/", self._show)
        app.router.add_delete("/", self._forget)
        app.router.add_post("/hang", self._hang)
        app.router.add_post("/status/{status:[2-5][0-9][0-9]}", self._take)
        app.router.add_post("/{anything:.*}", self._take)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        await self._keep(request)
        return web.Response(status=int(request.match_info.get("status", "204")))

    async def _hang(self, request: web.Request) -> web.Response:
        await self._keep(request)
        await asyncio.Event().wait()
        raise AssertionError

    async def _keep(self, request: web.Request) -> None:
        text = await request.text()
        try:
            body = json.loads(text)
        except ValueError:
            body = text
        self.count += 1
        self.received.append(
            {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "path": request.path,
                "headers": {name: request.headers[name] for name in _SHOWN if name in request.headers},
                "body": body,
            }
        )

    async def _show(self, request: web.Request) -> web.Response:
        found = list(self.received)
        if "text/html" not in request.headers.get("Accept", ""):
            return web.json_response({"count": self.count, "deliveries": found})
        items = "".join(f"<pre>{html.escape(json.dumps(each, indent=1))}</pre>" for each in reversed(found))
        return web.Response(text=_PAGE.format(count=self.count, items=items), content_type="text/html")

    async def _forget(self, request: web.Request) -> web.Response:
        self.received.clear()
        return web.Response(status=204)


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[str]:
    """It listens on loopback inside, on any free port; its URL."""
    runner = web.AppRunner(receiver.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
