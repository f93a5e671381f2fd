"""What the command line runs: a sandbox that stays until it is interrupted, and the demo."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.live import Live

from outdial.sandbox import table
from outdial.sandbox.configuration import Binary
from outdial.sandbox.examples import EXAMPLES
from outdial.sandbox.sandbox import Product, Ready, Sandbox, open_sandbox
from outdial.sandbox.trial import Stage, Trial, Watcher, hold_trial

LISTEN_SECONDS = 10
"""How much of each call the demo records: more than a trial lasts."""


async def run_sandbox(
    make_product: Callable[[Path], Product],
    binary: Binary,
    *,
    data: Path | None,
    announce: Callable[[Ready], None],
    listen_seconds: int = 0,
) -> None:
    """Stay until cancelled, then leave nothing running. So much of what each phone hears is recorded."""
    async with open_sandbox(make_product, binary, data=data, listen_seconds=listen_seconds) as sandbox:
        announce(sandbox.ready)
        await asyncio.Event().wait()


async def run_demo(
    make_product: Callable[[Path, Watcher], Product],
    binary: Binary,
    *,
    console: Console,
    picture: Path | None = None,
) -> Sequence[Trial]:
    """Place every example call of the page in a sandbox; what was measured of each."""
    watcher = Watcher()
    async with AsyncExitStack() as stack:
        opening = open_sandbox(lambda folder: make_product(folder, watcher), binary, listen_seconds=LISTEN_SECONDS)
        with console.status("starting a switch, a far end and its phones"):
            sandbox = await stack.enter_async_context(opening)
        trials = await _hold_all(sandbox, watcher, console)
    if picture is not None:
        table.save_picture(trials, picture)
    return trials


async def _hold_all(sandbox: Sandbox, watcher: Watcher, console: Console) -> Sequence[Trial]:
    """One trial after the other, shown as it goes: a live table on a terminal, else a line each."""
    held: list[Trial] = []
    with Live(console=console, auto_refresh=False) if console.is_terminal else nullcontext() as live:

        def show(trial: Trial) -> None:
            if live is not None:
                live.update(table.render([*held, trial]), refresh=True)
            elif trial.done:
                console.print(table.line(trial), markup=False, highlight=False, soft_wrap=True)

        async with aiohttp.ClientSession() as http:
            ready = sandbox.ready
            stage = Stage(http, ready.url, ready.access_token, watcher, sandbox.far_end, show)
            for example in EXAMPLES:
                held.append(await hold_trial(stage, example))  # noqa: PERF401 -- the table shows them as they come
    return held
