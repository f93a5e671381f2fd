"""`outdial demo --json`: one line for machines, whatever is shown to people meanwhile."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from outdial.__main__ import main
from outdial.asterisk.runtime import Runtime
from outdial.sandbox.examples import EXAMPLES
from outdial.sandbox.trial import Trial

RUNTIME = Runtime(("asterisk",), Path("/modules"), Path("/data"), "22.5", "private")
HEARD = Trial(EXAMPLES[0], 201, 12, None, 900, 800, ("agent", "party"), done=True)
REFUSED = Trial(EXAMPLES[1], 400, 3, failure="400 no", done=True)


@pytest.mark.parametrize(("trials", "status"), [([HEARD], 0), ([HEARD, REFUSED], 1)])
def test_the_result_of_each_call_is_one_document(
    trials: Sequence[Trial], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def hold(*given: Any) -> Sequence[Trial]:
        given[2].print("shown as it goes")
        return trials

    # It would last beyond this test, with the output that this test alone has.
    monkeypatch.setattr("outdial.logs.configure", lambda *_: None)
    monkeypatch.setattr("outdial.cli.sandbox.runtime_of", lambda _: RUNTIME)
    monkeypatch.setattr("outdial.cli.sandbox._demo", hold)
    assert main(["demo", "--json"]) == status
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["passed"], [call["passed"] for call in told["calls"]]) == (status == 0, [t.passed for t in trials])
    assert told["calls"][0]["agent_heard_ms"] == 900
    assert told["calls"][0]["recorded"] == ["agent", "party"]
    assert "shown as it goes" in said.err
