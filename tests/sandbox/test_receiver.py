"""The sandbox's receiver: takes, shows, and misbehaves on demand."""

import asyncio

import aiohttp
import pytest

from outdial.sandbox.crm import KEPT as CRM_KEPT
from outdial.sandbox.receiver import KEPT, Receiver, receiving


async def test_it_shows_what_arrived_with_the_headers_that_matter() -> None:
    async with receiving(Receiver()) as url, aiohttp.ClientSession() as http:
        headers = {"webhook-id": "e1", "Authorization": "Bearer secret", "Content-Type": "application/json"}
        async with http.post(url + "hook", data='{"type":"call.ended.v1"}', headers=headers) as reply:
            assert reply.status == 204
        async with http.post(url, data="not JSON") as reply:
            assert reply.status == 204
        shown = await (await http.get(url)).json()
        assert shown["count"] == 2
        first, second = shown["deliveries"]
        assert (first["path"], first["body"]) == ("/hook", {"type": "call.ended.v1"})
        assert first["headers"] == {"webhook-id": "e1", "content-type": "application/json"}
        assert second["body"] == "not JSON"
        page = await (await http.get(url, headers={"Accept": "text/html"})).text()
        assert "2 deliveries" in page
        await http.delete(url)
        assert (await (await http.get(url)).json())["deliveries"] == []


async def test_a_page_shows_what_came_as_text_only() -> None:
    async with receiving(Receiver()) as url, aiohttp.ClientSession() as http:
        await http.post(url, data="<script>alert(1)</script>")
        page = await (await http.get(url, headers={"Accept": "text/html"})).text()
        assert "<script>" not in page


@pytest.mark.parametrize("status", [200, 410, 503])
async def test_it_answers_as_its_path_says(status: int) -> None:
    async with receiving(Receiver()) as url, aiohttp.ClientSession() as http:
        assert (await http.post(f"{url}status/{status}")).status == status


async def test_it_can_hang_and_still_be_stopped() -> None:
    async with receiving(Receiver()) as url, aiohttp.ClientSession() as http:
        hanging = asyncio.ensure_future(http.post(f"{url}hang"))
        while (await (await http.get(url)).json())["count"] == 0:
            pass
        assert not hanging.done()
    with pytest.raises(aiohttp.ClientError):
        await hanging


def test_it_keeps_so_many() -> None:
    assert Receiver().received.maxlen == KEPT


async def test_it_is_a_crm_too_that_keeps_one_task_of_a_call() -> None:
    async with receiving(Receiver()) as url, aiohttp.ClientSession() as http:
        async with http.post(f"{url}services/oauth2/token", data={"grant_type": "client_credentials"}) as reply:
            assert (await reply.json())["instance_url"] + "/" == url
        path = f"{url}services/data/v62.0/sobjects/Task/Outdial_Call_Id__c/c1"
        for subject, status in (("First", 201), ("Second", 200)):
            assert (await http.patch(path, json={"Subject": subject})).status == status
        shown = await (await http.get(f"{url}tasks")).json()
        assert [task["Subject"] for task in shown["tasks"]] == ["Second"]
        assert (await (await http.get(url)).json())["count"] == 0


def test_a_crm_keeps_so_many_tasks() -> None:
    assert CRM_KEPT == 1_000
