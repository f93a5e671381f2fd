"""`operator.json` in the data directory: where the API answers and the operator's client, for the local command line.

Whoever can read the data directory could read the database; only its owner can.
"""

import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

from outdial.api.auth import SCOPES
from outdial.api.secrets import hash_secret, new_secret, verify_secret
from outdial.calls.directory import Directory
from outdial.data_directory import write_private
from outdial.domain.directory import ApiClient

NAME = "operator.json"


async def keep(data_dir: Path, url: str, directory: Directory, now: int) -> None:
    """Have the file name this process's address and a client that works; a client that still does is kept."""
    path = data_dir / NAME
    found = read(path)
    client = await directory.client(found["client_id"]) if found else None
    if found is None or client is None or not _works(client, found["client_secret"]):
        found = {"client_id": f"operator-{secrets.token_hex(4)}", "client_secret": new_secret()}
        await directory.add_client(
            ApiClient(found["client_id"], None, "Command line", tuple(SCOPES), hash_secret(found["client_secret"]), now)
        )
    elif client is not None and set(client.scopes) != set(SCOPES):
        # Made by an older version, which knew fewer.
        await directory.change_client(replace(client, scopes=tuple(SCOPES)))
    write_private(path, json.dumps({**found, "url": url}, indent=1).encode())


def _works(client: ApiClient, secret: str) -> bool:
    return client.revoked_at is None and verify_secret(secret, client.secret_hash)


def read(path: Path) -> dict[str, Any] | None:
    """What the file says; none where there is no such file, or another."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    wanted = ("client_id", "client_secret", "url")
    return found if isinstance(found, dict) and all(isinstance(found.get(name), str) for name in wanted) else None
