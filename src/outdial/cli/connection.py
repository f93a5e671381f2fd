"""Where the command line finds the API, and as whom: the settings, else `operator.json` in the data directory.

The product writes that file each time it starts (`operator_file.py`).
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from outdial.cli.errors import CommandError
from outdial.config import Settings

FILE = "operator.json"


@dataclass(frozen=True, slots=True)
class Connection:
    """The API's address without a last slash, and a client of its."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)


def connection(settings: Settings) -> Connection:
    """What the settings say, and for what they leave open, the file.

    Raises:
        CommandError: neither says enough.
    """
    url, client_id, secret = settings.admin_url, settings.admin_client_id, settings.admin_client_secret
    if (client_id is None) != (secret is None):
        raise CommandError("admin_client_id and admin_client_secret must be set both, or neither")
    if url is None or client_id is None or secret is None:
        found = _read(settings.data_dir / FILE)
        url = url or found.url
        if client_id is None or secret is None:
            client_id, secret = found.client_id, found.client_secret
    return Connection(url.rstrip("/"), client_id, secret)


def _read(path: Path) -> Connection:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Connection(str(said["url"]), str(said["client_id"]), str(said["client_secret"]))
    except FileNotFoundError:
        raise CommandError(
            f"{path} is not there: is `outdial serve` running with this data directory? Else set admin_url, "
            "admin_client_id and admin_client_secret"
        ) from None
    except OSError as error:
        raise CommandError(f"{path}: can't be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"{path}: says no address and client; restart `outdial serve`") from None
