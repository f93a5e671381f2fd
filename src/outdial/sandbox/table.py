"""The demo's table and its plain lines. Only shows: knows nothing of how a trial is held."""

import io
import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from outdial.domain.call import Call, State
from outdial.domain.legs import Leg, LegState, Side
from outdial.sandbox.trial import Trial

_WORDS = {
    State.RINGING_AGENT: "agent rings",
    State.DIALLING_PARTY: "other side rings",
    State.JOINED: "joined",
    State.ENDING: "ending",
    State.ENDED: "ended",
}


def render(trials: Sequence[Trial]) -> Table:
    """Every trial so far, one a row. Times are milliseconds from the request."""
    table = Table(title="The example calls of the page, placed for real", title_style="bold", caption=_CAPTION)
    table.add_column("call")
    table.add_column("agent → other side")
    for name in ("201", "agent rings", "answers", "other rings", "joined", "agent heard", "other heard"):
        table.add_column(name, justify="right")
    table.add_column("recorded")
    table.add_column("now")
    for trial in trials:
        table.add_row(*_cells(trial))
    return table


_CAPTION = (
    "times in ms from the request; heard: ms of the other side's tone, measured in what arrived; recorded: whose legs"
)


def line(trial: Trial) -> str:
    """A finished trial in one plain line."""
    _, who, accepted, rings, answers, other, joined, at_agent, at_party, recorded, _ = _cells(trial)
    if trial.failure is not None:
        return f"FAILED  {trial.example.shows}: {trial.failure}"
    return (
        f"ok      {trial.example.shows}: {who}, 201 after {accepted} ms, agent rings {rings}, answers {answers}, "
        f"other side rings {other}, joined {joined}; agent heard {at_agent} ms, other side heard {at_party} ms; "
        f"recorded: {recorded}"
    )


def save_picture(trials: Sequence[Trial], path: Path) -> None:
    """The table as an SVG picture."""
    console = Console(file=io.StringIO(), record=True, width=154, force_terminal=True)
    console.print(render(trials))
    picture = console.export_svg(title="outdial demo")
    # The fonts it would fetch from elsewhere: whoever looks has one of their own.
    path.write_text(re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL), encoding="utf-8")


def _cells(trial: Trial) -> tuple[str, ...]:
    call = trial.call
    accepted = _text(trial.answered_in_ms)
    if call is None:
        return (trial.example.shows, "", accepted, "", "", "", "", "", "", "", _now(trial))
    return (
        trial.example.shows,
        f"{call.plan.agent_id} → {call.plan.called_agent_id or call.plan.number}",
        accepted,
        _since(call, _rang(call.agent)),
        _since(call, call.agent.answered_at),
        _since(call, _rang(call.party)),
        _since(call, call.joined_at),
        _text(trial.agent_heard_ms),
        _text(trial.party_heard_ms),
        _legs(trial.recorded),
        _now(trial),
    )


def _now(trial: Trial) -> str:
    if trial.failure is not None:
        return "[red]failed[/red]"
    if trial.done:
        return "[green]passed[/green]"
    return _WORDS[trial.call.state] if trial.call is not None else "placing"


def _rang(leg: Leg) -> int | None:
    return leg.ringing_at if leg.ringing_at is not None or leg.state is LegState.ASKED else leg.answered_at


def _since(call: Call, at: int | None) -> str:
    return "" if at is None else str(at - call.plan.created_at)


def _legs(recorded: tuple[str, ...] | None) -> str:
    if recorded is None:
        return ""
    return ", ".join("other" if leg == Side.PARTY else leg for leg in recorded) or "none"


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
