"""docs/call-states.md, made from `advance` itself: `python -m outdial.domain.call_states > docs/call-states.md`.

Must not know a rule of its own: every cell is what `advance` answered.
"""

from outdial.domain.call import Call, State, advance, place
from outdial.domain.commands import (
    Announce,
    Command,
    Dial,
    HangUp,
    PauseRecording,
    Prepare,
    Record,
    ResumeRecording,
    Ring,
    StopRecording,
)
from outdial.domain.consent import AccountRecording, Consent, Scenario, decide
from outdial.domain.events import (
    Asker,
    CommandFailed,
    ConsentCaptured,
    DeadlinePassed,
    DigitPressed,
    Event,
    Faulted,
    HangUpRequested,
    LegAnswered,
    LegEnded,
    LegProgressed,
    LegRefused,
    LegRinging,
    RecordingBegun,
    RecordingControl,
    RecordingControlled,
    RecordingFailed,
    RecordingStopped,
)
from outdial.domain.legs import Side
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.domain.recordings import ConsentAct

_FAR = 10**9
_ASKS = AccountRecording(announcement="default")
_DECISION = decide(Scenario.AGENT_TO_NUMBER, Consent.TWO_PARTY, Consent.TWO_PARTY, _ASKS)
_PLAN = CallPlan(
    "1",
    Phone(PhoneKind.SIP, "a"),
    Phone(PhoneKind.SIP, "b"),
    created_at=0,
    dial_by=20_000,
    recording=_DECISION.to_dict(),
)

LEG_EVENTS: tuple[tuple[str, Event], ...] = (
    ("agent rings", LegRinging(Side.AGENT)),
    ("agent has early media", LegProgressed(Side.AGENT)),
    ("agent answers", LegAnswered(Side.AGENT)),
    ("agent's leg ends", LegEnded(Side.AGENT, cause=16)),
    ("agent's leg refused", LegRefused(Side.AGENT, "no such phone")),
    ("party rings", LegRinging(Side.PARTY)),
    ("party has early media", LegProgressed(Side.PARTY)),
    ("party answers", LegAnswered(Side.PARTY)),
    ("party's leg ends", LegEnded(Side.PARTY, cause=16)),
    ("party's leg refused", LegRefused(Side.PARTY, "no such phone")),
    ("Ring failed", CommandFailed(Ring.__name__, "")),
    ("Prepare failed", CommandFailed(Prepare.__name__, "")),
    ("Dial failed", CommandFailed(Dial.__name__, "")),
    ("HangUp failed", CommandFailed(HangUp.__name__, "")),
    ("hang-up requested", HangUpRequested(Asker.API)),
    ("deadline passed", DeadlinePassed()),
    ("fault", Faulted("")),
)
RECORDING_EVENTS: tuple[tuple[str, Event], ...] = (
    ("agent's leg is recorded", RecordingBegun((Side.AGENT,))),
    ("party's leg is recorded", RecordingBegun((Side.PARTY,))),
    ("party's leg can't be recorded", RecordingBegun((), (Side.PARTY,), "no disk")),
    ("agent's recording fails", RecordingFailed(Side.AGENT, "disk full")),
    ("party's recording has stopped", RecordingStopped((Side.PARTY,))),
    ("silence is written", RecordingControlled(pause=True)),
    ("what is said is written again", RecordingControlled(pause=False)),
    ("consent given", ConsentCaptured(ConsentAct.GIVEN, "api", "client c")),
    ("consent withdrawn", ConsentCaptured(ConsentAct.WITHDRAWN, "api", "client c")),
    ("party presses 1", DigitPressed(Side.PARTY, "1")),
    ("party presses 2", DigitPressed(Side.PARTY, "2")),
    ("agent presses 1", DigitPressed(Side.AGENT, "1")),
    ("pause requested", RecordingControl(pause=True, who="client c")),
    ("resumption requested", RecordingControl(pause=False, who="client c")),
    ("PauseRecording failed", CommandFailed(PauseRecording.__name__, "")),
    ("ResumeRecording failed", CommandFailed(ResumeRecording.__name__, "")),
    ("StopRecording failed", CommandFailed(StopRecording.__name__, "")),
    ("Announce failed", CommandFailed(Announce.__name__, "")),
)
EVENTS = (*LEG_EVENTS, *RECORDING_EVENTS)
"""Everything that may happen to a call, one of each kind that matters to it."""


_OF_LEGS = (Record, PauseRecording, ResumeRecording, StopRecording)


def calls() -> dict[State, Call]:
    """A call in each state, reached by events. Its agent's leg is recorded, and the party is asked for its consent."""
    ringing, _ = place("id", "account", "switch", _PLAN)
    dialling, _ = advance(ringing, LegAnswered(Side.AGENT), 1)
    bare, _ = advance(dialling, LegAnswered(Side.PARTY), 2)
    joined, _ = advance(bare, RecordingBegun((Side.AGENT,)), 2)
    ending, _ = advance(joined, HangUpRequested(Asker.API), 3)
    half, _ = advance(ending, LegEnded(Side.PARTY), 4)
    ended, _ = advance(half, LegEnded(Side.AGENT), 5)
    return {call.state: call for call in (ringing, dialling, joined, ending, ended)}


def describe() -> str:
    """The table state by event, in Markdown."""
    found = calls()
    states = list(State)
    lines = [
        "# States of a call",
        "",
        "Made from the code by `python -m outdial.domain.call_states`; a stale copy fails the tests.",
        "Each cell tells the state after the event, and the commands that follow; `–` where nothing changes.",
        "The law asks for both sides' consent: the agent's leg is recorded, and the party was asked to press a key.",
        "",
        "| event | " + " | ".join(states) + " |",
        "|---" * (len(states) + 1) + "|",
    ]
    for name, event in EVENTS:
        cells = [_cell(found[state], event) for state in states]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(call: Call, event: Event) -> str:
    after, commands = advance(call, event, _FAR if isinstance(event, DeadlinePassed) else 10)
    if after is call:
        return "–"
    stays = "stays" if after.state is call.state else f"**{after.state}**"
    return f"{stays}: {', '.join(map(_word, commands))}" if commands else stays


def _word(command: Command) -> str:
    about = command.sides if isinstance(command, _OF_LEGS) else (command.side,) if isinstance(command, HangUp) else ()
    return " ".join([type(command).__name__, *about])


if __name__ == "__main__":
    print(describe(), end="")
