"""`outdial serve` and `outdial migrate`: the product itself, and its database."""

import asyncio
import gc
from pathlib import Path
from typing import Annotated

import typer

from outdial import logs
from outdial.app import Outdial
from outdial.asterisk.configuration import sip_address
from outdial.cli import interrupt
from outdial.cli.building import AsJson, runtime_of, tell, told_in_one_line
from outdial.config import Settings, load
from outdial.data_directory import have_private, private_files
from outdial.storage.migrate import migrate as migrate_database

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML); else OUTDIAL_CONFIG, else /etc/outdial.")
]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]


def serve(
    config: ConfigFile = None,
    data_dir: DataDir = None,
    http_port: Annotated[
        int | None, typer.Option("--port", help="Port of the API; 0 takes any free one.", min=0, max=65535)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run Outdial: its API and its switch, until interrupted. Calls live on on the switch and are taken over again."""
    with told_in_one_line(), private_files():
        settings = load(file=config, given={"data_dir": data_dir and str(data_dir), "http_port": http_port})
        logs.configure(settings.log_level, settings.log_format)
        # A private Asterisk is installed before anything is held, and below it.
        have_private(settings.data_dir)
        runtime = runtime_of(settings)

        async def stay() -> None:
            async with Outdial(settings, runtime).running() as product:
                _say_where(product, settings, as_json=as_json)
                _spare_what_stays()
                await asyncio.Event().wait()

        interrupt.run(stay)


def _say_where(product: Outdial, settings: Settings, *, as_json: bool) -> None:
    (host, port), seen = product.sip, settings.public_address
    sip = {"host": host, "port": port} | ({"public_address": seen} if seen else {})
    found = {"url": product.url, "sip": sip, "data": str(settings.data_dir)}
    switch = f"sip:{sip_address(host, port)}" + (f", which others see as {sip_address(seen, port)}" if seen else "")
    tell(found, f"Outdial answers at {product.url}, its switch at {switch}", as_json=as_json)


def _spare_what_stays() -> None:
    """Let the garbage collector leave alone what is there once all is up: to look through it all again would hold up
    every call for a tenth of a second."""
    gc.collect()
    gc.freeze()


def migrate(config: ConfigFile = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Bring the database up to date."""
    with told_in_one_line(), private_files():
        settings: Settings = load(file=config, given={"data_dir": data_dir and str(data_dir)})
        have_private(settings.data_dir)
        migrate_database(settings.database)
        tell({"up_to_date": True}, "The database is up to date.", as_json=as_json)
