"""What Prometheus is told: calls and their set-up times counted as they happen, the rest measured when asked.

Knows calls and events, no adapter. Every name is documented in docs/operations.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from outdial.domain.call import Call, State
from outdial.domain.commands import Command
from outdial.domain.events import Event
from outdial.domain.legs import LegState
from outdial.domain.recordings import State as RecordingState

SETUP_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 180)
TALK_BUCKETS = (1, 10, 30, 60, 300, 900, 1800, 3600, 4 * 3600)
SIZE_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(slots=True)
class Now:
    """What is measured when Prometheus asks: plain numbers at hand, nothing that has to be waited for."""

    switch_up: bool = False
    ready: bool = False
    agents: dict[str, int] = field(default_factory=dict)
    """How many agents are in each state."""
    trunks: Mapping[str, int] = field(default_factory=dict)
    """How many trunks answer the switch, how many do not, and of how many that is not known."""
    queues: dict[str, int] = field(default_factory=dict)
    """How much waits in each queue: events of the switch, steps for the database."""


class Metrics:
    """One process's metrics. Observes the engine."""

    def __init__(self, measure: Callable[[], Now]) -> None:
        self._registry = CollectorRegistry()
        self._measure = measure
        self._live: dict[str, State] = {}
        self._placed = Counter("outdial_calls_placed", "Calls placed through this process.", registry=self._registry)
        self._ended = self._counter("outdial_calls_ended", "Calls that ended, by result.", "code", "party", "reason")
        self._faults = self._counter("outdial_call_faults", "Steps of calls that our own side failed.", "doing")
        self._ringing = self._seconds("outdial_agent_ringing_seconds", "From the request to the agent's phone ringing.")
        self._answer = self._seconds("outdial_agent_answer_seconds", "From ringing to the agent's answer.")
        self._heard = self._seconds(
            "outdial_party_heard_seconds", "From the agent's answer to the other side's first ring, tone or answer."
        )
        self._joined = self._seconds("outdial_joined_seconds", "From the agent's answer to both sides being joined.")
        self._talk = self._histogram("outdial_talk_seconds", "How long both sides were joined.", TALK_BUCKETS)
        self._commits = self._histogram(
            "outdial_journal_commit_steps", "Steps that one commit of the database took.", SIZE_BUCKETS
        )
        self._attempts = self._counter(
            "outdial_webhook_attempts", "Attempts to deliver an event to a webhook, by outcome.", "outcome"
        )
        self._dead = Counter(
            "outdial_webhook_dead_letters", "Deliveries to webhooks that were given up.", registry=self._registry
        )
        self._recording_failures = Counter(
            "outdial_recording_failures", "What went wrong while calls were recorded or kept.", registry=self._registry
        )
        self._crm_attempts = self._counter("outdial_crm_attempts", "Attempts to tell a CRM of a call.", "outcome")
        self._crm_dead = Counter(
            "outdial_crm_dead_letters", "Calls that a CRM refused, or was not told for days.", registry=self._registry
        )
        self._crm_waiting: dict[str, int] = {}
        self._lags: dict[str, int] = {}
        self._recordings_moved = self._counter(
            "outdial_recordings_moved", "Steps of recordings, by new state.", "state"
        )
        self._recordings_stuck = self._counter(
            "outdial_recording_steps_failed", "Steps of recordings that failed and are tried again.", "doing"
        )
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def render(self) -> tuple[bytes, str]:
        """The page that Prometheus reads, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def committed(self, size: int) -> None:
        """The journal has committed so many steps at once."""
        self._commits.observe(size)

    def attempted(self, outcome: str) -> None:
        """An attempt to deliver an event."""
        self._attempts.labels(outcome).inc()

    def gave_up(self) -> None:
        """A delivery became a dead letter."""
        self._dead.inc()

    def task_attempted(self, verdict: str) -> None:
        """An attempt to tell a CRM of a call."""
        self._crm_attempts.labels(verdict).inc()

    def task_given_up(self) -> None:
        """A call's task became a dead letter."""
        self._crm_dead.inc()

    def tasks_waiting(self, account: str, count: int | None) -> None:
        """How many calls a CRM is to be told of; none where the account has none any more."""
        if count is None:
            self._crm_waiting.pop(account, None)
        else:
            self._crm_waiting[account] = count

    def lag(self, reader: str, milliseconds: int | None) -> None:
        """How old the oldest event is that a reader has not taken; none where the reader is gone."""
        if milliseconds is None:
            self._lags.pop(reader, None)
        else:
            self._lags[reader] = milliseconds

    def changed(self, before: Call | None, after: Call, now: int) -> None:
        """Count what became true."""
        if before is None:
            self._live[after.id] = after.state
            # A call taken over from the process before was counted there.
            self._placed.inc(after.revision == 0)
            return
        self._legs(before, after, now)
        self._recording_failures.inc(max(0, len(after.recording.failures) - len(before.recording.failures)))
        if after.state is before.state:
            return
        self._live[after.id] = after.state
        if after.state is State.JOINED:
            _observe(self._joined, after.agent.answered_at, after.joined_at)
        if after.state is State.ENDED:
            self._end(after)

    def event(self, call_id: str, event: Event) -> None:
        """Nothing to count."""

    def command(self, call_id: str, command: Command) -> None:
        """Nothing to count."""

    def failed(self, call_id: str, doing: str, error: Exception) -> None:
        """Our own side failed a call."""
        self._faults.labels(doing).inc()

    def recording_moved(self, state: RecordingState) -> None:
        """A recording has come a step further."""
        self._recordings_moved.labels(state.value).inc()

    def recording_stuck(self, doing: str) -> None:
        """A step of a recording failed, and will be tried again."""
        self._recordings_stuck.labels(doing).inc()

    def recording_failed(self, failures: int) -> None:
        """So much went wrong while a recording was kept."""
        self._recording_failures.inc(failures)

    def collect(self) -> Iterator[Metric]:
        """What is true at this moment (called by the registry)."""
        now = self._measure()
        yield GaugeMetricFamily("outdial_switch_up", "Whether the switch is up and reachable.", now.switch_up)
        yield GaugeMetricFamily("outdial_ready", "Whether calls are taken.", now.ready)
        live = dict.fromkeys((state.value for state in State if state is not State.ENDED), 0)
        for state in self._live.values():
            live[state.value] += 1
        yield _gauge("outdial_calls_live", "Live calls, by state.", "state", live)
        yield _gauge("outdial_agents", "Agents, by state.", "state", now.agents)
        yield _gauge("outdial_trunks", "Trunks that are switched on, by whether they answer.", "state", now.trunks)
        lags = {reader: milliseconds / 1000 for reader, milliseconds in self._lags.items()}
        yield _gauge("outdial_event_lag_seconds", "Age of the oldest event not taken, by reader.", "reader", lags)
        yield _gauge("outdial_crm_waiting", "Calls to be told to a CRM, by account.", "account", self._crm_waiting)
        yield _gauge("outdial_queue_depth", "What waits in each queue.", "queue", now.queues)

    def _legs(self, before: Call, after: Call, now: int) -> None:
        agent, party = after.agent, after.party
        if before.agent.ringing_at is None:
            _observe(self._ringing, after.plan.created_at, agent.ringing_at)
        if before.agent.answered_at is None:
            _observe(self._answer, agent.ringing_at, agent.answered_at)
        if before.party.state not in _HEARD and party.state in _HEARD:
            _observe(self._heard, agent.answered_at, now)

    def _end(self, call: Call) -> None:
        self._live.pop(call.id, None)
        if call.result:
            self._ended.labels(call.result.code, call.result.party, call.result.reason).inc()
        _observe(self._talk, call.joined_at, call.ended_at)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self._registry)

    def _seconds(self, name: str, about: str) -> Histogram:
        return self._histogram(name, about, SETUP_BUCKETS)

    def _histogram(self, name: str, about: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(name, about, buckets=buckets, registry=self._registry)


_HEARD = (LegState.RINGING, LegState.EARLY_MEDIA, LegState.UP)


def _observe(histogram: Histogram, start: int | None, end: int | None) -> None:
    if start is not None and end is not None:
        histogram.observe((end - start) / 1000)


def _gauge(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family
