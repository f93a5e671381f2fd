"""What a sandbox that is up says to people: where everything is, and the commands README shows. Only text."""

import shutil
import sys
from pathlib import Path

from outdial.sandbox.sandbox import Ready


def greeting(ready: Ready, *, instead_of: int | None = None) -> str:
    """The whole text; `instead_of` is a port that the API was to have and somebody else has."""
    elsewhere = f"Port {instead_of} is taken, so the API has a free one; --port chooses.\n" if instead_of else ""
    return f"""\
The sandbox is up; Ctrl-C ends it and leaves nothing running.
{elsewhere}
{_places(ready)}

Place a call, with a token that is good for an hour:

  TOKEN={ready.access_token}

{commands(ready.url, ready.account)}"""


def _places(ready: Ready) -> str:
    rows = (
        ("API", ready.url, "its reference is at /docs"),
        ("webhooks", ready.receiver, "takes what you have sent there, and shows it"),
        ("CRM", f"{ready.receiver}tasks", "stands for Salesforce: shows the tasks that calls become"),
        ("switch", f"sip:{ready.sip}", "where phones register"),
        ("account", ready.account, ""),
        ("API token", ready.api_token, "the account's secret, for other tokens"),
        ("command line", f"{_program()} call list --data-dir {ready.data}", ""),
    )
    wide = max(len(value) for _, value, note in rows if note)
    return "\n".join(f"  {name:15}{value:{wide}}  {note}".rstrip() for name, value, note in rows)


def commands(url: str, account: str) -> str:
    """Place a call, watch it, read it and end it."""
    return f"""\
  curl -i -X POST "{url}/v0/{account}/calls/" \\
    -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
    -d '{{"from": {{"groups": ["030", "200"]}}, "to": {{"telephoneNumber": "02072068888"}}}}'

Watch (Ctrl-C ends that), then read it and end it:

  curl -N -H "Authorization: Bearer $TOKEN" -H "Accept: text/event-stream" \\
    "{url}/v0/{account}/events?type=call.*&after=0"

  CALL="<the location in the reply>"
  curl -H "Authorization: Bearer $TOKEN" "$CALL"
  curl -X DELETE -H "Authorization: Bearer $TOKEN" "$CALL"
"""


def _program() -> str:
    """How this program is run again: by its name where that is found, else as it was called."""
    called = Path(sys.argv[0])
    return "outdial" if shutil.which("outdial") or called.name != "outdial" else str(called)
