"""Whatever a call is, it comes back from its row as it was."""

import dataclasses
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.call import Call
from outdial.domain.legs import Leg
from outdial.domain.plan import CallerId, CallPlan, Phone
from outdial.domain.results import Result
from outdial.storage.records import call_of, call_values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def whole(kind: Any, **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any value of a dataclass, each member drawn, those with defaults too."""
    hints = get_type_hints(kind)
    return st.builds(
        kind,
        **{each.name: known.get(each.name, st.from_type(hints[each.name])) for each in dataclasses.fields(kind)},
    )


LEGS, PHONES, CALLER_IDS = whole(Leg), whole(Phone), whole(CallerId)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=3)
PLANS = whole(
    CallPlan,
    agent_phone=PHONES,
    party_phone=PHONES,
    agent_sees=CALLER_IDS,
    party_sees=CALLER_IDS,
    asked=OBJECTS,
    recording=OBJECTS,
    reasons=OBJECTS,
)
CALLS = whole(Call, plan=PLANS, agent=LEGS, party=LEGS, result=st.none() | whole(Result))


@given(CALLS)
def test_a_call_comes_back_as_it_was(call: Call) -> None:
    values = call_values(call)
    assert call_of(values["data"]) == call
    assert values["live"] is call.live
    assert (values["id"], values["account"], values["revision"]) == (call.id, call.account, call.revision)


@pytest.mark.parametrize("stored", ["", "{}", "null", '{"id": "c1"}', "{"])
def test_anything_else_is_no_call(stored: str) -> None:
    with pytest.raises(ValueError, match=r"validation error"):
        call_of(stored)
