"""`outdial serve` and `outdial migrate`: the product itself, and its database."""

import asyncio
import gc
from pathlib import Path
from typing import Annotated

import typer

from outdial import logs
from outdial.app import Outdial
from outdial.cli import interrupt
from outdial.cli.building import console, runtime_of, told_in_one_line
from outdial.config import Settings, load
from outdial.storage.migrate import migrate as migrate_database

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML); else OUTDIAL_CONFIG, else /etc/outdial.")
]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]


def serve(
    config: ConfigFile = None,
    data_dir: DataDir = None,
    http_port: Annotated[int | None, typer.Option("--port", help="Port of the API; 0 takes any free one.")] = None,
) -> None:
    """Run Outdial: its API and its switch, until interrupted. Calls live on on the switch and are taken over again."""
    with told_in_one_line():
        settings = load(file=config, given={"data_dir": data_dir and str(data_dir), "http_port": http_port})
        logs.configure(settings.log_level, settings.log_format)
        runtime = runtime_of(settings)

        async def stay() -> None:
            async with Outdial(settings, runtime).running() as product:
                host, port = product.sip
                console.print(f"Outdial answers at {product.url}, its switch at sip:{host}:{port}", highlight=False)
                _spare_what_stays()
                await asyncio.Event().wait()

        interrupt.run(stay)


def _spare_what_stays() -> None:
    """Let the garbage collector leave alone what is there once all is up: to look through it all again would hold up
    every call for a tenth of a second."""
    gc.collect()
    gc.freeze()


def migrate(config: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Bring the database up to date."""
    with told_in_one_line():
        settings: Settings = load(file=config, given={"data_dir": data_dir and str(data_dir)})
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        migrate_database(settings.database)
        console.print("The database is up to date.")
