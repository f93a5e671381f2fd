"""The documentation page in a real browser: read, searched, and used to send requests, without a complaint."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from outdial.api.reference.examples import CALL_ID
from outdial.domain.directory import Group
from outdial.sandbox import seed
from outdial.storage.migrate import migrate
from support.api_world import ACCOUNT, ApiWorld, api_world
from support.chromium import Visit, visiting
from support.raw_http import listening
from support.sandbox_world import World, until
from support.vault import recording_of

PLACE = "post-v-n-accountKey-calls"
ONE_CALL = "v-n-accountKey-calls-callGuid"
ENTER = ("Enter", 13)


class DocsPage:
    """The page as somebody with a keyboard uses it."""

    def __init__(self, visit: Visit, base: str) -> None:
        self._visit, self._base = visit, base
        self.run = visit.run

    async def arrive(self, anchor: str = "") -> None:
        """At a place of the page."""
        await self._visit.go(f"{self._base}/docs{anchor and '#'}{anchor}")

    async def open(self, operation: str) -> None:
        """Open an operation where it is closed: by Enter on its title."""
        if not await self._of(operation, "querySelector('details').open"):
            await self._of(operation, "querySelector('summary').focus()")
            await self._visit.press(*ENTER)
        await self._visit.until(self._expression(operation, "querySelector('form')"))

    async def fill(self, operation: str, label: str, text: str) -> None:
        """Write into a field, in place of what is there."""
        control = f"[...querySelectorAll('label')].find((each) => each.textContent.startsWith('{label}')).control"
        await self._of(operation, control.replace("querySelectorAll", "THE.querySelectorAll", 1) + ".focus()")
        await self.run("document.activeElement.select && document.activeElement.select()")
        await self._visit.type(text)

    async def choose(self, operation: str, label: str, choice: str) -> None:
        """Choose one of those that a field has."""
        control = f"[...THE.querySelectorAll('label')].find((each) => each.textContent.startsWith('{label}')).control"
        assert choice in await self._of(operation, f"[...{control}.options].map((each) => each.value)")
        await self._of(operation, f"{control}.value = '{choice}'")

    async def send(self, operation: str) -> str:
        """Press Enter on the button; what is said of the reply once it is there."""
        await self.begin(operation)
        await self._visit.until(self._expression(operation, "querySelector('.status').textContent.includes(' ms.')"))
        await self._visit.until(self._expression(operation, "querySelector('form .send + button').hidden"))
        return await self.status(operation)

    async def begin(self, operation: str) -> None:
        await self._of(operation, "querySelector('form .send').focus()")
        await self._visit.press(*ENTER)

    async def status(self, operation: str) -> str:
        return str(await self._of(operation, "querySelector('.status').textContent"))

    async def reply(self, operation: str) -> str:
        """The body of the last reply."""
        return str(await self._of(operation, "querySelector('.reply pre').textContent"))

    async def token(self, token: str) -> None:
        await self.run("document.querySelector('.secret').focus()")
        await self._visit.type(token)

    async def _of(self, operation: str, what: str) -> Any:
        return await self.run(self._expression(operation, what))

    @staticmethod
    def _expression(operation: str, what: str) -> str:
        article = f"document.getElementById('{operation}').closest('article')"
        return what.replace("THE.", f"{article}.") if "THE." in what else f"{article}.{what}"


@asynccontextmanager
async def page_of(folder: Path) -> AsyncIterator[tuple[ApiWorld, Visit, DocsPage]]:
    """An API without a switch, and its page with a token. The browser leaves before the API ends."""
    await asyncio.to_thread(migrate, f"sqlite:///{folder / 'outdial.db'}")
    async with api_world(folder / "outdial.db") as made, listening(made.app) as listener, visiting() as visit:
        page = DocsPage(visit, f"http://127.0.0.1:{listener.port}")
        await page.arrive()
        await page.token(made.token())
        yield made, visit, page


async def test_a_call_is_placed_read_and_hung_up_from_the_page_by_keyboard(world: World) -> None:
    async with visiting() as visit:
        page = DocsPage(visit, world.ready["url"])
        await page.arrive()
        get_token = "post-v-n-oauth2-token"
        await page.open(get_token)
        secret = world.ready["api_token"]
        form = f"grant_type=client_credentials\nclient_id={seed.ACCOUNT}\nclient_secret={secret}"
        await page.fill(get_token, "Body", form)
        assert (await page.send(get_token)).startswith("200 OK")

        await page.open(PLACE)
        assert (await page.send(PLACE)).startswith("201 Created")
        (call_id,) = (await world.ask("GET", f"/manage/accounts/{seed.ACCOUNT}/calls?live=true")).body["items"]
        world.placed.append(call_id["id"])
        assert call_id["id"] in await page.reply(PLACE)

        async def rang() -> bool:
            return len(world.rang(seed.sip_user("1234"))) == 1

        await until(rang, "the agent's phone rings")
        for method, said in (("get", "200 OK"), ("delete", "20")):
            # The id of the call that was placed stands in the form already.
            await page.open(f"{method}-{ONE_CALL}")
            assert (await page.send(f"{method}-{ONE_CALL}")).startswith(said)
            assert call_id["id"] in await page.reply(f"{method}-{ONE_CALL}")
        assert visit.complaints == []


async def test_what_the_server_says_is_text(tmp_path: Path) -> None:
    async with page_of(tmp_path) as (api, visit, page):
        nasty = "<img src=x onerror=alert(1)>"
        await api.directory.add_group(Group(ACCOUNT, "nasty", nasty))
        listing = "get-manage-accounts-account-groups"
        await page.open(listing)
        assert (await page.send(listing)).startswith("200 OK")
        assert nasty in await page.reply(listing)
        assert await page.run("document.images.length") == 0
        assert visit.complaints == []


async def test_a_refusal_is_shown_with_its_headers(tmp_path: Path) -> None:
    async with page_of(tmp_path) as (_, _, page):
        await page.run("document.querySelector('.secret').value = ''")
        await page.open(PLACE)
        assert "The access token above is empty" in await page.send(PLACE)
        assert '"code": "unauthenticated"' in await page.reply(PLACE)
        assert "WWW-AuthenticateBearer" in await page.run("document.querySelector('.reply dl').textContent")


async def test_a_recording_is_heard_and_saved(tmp_path: Path) -> None:
    async with page_of(tmp_path) as (api, visit, page):
        await api.keep(recording_of(CALL_ID))

        audio = "get-v-n-accountKey-recordings-recordingId-audio"
        await page.open(audio)
        assert (await page.send(audio)).startswith("200 OK")
        await visit.until("document.querySelector('audio').duration > 1.9")
        assert await page.run("document.querySelector('.reply a').download") == "recording.wav"
        assert visit.complaints == []


async def test_a_stream_is_shown_as_it_comes_until_it_is_stopped(tmp_path: Path) -> None:
    async with page_of(tmp_path) as (api, visit, page):
        events = "get-v-n-accountKey-events"
        await page.open(events)
        await page.choose(events, "Accept", "text/event-stream")
        await page.begin(events)
        await visit.until(f"document.getElementById('{events}').querySelector('.status').textContent.startsWith('200')")
        await api.place()
        await visit.until("document.querySelector('.reply pre').textContent.includes('call.placed')")
        await page.run("document.querySelector('form .send + button').click()")
        await visit.until(
            f"document.getElementById('{events}').querySelector('.status').textContent.includes('Stopped')"
        )
        assert visit.complaints == []


async def test_the_token_is_gone_with_the_page(tmp_path: Path) -> None:
    async with page_of(tmp_path) as (_, _, page):
        kept = "JSON.stringify([localStorage.length, sessionStorage.length, document.cookie])"
        assert await page.run(kept) == '[0,0,""]'
        await page.arrive()
        assert await page.run("document.querySelector('.secret').value") == ""


async def test_operations_are_found_by_their_words(tmp_path: Path) -> None:
    async with page_of(tmp_path) as (_, visit, page):
        await page.run("document.querySelector('input[type=search]').focus()")
        await visit.type("webhook SECRET")
        await visit.until("document.querySelectorAll('article:not([hidden])').length === 1")
        assert await page.run("document.querySelector('article:not([hidden]) h3').textContent") == (
            "Replace a webhook's secret"
        )
        assert (await page.run("document.querySelector('#tools [role=status]').textContent")).startswith("1 of ")
        # A link to what is hidden shows it.
        await page.run(f"location.hash = '{PLACE}'")
        await visit.until(f"document.getElementById('{PLACE}').checkVisibility()")


async def test_a_command_line_is_copied(tmp_path: Path) -> None:
    async with page_of(tmp_path) as (_, visit, page):
        await page.run("document.querySelector('.copy').focus()")
        await visit.press(*ENTER)
        await visit.until("document.querySelector('.copy').textContent !== 'Copy'")
        assert await page.run("document.querySelector('.copy').textContent") == "Copied"


@pytest.mark.parametrize("scripts", [True, False])
async def test_operations_are_closed_until_a_link_leads_there(tmp_path: Path, scripts: bool) -> None:
    async with page_of(tmp_path) as (_, visit, page):
        await visit.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        await page.arrive()
        assert await page.run("document.querySelectorAll('article details[open]').length") == 0
        await page.arrive(PLACE)
        await visit.until(f"document.getElementById('{PLACE}').checkVisibility()")
        assert await page.run("document.querySelectorAll('form').length") == int(scripts)


@pytest.mark.parametrize("dark", [False, True])
async def test_it_fits_a_phone(tmp_path: Path, dark: bool) -> None:
    async with page_of(tmp_path) as (_, visit, page):
        await visit.screen(390, 844, dark=dark)
        await page.arrive()
        await page.run("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        await visit.until("document.querySelectorAll('form').length > 90")
        assert await page.run("document.documentElement.scrollWidth") == 390
        assert visit.complaints == []
