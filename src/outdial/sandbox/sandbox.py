"""A whole sandbox: the product, its switch, a far end, and an account to call with. Everything in it ends with it.

The product itself is handed in by the command line, so that nothing here knows how it is put together.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from outdial.calls.directory import Directory, Phones
from outdial.sandbox import keeper, seed
from outdial.sandbox.configuration import Address, Binary
from outdial.sandbox.far_end import FarEnd
from outdial.sandbox.receiver import Receiver, receiving

PHONES_SECONDS = 30
"""How long the phones may take to register."""


class SandboxError(Exception):
    """The sandbox can't be had. One line for people."""


class Product(Protocol):
    """The running product, as far as a sandbox needs it."""

    @property
    def url(self) -> str:
        """Where its API answers."""
        ...

    @property
    def sip(self) -> tuple[str, int]:
        """Where its switch takes SIP."""
        ...

    @property
    def directory(self) -> Directory: ...

    @property
    def phones(self) -> Phones: ...

    def hash_secret(self, secret: str) -> str:
        """What is kept of a secret."""
        ...

    def running(self) -> AbstractAsyncContextManager[Any]:
        """Everything is up inside."""
        ...


@dataclass(frozen=True, slots=True)
class Ready:
    """What somebody needs in order to use a sandbox."""

    url: str
    account: str
    api_token: str = field(repr=False)
    access_token: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)
    sip: Address
    far_end: Address
    receiver: str
    """URL of a receiver of webhooks, which shows what arrived, and at `tasks` what a CRM was told."""
    data: Path

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "url": self.url,
            "account": self.account,
            "api_token": self.api_token,
            "access_token": self.access_token,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "sip": {"host": self.sip.host, "port": self.sip.port},
            "far_end": {"host": self.far_end.host, "port": self.far_end.port},
            "receiver": self.receiver,
            "data": str(self.data),
        }


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that is up."""

    ready: Ready
    product: Product
    far_end: FarEnd
    secrets: seed.Secrets = field(repr=False)


@asynccontextmanager
async def open_sandbox(
    make_product: Callable[[Path], Product],
    binary: Binary,
    *,
    data: Path | None = None,
    listen_seconds: int = 0,
) -> AsyncIterator[Sandbox]:
    """A sandbox is up inside: its phones registered, its API answering. Without `data` it leaves nothing behind."""
    with _own_folder(data) as folder:
        product = make_product(folder)
        # The receiver outlives the product: at the end, too, something happens that it is to be told of.
        async with receiving(Receiver()) as receiver, product.running():
            made, switch = seed.Secrets.new(), Address(*product.sip)
            far_end = FarEnd(
                folder / "far-end",
                binary,
                switch,
                seed.special_extensions(),
                seed.registrations(made),
                listen_seconds=listen_seconds,
            )
            async with far_end.running():
                now = time.time_ns() // 1_000_000
                await seed.plant(product.directory, product.phones, made, product.hash_secret, far_end.sip, now)
                await _phones_online(product.directory)
                token = await _access_token(product.url, made.api_token)
                await _set_crm(product.url, token, receiver)
                ready = Ready(
                    url=product.url,
                    account=seed.ACCOUNT,
                    api_token=made.api_token,
                    access_token=token,
                    client_id=seed.CLIENT,
                    client_secret=made.client_secret,
                    sip=switch,
                    far_end=far_end.sip,
                    receiver=receiver,
                    data=folder,
                )
                yield Sandbox(ready, product, far_end, made)


@contextmanager
def _own_folder(named: Path | None) -> Iterator[Path]:
    """The folder of a sandbox: the one named, or a temporary one that a keeper removes even if we are killed."""
    if named is not None:
        named.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield named.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix=keeper.PREFIX))
    command = [sys.executable, "-I", str(Path(keeper.__file__)), str(folder)]
    # Leaving closes its standard input and waits for it; if we are killed, the kernel closes it.
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):  # noqa: S603 -- our own file
        yield folder


async def _phones_online(directory: Directory) -> None:
    """Wait until the switch has every phone that the far end registers."""
    give_up = time.monotonic() + PHONES_SECONDS
    while True:
        online = {agent.id for agent in await directory.agents(seed.ACCOUNT) if agent.phone_online}
        missing = sorted(set(seed.SIP_AGENTS) - online)
        if not missing:
            return
        if time.monotonic() > give_up:
            raise SandboxError(f"these phones did not register within {PHONES_SECONDS} s: {', '.join(missing)}")
        await asyncio.sleep(0.05)


async def _access_token(url: str, api_token: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": seed.ACCOUNT, "client_secret": api_token}
    async with aiohttp.ClientSession() as http, http.post(f"{url}/v0/oauth2/token", data=form) as reply:
        if reply.status != 200:
            raise SandboxError(f"no access token was given: {reply.status} {await reply.text()}")
        return str((await reply.json())["access_token"])


async def _set_crm(url: str, token: str, org: str) -> None:
    """Have calls told to the Salesforce org of paper, as an administrator would."""
    body = {"salesforce": {"url": org, "clientId": "sandbox", "clientSecret": "sandbox"}}
    headers = {"Authorization": f"Bearer {token}"}
    path = f"{url}/manage/accounts/{seed.ACCOUNT}/crm"
    async with aiohttp.ClientSession() as http, http.put(path, json=body, headers=headers) as reply:
        if reply.status != 200:
            raise SandboxError(f"the CRM could not be set: {reply.status} {await reply.text()}")
