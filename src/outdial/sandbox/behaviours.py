"""How the far end behaves: by the last digits of a number, and by the phone of an agent.

Data only. The far end's dialplan, the documentation and the tests are all made from it.
"""

from dataclasses import dataclass

AGENT_TONE = 440
"""Hertz: what an agent's phone says once it has answered."""
PARTY_TONE = 880
"""Hertz: what a called number says once it has answered."""
CALLED_AGENT_TONE = 620
"""Hertz: what the phone of agent 4567 says, so that a call between two agents can be told apart by ear."""
EARLY_TONE = 1200
"""Hertz: what is played in early media, before any answer."""

DRAMA_PREFIX = "+44207946"
"""Ofcom's range for drama in London, 020 7946 0000 to 0999: nobody has these numbers."""

ANNOUNCEMENT = "en_US_f_Allison/ss-noservice"
"""Speech of the switch's own sound package; where it isn't installed the tone before it is all there is."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What something that is called does, in a sentence and in steps of a dialplan."""

    name: str
    does: str
    steps: tuple[str, ...]


KEY_SECONDS = 3
"""How long after the answer a key is pressed where one is."""


def talks(tone: int, *, seconds: int | None = None, key: str = "") -> tuple[str, ...]:
    """Answer and play a tone until hung up, or for so many seconds; press a key of the phone meanwhile."""
    return (f"Gosub(talk,s,1({tone},{seconds or ''},{key}))", "Hangup()")


NUMBERS: tuple[Behaviour, ...] = (
    Behaviour("0001", "busy (486)", ("PJSIPHangup(486)",)),
    Behaviour("0002", "rings for ever", ("Ringing()", "Wait(3600)", "Hangup()")),
    Behaviour("0003", "rejects (603)", ("PJSIPHangup(603)",)),
    Behaviour("0004", "unobtainable (404)", ("PJSIPHangup(404)",)),
    Behaviour("0005", "congestion (503)", ("PJSIPHangup(503)",)),
    Behaviour(
        "0006",
        "announcement in early media, then 480",
        (
            "Progress()",
            f"Playtones({EARLY_TONE})",
            "Wait(1.5)",
            "StopPlaytones()",
            f"Playback({ANNOUNCEMENT},noanswer)",
            "PJSIPHangup(480)",
        ),
    ),
    Behaviour("0007", "answers after 5 s", ("Ringing()", "Wait(5)", *talks(PARTY_TONE))),
    Behaviour("0008", "answers, hangs up after 1 s", talks(PARTY_TONE, seconds=1)),
    Behaviour("0009", "number changed (410)", ("PJSIPHangup(410)",)),
    Behaviour(
        "0010",
        "early media, then answers after 3 s",
        ("Progress()", f"Playtones({EARLY_TONE})", "Wait(3)", "StopPlaytones()", *talks(PARTY_TONE)),
    ),
    Behaviour(
        "0011",
        "answers after a second, agrees to be recorded (presses 1) 3 s later",
        ("Ringing()", "Wait(1)", *talks(PARTY_TONE, key="1")),
    ),
    Behaviour(
        "0012",
        "answers after a second, refuses to be recorded (presses 2) 3 s later",
        ("Ringing()", "Wait(1)", *talks(PARTY_TONE, key="2")),
    ),
)
"""The numbers of the drama range that behave in a way of their own, by their last four digits."""

ANY_OTHER_NUMBER = Behaviour("any other", "answers after a second", ("Ringing()", "Wait(1)", *talks(PARTY_TONE)))

ANSWERS = Behaviour("answers", "answers by itself", ("Ringing()", "Wait(0.2)", *talks(AGENT_TONE)))
ANSWERS_OTHERWISE = Behaviour("answers", "answers by itself", ("Ringing()", "Wait(0.2)", *talks(CALLED_AGENT_TONE)))
RINGS = Behaviour("rings", "rings for ever", ("Ringing()", "Wait(3600)", "Hangup()"))
REJECTS = Behaviour("rejects", "rejects (603)", ("PJSIPHangup(603)",))
