"""One attempt, against receivers that misbehave and addresses that must not be reached."""

import asyncio
import socket
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from outdial.domain.deliveries import Outcome
from outdial.domain.webhooks import Webhook, secret_of
from outdial.outgoing.guard import GuardedResolver, Refused, ThreadedResolver
from outdial.webhooks import sender as sender_module
from outdial.webhooks.sender import Sender
from support import receivers
from support.receivers import Answer, Receiver, receiver, status

HOME = ("127.0.0.0/8",)
BODY = '{"specversion":"1.0"}'
SECRET = secret_of(bytes(32))


class Names(AbstractResolver):
    """Names that stand for what a test says, and for something else each time if it says so."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in answer.split()
        ]

    async def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async with Sender() as made:
        yield made


async def send(sender: Sender, url: str, networks: tuple[str, ...] = HOME) -> Outcome:
    return await sender.send(Webhook("acc", "w1", url, SECRET), networks, "event-1", BODY, 1_795_550_400_000)


async def to(sender: Sender, answer: Answer) -> tuple[Outcome, Receiver]:
    async with receiver(answer) as there:
        return await send(sender, there.url), there


async def test_a_delivery_is_a_signed_cloud_event(sender: Sender) -> None:
    outcome, there = await to(sender, status(204))
    [request] = there.requests
    assert (outcome.status, outcome.error, outcome.delivered) == (204, None, True)
    assert request.line == "POST /hook HTTP/1.1"
    assert request.body == BODY
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert request.headers["webhook-id"] == "event-1"
    assert request.headers["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize("number", [300, 400, 404, 410, 429, 500, 503])
async def test_only_2xx_is_success(sender: Sender, number: int) -> None:
    outcome, _ = await to(sender, status(number))
    assert (outcome.status, outcome.delivered) == (number, False)
    assert str(number) in (outcome.error or "")


@pytest.mark.parametrize("number", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(sender: Sender, number: int) -> None:
    async with receiver(status(200)) as elsewhere:
        outcome, _ = await to(sender, status(number, f"Location: {elsewhere.url}"))
        assert elsewhere.requests == []
    assert outcome.error == f"answered {number}; redirects are not followed"


async def test_a_receiver_says_when_it_wants_to_be_asked_again(sender: Sender) -> None:
    for said, understood in (("7", 7_000), ("999999", 3_600_000), ("soon", None), ("-1", None), ("1" * 12, None)):
        outcome, _ = await to(sender, status(429, f"Retry-After: {said}"))
        assert outcome.retry_after == understood


async def test_connections_are_kept_for_the_next_delivery(sender: Sender) -> None:
    async with receiver(status(200, body="thank you")) as there:
        for _ in range(3):
            assert (await send(sender, there.url)).delivered
        assert there.connections == 1


# Receivers that misbehave.


async def test_a_gigabyte_is_cut_off_and_what_was_said_before_counts(sender: Sender) -> None:
    tracemalloc.start()
    outcome, _ = await to(sender, receivers.gigabyte)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcome.delivered
    assert peak < 20_000_000, "the receiver's own chunks are of 1 MB"


async def test_a_body_that_drips_is_not_waited_for(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "BODY_SECONDS", 0.1)
    outcome, _ = await to(sender, receivers.drip)
    assert outcome.delivered


@pytest.mark.parametrize("answer", [receivers.hang, receivers.drip_head, receivers.endless_head])
async def test_whoever_does_not_answer_in_time_has_failed(
    sender: Sender, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "ANSWER_SECONDS", 0.2)
    outcome, _ = await to(sender, answer)
    assert outcome.status is None
    assert not outcome.delivered


@pytest.mark.parametrize("answer", [receivers.nonsense, receivers.hang_up])
async def test_what_is_no_answer_is_a_failure_in_a_few_words(sender: Sender, answer: Answer) -> None:
    outcome, _ = await to(sender, answer)
    assert (outcome.error or "").startswith("the connection broke")


async def test_nobody_there(sender: Sender) -> None:
    async with receiver(status(200)) as there:
        url = there.url
    outcome = await send(sender, url)
    assert (outcome.error or "").startswith("can't be reached")


async def test_no_tls_there(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "ANSWER_SECONDS", 0.2)
    async with receiver(status(200)) as there:
        outcome = await send(sender, there.url.replace("http:", "https:"))
    assert not outcome.delivered


# Addresses that must not be reached.


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
async def test_no_spelling_of_a_private_address_gets_through(sender: Sender, host: str) -> None:
    async with receiver(status(200)) as there:
        outcome = await send(sender, f"http://{host}:{there.port}/", ())
        assert there.connections == 0
    assert (outcome.error or "").startswith("refused: ")


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "017700000001", "127.1", "localhost"])
async def test_whatever_the_system_takes_for_an_address_is_seen_through(host: str) -> None:
    """aiohttp turns some of these down before they come so far; the guard does not depend on it."""
    threads = ThreadedResolver()
    assert {each["host"] for each in await threads.resolve(host, 80, socket.AF_INET)} == {"127.0.0.1"}
    with pytest.raises(Refused, match="loopback"):
        await GuardedResolver((), threads).resolve(host, 80, socket.AF_INET)
    await threads.close()


async def test_an_allowed_network_is_reached(sender: Sender) -> None:
    """So that the tests above would notice if nothing ever were."""
    async with receiver(status(200)) as there:
        for host in ("127.0.0.1", "localhost"):
            assert (await send(sender, f"http://{host}:{there.port}/")).delivered, host
    async with receiver(status(200), "::1") as there:
        assert (await send(sender, f"http://[::1]:{there.port}/", ("::1/128",))).delivered


async def test_a_name_that_changes_its_address_is_refused_when_it_does() -> None:
    names = Names("127.0.0.1", "127.0.0.2")
    async with receiver(status(200, "Connection: close")) as there, Sender(names) as sender:
        url = f"http://rebinding.example:{there.port}/"
        first = await send(sender, url, ("127.0.0.1/32",))
        second = await send(sender, url, ("127.0.0.1/32",))
        assert there.connections == 1
    assert first.delivered
    assert second.error == "refused: 127.0.0.2 is loopback"


async def test_of_several_addresses_only_those_that_may_are_tried() -> None:
    names = Names("127.0.0.2 127.0.0.1")
    async with receiver(status(200)) as there, Sender(names) as sender:
        outcome = await send(sender, f"http://both.example:{there.port}/", ("127.0.0.1/32",))
    assert outcome.delivered


async def test_a_connection_of_an_account_that_may_serves_none_that_may_not(sender: Sender) -> None:
    async with receiver(status(200)) as there:
        assert (await send(sender, there.url)).delivered
        outcome = await send(sender, there.url, ())
        assert len(there.requests) == 1
    assert outcome.error == "refused: 127.0.0.1 is loopback"


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"])
async def test_a_proxy_in_the_environment_is_not_used(
    sender: Sender, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiver(status(200)) as proxy, receiver(status(200)) as there:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        assert (await send(sender, there.url)).delivered
        assert (await send(sender, "http://10.0.0.1/", ())).error == "refused: 10.0.0.1 is private"
        assert proxy.connections == 0


async def test_a_slow_name_server_holds_up_no_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Names):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            if host == "slow.example":
                await asyncio.Event().wait()
            return await super().resolve(host, port, family)

    async with receiver(status(200)) as there, Sender(Slow("127.0.0.1")) as sender:
        url = f"http://slow.example:{there.port}/"
        slow = asyncio.ensure_future(send(sender, url))
        await asyncio.sleep(0)
        assert (await send(sender, f"http://quick.example:{there.port}/")).delivered
        assert not slow.done()
        slow.cancel()
        await asyncio.wait([slow])
        monkeypatch.setattr(sender_module, "ANSWER_SECONDS", 0.2)
        assert (await send(sender, url)).error == "no answer within 0.2 s"
