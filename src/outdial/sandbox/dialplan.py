"""The far end's dialplan as text, made from its behaviours. Pure: knows no process and no port.

Nothing that came over the wire is ever run: it is only written down, URI-encoded, in the far end's journal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from outdial.sandbox.behaviours import ANY_OTHER_NUMBER, DRAMA_PREFIX, KEY_SECONDS, NUMBERS, Behaviour

CONTEXT = "called"
"""Where every INVITE of our switch comes in."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the far end writes what it sees and hears."""

    journal: Path
    recordings: Path
    seconds: int
    """How much of each answered call is recorded; nothing where it is 0."""


def extensions(special: Mapping[str, Behaviour], listening: Listening) -> str:
    """`extensions.conf`: phones by SIP user and numbers that behave in a way of their own, then everybody else."""
    lines = [f"[{CONTEXT}]"]
    for extension, behaviour in {**{f"{DRAMA_PREFIX}{b.name}": b for b in NUMBERS}, **special}.items():
        lines += _extension(extension, behaviour.steps)
    for pattern in ("_+X.", "_X."):
        lines += _extension(pattern, ANY_OTHER_NUMBER.steps)
    return "\n".join([*lines, "", *_note(listening.journal), *_talk(listening)])


def _extension(extension: str, steps: Iterable[str]) -> list[str]:
    # A hangup handler and not the extension `h`, which is looked for in the subroutine the channel happens to be in.
    first = ("Gosub(note,s,1(called,${EXTEN}))", "Set(CHANNEL(hangup_handler_push)=note,s,1(ended))")
    return _numbered(extension, (*first, *steps))


def _note(journal: Path) -> list[str]:
    """A subroutine: one line in the journal, in the form of a query string; the headers only of a new call."""
    always = {"event": "${ARG1}", "at": "${STRFTIME(,,%s%3q)}", "channel": "${UNIQUEID}", "cause": "${HANGUPCAUSE}"}
    at_first = {
        "called": "${URIENCODE(${ARG2})}",
        "from": "${URIENCODE(${PJSIP_HEADER(read,From)})}",
        "asserted": "${URIENCODE(${PJSIP_HEADER(read,P-Asserted-Identity)})}",
        "privacy": "${URIENCODE(${PJSIP_HEADER(read,Privacy)})}",
        "sip_call": "${URIENCODE(${CHANNEL(pjsip,call-id)})}",
    }
    target = f"FILE({journal},,,al,u)"
    steps = (
        'GotoIf($["${ARG1}" = "called"]?first)',
        f"Set({target}={_query(always)})",
        "Return()",
    )
    first = f"Set({target}={_query({**always, **at_first})})"
    return ["[note]", *_numbered("s", steps), f"exten => s,n(first),{first}", "exten => s,n,Return()", ""]


def _talk(listening: Listening) -> list[str]:
    """A subroutine: answer, play a tone, and record what is heard for as long as was asked."""
    wanted = listening.seconds > 0
    steps = (
        "Answer()",
        "Gosub(note,s,1(answered))",
        *((f"MixMonitor(,r({listening.recordings}/${{UNIQUEID}}.wav))",) if wanted else ()),
        "Playtones(${ARG1})",
        'GotoIf($["${ARG2}" != ""]?brief)',
        'GotoIf($["${ARG3}" != ""]?press)',
        *((f"Wait({listening.seconds})", "StopMixMonitor()") if wanted else ()),
        "Wait(14400)",
        "Return()",
    )
    brief = ("exten => s,n(brief),Wait(${ARG2})", "exten => s,n,Return()")
    # A key takes the place of the tone, which goes on afterwards.
    press = (
        f"(press),Wait({KEY_SECONDS})",
        ",SendDTMF(${ARG3},20,100)",
        ",Playtones(${ARG1})",
        ",Wait(14400)",
        ",Return()",
    )
    pressed = [f"exten => s,n{step}" for step in press]
    return ["[talk]", *_numbered("s", steps), *brief, *pressed, ""]


def _numbered(extension: str, steps: Iterable[str]) -> list[str]:
    return [f"exten => {extension},{number},{step}" for number, step in enumerate(steps, start=1)]


def _query(values: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in values.items())
