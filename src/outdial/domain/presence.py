"""What an agent says of themselves, and the state other programs are told; numbers as the sister pages have them."""

from enum import StrEnum


class Presence(StrEnum):
    """What the agent has chosen. Only READY agents are called."""

    LOGGED_OUT = "LoggedOut"
    READY = "Ready"
    AWAY = "Away"
    BREAK = "Break"
    COMFORT_BREAK = "ComfortBreak"
    EXTENDED_AWAY = "XAway"
