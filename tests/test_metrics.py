"""Metrics: what is counted when a call changes, and what is measured when Prometheus asks."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from outdial.domain.call import Call, advance, place
from outdial.domain.events import Event, LegAnswered, LegEnded, LegRinging
from outdial.domain.legs import Side
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.metrics import Metrics, Now


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def metrics(now: Now) -> Metrics:
    return Metrics(lambda: now)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    page = metrics.render()[0].decode()
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return None


def new_call() -> Call:
    phone = Phone(PhoneKind.SIP, "a")
    return place("c1", "acc", "main", CallPlan("1", phone, phone, created_at=1_000, dial_by=60_000))[0]


def play(metrics: Metrics, call: Call, *script: tuple[int, Event]) -> Call:
    metrics.changed(None, call, 1_000)
    for at, event in script:
        before, (call, _) = call, advance(call, event, at)
        metrics.changed(before, call, at)
    return call


def test_a_call_is_counted_by_its_result(metrics: Metrics) -> None:
    play(
        metrics,
        new_call(),
        (1_100, LegRinging(Side.AGENT)),
        (2_000, LegAnswered(Side.AGENT)),
        (2_200, LegRinging(Side.PARTY)),
        (2_500, LegEnded(Side.PARTY, cause=17, sip_code=486)),
        (2_600, LegEnded(Side.AGENT, cause=16)),
    )
    assert value(metrics, "outdial_calls_placed_total") == 1
    ended = {"code": "Failure", "party": "Destination", "reason": "NumberBusy"}
    assert value(metrics, "outdial_calls_ended_total", **ended) == 1


def test_set_up_times_are_told_step_by_step(metrics: Metrics) -> None:
    play(
        metrics,
        new_call(),
        (1_100, LegRinging(Side.AGENT)),
        (2_000, LegAnswered(Side.AGENT)),
        (2_200, LegRinging(Side.PARTY)),
        (5_000, LegAnswered(Side.PARTY)),
        (9_000, LegEnded(Side.PARTY, cause=16)),
        (9_100, LegEnded(Side.AGENT, cause=16)),
    )
    names = ("agent_ringing", "agent_answer", "party_heard", "joined", "talk")
    sums = {name: value(metrics, f"outdial_{name}_seconds_sum") for name in names}
    expected = {"agent_ringing": 0.1, "agent_answer": 0.9, "party_heard": 0.2, "joined": 3.0, "talk": 4.1}
    assert sums == pytest.approx(expected)


def test_a_far_end_that_answers_without_ringing_was_heard_at_its_answer(metrics: Metrics) -> None:
    play(metrics, new_call(), (2_000, LegAnswered(Side.AGENT)), (2_300, LegAnswered(Side.PARTY)))
    assert value(metrics, "outdial_party_heard_seconds_sum") == pytest.approx(0.3)
    assert value(metrics, "outdial_agent_ringing_seconds_count") == 0


def test_live_calls_are_told_by_state_and_forgotten_when_they_end(metrics: Metrics) -> None:
    call = play(metrics, new_call(), (2_000, LegAnswered(Side.AGENT)))
    assert value(metrics, "outdial_calls_live", state="dialling_party") == 1
    assert value(metrics, "outdial_calls_live", state="ringing_agent") == 0
    play(metrics, call, (2_500, LegEnded(Side.PARTY, cause=17)), (2_600, LegEnded(Side.AGENT, cause=16)))
    assert value(metrics, "outdial_calls_live", state="dialling_party") == 0
    assert value(metrics, "outdial_calls_live", state="ending") == 0


def test_a_call_taken_over_is_live_but_not_counted_again(metrics: Metrics) -> None:
    metrics.changed(None, replace(new_call(), revision=3), 5_000)
    assert value(metrics, "outdial_calls_placed_total") == 0
    assert value(metrics, "outdial_calls_live", state="ringing_agent") == 1


def test_what_is_true_now_is_measured_when_asked(metrics: Metrics, now: Now) -> None:
    assert value(metrics, "outdial_switch_up") == 0
    now.switch_up, now.ready, now.agents, now.queues = True, True, {"Ready": 4}, {"events": 2}
    assert value(metrics, "outdial_switch_up") == 1
    assert value(metrics, "outdial_ready") == 1
    assert value(metrics, "outdial_agents", state="Ready") == 4
    assert value(metrics, "outdial_queue_depth", queue="events") == 2
    now.trunks = {"reachable": 3}
    assert value(metrics, "outdial_trunks", state="reachable") == 3


def test_faults_and_commits_are_counted(metrics: Metrics) -> None:
    metrics.failed("c1", "store", ValueError())
    metrics.committed(7)
    assert value(metrics, "outdial_call_faults_total", doing="store") == 1
    assert value(metrics, "outdial_journal_commit_steps_sum") == 7


def test_two_processes_in_one_do_not_share_metrics(now: Now) -> None:
    first, second = Metrics(lambda: now), Metrics(lambda: now)
    first.failed("c1", "store", ValueError())
    assert value(second, "outdial_call_faults_total", doing="store") is None


def test_deliveries_and_how_far_readers_are_behind(metrics: Metrics) -> None:
    for outcome in ("delivered", "delivered", "refused"):
        metrics.attempted(outcome)
    metrics.gave_up()
    metrics.lag("webhook w1", 1_500)
    metrics.lag("streams", 0)
    assert value(metrics, "outdial_webhook_attempts_total", outcome="delivered") == 2
    assert value(metrics, "outdial_webhook_attempts_total", outcome="refused") == 1
    assert value(metrics, "outdial_webhook_dead_letters_total") == 1
    assert value(metrics, "outdial_event_lag_seconds", reader="webhook w1") == 1.5
    metrics.lag("webhook w1", None)
    assert value(metrics, "outdial_event_lag_seconds", reader="webhook w1") is None
    assert value(metrics, "outdial_event_lag_seconds", reader="streams") == 0


def test_what_crms_are_told(metrics: Metrics) -> None:
    for verdict in ("done", "down", "done"):
        metrics.task_attempted(verdict)
    metrics.task_given_up()
    metrics.tasks_waiting("acc", 3)
    assert value(metrics, "outdial_crm_attempts_total", outcome="done") == 2
    assert value(metrics, "outdial_crm_attempts_total", outcome="down") == 1
    assert value(metrics, "outdial_crm_dead_letters_total") == 1
    assert value(metrics, "outdial_crm_waiting", account="acc") == 3
    metrics.tasks_waiting("acc", None)
    assert value(metrics, "outdial_crm_waiting", account="acc") is None
