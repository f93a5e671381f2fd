"""Who may be recorded, told once more in other words than the code's, and every decision there can be."""

from itertools import product

from outdial.domain.call import Call, State
from outdial.domain.consent import AccountRecording, Consent, Legs, Scenario, decide
from outdial.domain.legs import Side
from outdial.domain.recordings import ConsentAct

AGENT, PARTY = Side.AGENT, Side.PARTY


def allowed(call: Call) -> set[Side]:
    """Who may be recorded of this call at this moment."""
    decision, taken = call.plan.recording, call.recording.consents
    sides: set[Side] = set()
    if call.state is not State.JOINED:
        return sides
    if decision["legs"] in ("agent", "both"):
        sides.add(AGENT)
    if decision["legs"] == "both" and (not taken or taken[-1].act is ConsentAct.GIVEN):
        sides.add(PARTY)
    if taken and taken[-1].act is ConsentAct.GIVEN:
        sides |= {AGENT, PARTY} if decision["legsAfterConsent"] == "both" else set()
    return sides


DECISIONS = [
    decide(scenario, one, other, AccountRecording(legs, unknown, announcement=announcement, auto_resume_seconds=1))
    for scenario, one, other in (
        (Scenario.AGENT_TO_NUMBER, None, None),
        *((Scenario.AGENT_TO_NUMBER, one, other) for one, other in product(Consent, Consent)),
        (Scenario.TO_AGENT, None, None),
        *((Scenario.GROUP_TO_NUMBER, None, other) for other in (None, *Consent)),
    )
    for legs, unknown, announcement in product(Legs, Legs, (None, "default"))
]
