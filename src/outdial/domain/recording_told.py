"""What everybody is told of a recording's consents and pauses: calls, recordings and evidence alike."""

from collections.abc import Iterable
from typing import Any

from outdial.domain.moments import told, told_or_none
from outdial.domain.recordings import ConsentTaken, Pause


def consents_told(consents: Iterable[ConsentTaken]) -> list[dict[str, Any]]:
    """Each with its time, way and who."""
    return [
        {"at": told(each.at), "act": each.act.value, "leg": each.side.value, "way": each.way, "by": each.who}
        for each in consents
    ]


def pauses_told(pauses: Iterable[Pause]) -> list[dict[str, Any]]:
    """Each from when to when, and by whom."""
    return [
        {"from": told(each.since), "to": told_or_none(each.until), "by": each.who, "resumedBy": each.resumed_by}
        for each in pauses
    ]
