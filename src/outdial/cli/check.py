"""`outdial check`: whether what the settings name is there and can be used, before the product runs or while it does.

Changes nothing that stays. Each look says what it found in one line, or raises what a start would.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import aiohttp
from sqlalchemy import make_url

from outdial import operator_file
from outdial.app import bucket_of, wanted_of
from outdial.asterisk import home, process
from outdial.asterisk.configuration import sip_address
from outdial.asterisk.runtime import RuntimeUnusable, present_runtime
from outdial.asterisk.tls import check_files
from outdial.calls.recordings import PlaceUnusable
from outdial.cli.building import EXPECTED, AsJson, runtime_folder, told_in_one_line
from outdial.cli.errors import CommandError
from outdial.cli.serve import ConfigFile, DataDir
from outdial.config import Settings, load
from outdial.data_directory import DataDirectoryError, open_to_others, private_files
from outdial.domain.phones import Registrar
from outdial.http_server import ListenError, listen
from outdial.recordings.objects import Objects
from outdial.storage.database import DatabaseError, is_sqlite, place_of
from outdial.storage.migrate import revisions

_ASK = aiohttp.ClientTimeout(total=5)


def check(config: ConfigFile = None, data_dir: DataDir = None, as_json: AsJson = False) -> int:
    """Try what the settings name: a line for each, and what is wrong with which setting. Ends with 1 where anything is.

    Run it as the user that the service runs as.
    """
    with told_in_one_line(), private_files():
        settings = load(file=config, given={"data_dir": data_dir and str(data_dir)})
        _check_user(settings.data_dir)
        found = []
        for name, look in LOOKS.items():
            well, said = _looked(look, settings)
            found.append({"name": name, "ok": well, "said": said})
            if not as_json:
                sys.stdout.write(f"{name:<9} {'ok   ' if well else 'WRONG'} {said}\n")
                sys.stdout.flush()
    well = all(each["ok"] for each in found)
    if as_json:
        sys.stdout.write(json.dumps({"ok": well, "checks": found}) + "\n")
    return 0 if well else 1


def _check_user(folder: Path) -> None:
    """Raises CommandError for another user than the service's, root too: it may do what the service may not, and what
    it leaves behind, such as SQLite's files, the service could not open."""
    try:
        if folder.stat().st_uid == os.geteuid():
            return
        owner = folder.owner()
    except (OSError, KeyError):
        return
    raise CommandError(f"data_dir {folder} is {owner}'s: be that user, as in `runuser -u {owner} -- outdial check`")


def _looked(look: Callable[[Settings], str], settings: Settings) -> tuple[bool, str]:
    try:
        return True, look(settings)
    except (*EXPECTED, PlaceUnusable) as error:
        return False, str(error)


def _data(settings: Settings) -> str:
    folder = settings.data_dir
    if not folder.exists():
        above = next(each for each in folder.parents if each.exists())
        if not os.access(above, os.W_OK | os.X_OK):
            raise DataDirectoryError(f"data_dir {folder}: can't be made in {above}")
        return f"{folder} is made by the first start"
    if not folder.is_dir():
        raise DataDirectoryError(f"data_dir {folder}: Not a directory")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise DataDirectoryError(f"data_dir {folder}: Permission denied")
    # Within a directory that is closed nothing is open, whatever its own mode.
    for path in open_to_others(folder) if folder.stat().st_mode & 0o077 else ():
        raise DataDirectoryError(f"data_dir: others can look into {path} (chmod go= {path})")
    return f"{folder} is for its owner alone"


def _database(settings: Settings) -> str:
    place = place_of(settings.database)
    if is_sqlite(settings.database) and not Path(make_url(settings.database).database or "").exists():
        return f"{place} is made by the first start"
    current, newest = revisions(settings.database)
    if current == newest:
        return f"{place} is at revision {newest}, the newest"
    if not settings.auto_migrate:
        raise DatabaseError(f"database: {place} is at revision {current}, not {newest}: run `outdial migrate`")
    return f"{place} is {f'at revision {current}' if current else 'empty'}; the next start brings it to {newest}"


def _switch(settings: Settings) -> str:
    try:
        found = present_runtime(settings.switch_source, runtime_folder(settings))
    except RuntimeUnusable as error:
        raise RuntimeUnusable(f"switch_source {settings.switch_source}: {error}; `outdial switch install`") from None
    return f"Asterisk {found.version} ({found.source})"


def _http(settings: Settings) -> str:
    host, port = settings.http_host, settings.http_port
    if port == 0:
        return "any free port"
    try:
        listen(host, port).close()
    except ListenError:
        if not asyncio.run(_is_ours(settings)):
            raise
        return f"{sip_address(host, port)} is our running service's"
    return f"{sip_address(host, port)} is free"


async def _is_ours(settings: Settings) -> bool:
    """Whether it is our own service that answers at the port."""
    known = operator_file.read(settings.data_dir / operator_file.NAME)
    if known is None or not known["url"].endswith(f":{settings.http_port}"):
        return False
    try:
        async with aiohttp.ClientSession(timeout=_ASK) as http, http.get(f"{known['url']}/healthz") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, OSError):
        return False


def _sip(settings: Settings) -> str:
    wanted, folder = wanted_of(settings), settings.data_dir / "switch"
    known = home.known_settings(folder) if process.running(folder) else None
    at = sip_address(wanted.sip_host, wanted.sip_port) if wanted.sip_port else f"any free port of {wanted.sip_host}"
    local = Registrar(wanted.sip_host, wanted.sip_port).is_local
    reach = "; phones elsewhere can't reach that: set sip_host" if local else ""
    if known is not None and home.matches(known, wanted):
        return f"{at} is our running switch's{reach}"
    # Of a switch that runs with older settings, the ports that stay are its own until it is started anew.
    if known is None or known.sip_port != wanted.sip_port:
        trouble = home.sip_trouble(wanted.sip_host, wanted.sip_port, wanted.tls)
        if trouble is not None:
            raise home.PortTaken(trouble)
    older = "; the switch runs with older settings until it is started anew" if known else ""
    return f"{at} {'is free' if known is None else 'comes with its next start'}{older}{reach}"


def _tls(settings: Settings) -> str:
    tls = wanted_of(settings).tls
    if tls is None:
        return "off (sip_tls_port)"
    check_files(tls)
    return f"{tls.certificate} and its key can be used at port {tls.port}"


def _objects(settings: Settings) -> str:
    bucket = bucket_of(settings)
    if bucket is None:
        return "off (s3_bucket): recordings rest in data_dir"
    objects = Objects(bucket)
    try:
        objects.probe()
    except PlaceUnusable as error:
        raise PlaceUnusable(f"s3_bucket {bucket.name}: {error}") from None
    return f"{objects.where} takes, gives back and deletes an object"


LOOKS: Mapping[str, Callable[[Settings], str]] = {
    "data": _data,
    "database": _database,
    "switch": _switch,
    "http": _http,
    "sip": _sip,
    "tls": _tls,
    "s3": _objects,
}
"""Every look, by what it is called, in the order in which a start needs them."""
