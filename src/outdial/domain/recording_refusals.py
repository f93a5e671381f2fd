"""The ways in which control of a call's recording is turned down; see `refusals`."""

from outdial.domain.refusals import BadRequest, Unavailable


class NotRecording(BadRequest):
    """Recording can't be paused or resumed: nothing is being recorded."""

    text = "Unable to change recording - the call is not being recorded"


class NotConnected(BadRequest):
    """What the other side says about being recorded is only heard once both are joined."""

    text = "Unable to take consent - the call is not connected"


class RefusedByParty(BadRequest):
    """The other side has itself refused, by a key of its phone: nobody else can consent for it."""

    text = "Unable to take consent - the other side has refused to be recorded"


class RecordingUnchanged(Unavailable):
    """The switch could not be brought to pause or resume; what is recorded goes on as before."""

    text = "The recording could not be changed; it goes on as it was"


class ByUnknownAgent(BadRequest):
    """Whoever is said to have asked is no agent of the account: nothing is put on record that can't be."""

    def __init__(self) -> None:
        super().__init__("by names an agent that is unknown", member="by")


class ByAgentNotOnCall(BadRequest):
    """What the other side says about being recorded is heard by an agent who is on the call, and by no other."""

    def __init__(self) -> None:
        super().__init__("Unable to take consent - by names an agent that is not on the call", member="by")
