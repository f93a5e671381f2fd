"""What the switch is told of phones: at once, or as soon as it can be; and what it refuses stands in nobody's way."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from outdial.asterisk.ari import AriError, AriRefused, AriUncertain
from outdial.asterisk.phones import AsteriskPhones
from outdial.domain.directory import Agent
from outdial.domain.plan import Phone, PhoneKind


def agent(number: int, ha1: str = "0" * 32) -> Agent:
    user = f"acc-{number}"
    return Agent("acc", str(number), "Ann", Phone(PhoneKind.SIP, user), sip_user=user, sip_ha1=ha1)


class Sorcery:
    """The switch's configuration, and what stands in its way."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], dict[str, str]] = {}
        self.fails: dict[str, AriError] = {}
        self.reachable = True

    async def put_config(self, kind: str, name: str, fields: dict[str, str]) -> None:
        self._may_fail(name)
        self.known[kind, name] = fields

    async def delete_config(self, kind: str, name: str) -> None:
        self._may_fail(name)
        self.known.pop((kind, name), None)

    def _may_fail(self, name: str) -> None:
        if name in self.fails:
            raise self.fails[name]

    def secret(self, number: int) -> str | None:
        return self.known.get(("auth", f"acc-{number}"), {}).get("md5_cred")


@pytest.fixture
def sorcery() -> Sorcery:
    return Sorcery()


@pytest.fixture
def phones(sorcery: Sorcery) -> AsteriskPhones:
    ari: Any = sorcery
    return AsteriskPhones(ari, lambda: sorcery.reachable)


async def test_what_was_not_heard_of_is_done_later_and_only_the_last_of_each(
    sorcery: Sorcery, phones: AsteriskPhones
) -> None:
    await phones.provision_agent(agent(1, "old"))
    await phones.provision_agent(agent(2))
    sorcery.fails = {"acc-1": AriUncertain("no answer"), "acc-2": AriUncertain("no answer")}
    with capture_logs() as logs:
        await phones.provision_agent(agent(1, "newer"))
    assert [line["name"] for line in logs] == ["acc-1"]
    await phones.provision_agent(agent(1, "newest"))
    await phones.withdraw_agent(agent(2))
    assert (sorcery.secret(1), sorcery.secret(2)) == ("old", "0" * 32)
    sorcery.fails.clear()
    await phones.catch_up()
    assert sorcery.secret(1) == "newest"
    assert "acc-2" not in {name for _, name in sorcery.known}
    sorcery.known.clear()
    await phones.catch_up()
    assert sorcery.known == {}, "nothing is owed any more"


async def test_what_changes_while_the_switch_is_away_is_told_once_it_is_back(
    sorcery: Sorcery, phones: AsteriskPhones
) -> None:
    await phones.provision_agent(agent(1, "old"))
    sorcery.reachable = False
    await phones.provision_agent(agent(1, "new"))
    assert sorcery.secret(1) == "old"
    await phones.catch_up()
    assert sorcery.secret(1) == "new"


async def test_one_that_has_started_anew_is_owed_nothing_but_everything(
    sorcery: Sorcery, phones: AsteriskPhones
) -> None:
    sorcery.reachable = False
    await phones.withdraw_agent(agent(1))
    await phones.provision_all([agent(1)], [])
    await phones.catch_up()
    assert sorcery.secret(1) is not None


async def test_what_is_refused_is_told_and_keeps_nobody_else_from_being_known(
    sorcery: Sorcery, phones: AsteriskPhones
) -> None:
    sorcery.fails = {"acc-1": AriRefused(500, '{"error":"Allocation failed"}')}
    with capture_logs() as logs:
        await phones.provision_all([agent(1), agent(2)], [])
    assert [(line["log_level"], line["name"]) for line in logs] == [("error", "acc-1")]
    assert (sorcery.secret(1), sorcery.secret(2)) == (None, "0" * 32)


@pytest.mark.parametrize("error", [AriRefused(503, "not yet"), AriRefused(404, "not yet"), AriUncertain("no answer")])
async def test_one_that_takes_no_commands_yet_is_told_everything_again(
    sorcery: Sorcery, phones: AsteriskPhones, error: AriError
) -> None:
    sorcery.fails = {"acc-1": error}
    with pytest.raises(type(error)):
        await phones.provision_all([agent(1), agent(2)], [])
