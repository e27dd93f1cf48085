"""What Prometheus is told of one application's Windsock: the plain counts of the layers below, read at each scrape."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, generate_latest
from prometheus_client.registry import Collector

from windsock.condition import without_secrets
from windsock.model import Cause, Result
from windsock.runtime import Runtime
from windsock.tally import Histogram
from windsock.web.engine_delivery import EngineDelivery

if TYPE_CHECKING:
    from windsock.web.site import Site

LONGEST_ACCEPT = 1000
"""Characters of an ``Accept`` header that are looked at."""


def make_registry(site: Site) -> CollectorRegistry:
    """A registry of the site's own: several applications of a process share no counts, and none is global."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SiteCollector(site))
    return registry


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """All metrics in the format that ``accept`` asks for, and its content type. Raises NotStarted."""
    try:
        encode, content_type = choose_encoder(accept[:LONGEST_ACCEPT])
    except (ValueError, TypeError):  # a version that is none: the format that everybody reads
        encode, content_type = generate_latest, CONTENT_TYPE_PLAIN_0_0_4
    return encode(registry), content_type


class SiteCollector(Collector):
    """Reads the counts of a site. Raises NotStarted while there are none."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        runtime = self._site.runtime
        yield self._build()
        yield from _of_things(runtime)
        yield from _of_sources(runtime)
        yield from _of_store(runtime)
        yield from self._of_viewers(runtime)
        yield from self._of_traffic()

    def _build(self) -> Metric:
        delivery = "engine" if isinstance(self._site.delivery, EngineDelivery) else "flask-socketio"
        value = {"version": version("windsock"), "python": platform.python_version(), "delivery": delivery}
        return InfoMetricFamily("windsock_build", "What runs here", value=value)

    def _of_viewers(self, runtime: Runtime) -> Iterator[Metric]:
        delivery, feed = self._site.delivery, self._site.feed
        streams, answers = feed.waiting()
        yield GaugeMetricFamily("windsock_viewers", "Viewers that are connected by Socket.IO", delivery.viewers())
        yield GaugeMetricFamily("windsock_event_streams", "Event streams that are open", streams)
        yield GaugeMetricFamily("windsock_waiting_answers", "Answers that wait for news (Prefer: wait)", answers)
        watching = GaugeMetricFamily(
            "windsock_thing_viewers", "Viewers and event streams that watch a thing", labels=["thing"]
        )
        for thing in runtime.specs:
            watching.add_metric([thing], delivery.watching(thing) + feed.watching(thing))
        yield watching

    def _of_traffic(self) -> Iterator[Metric]:
        traffic = self._site.delivery.traffic
        yield CounterMetricFamily("windsock_connections", "Viewers that were let in by Socket.IO", traffic.connections)
        sent = CounterMetricFamily("windsock_sent_bytes", "Bytes handed over to be sent to viewers", labels=["over"])
        sent.add_metric(["socketio"], traffic.bytes)
        sent.add_metric(["events"], self._site.feed.sent)
        yield sent
        yield CounterMetricFamily(
            "windsock_overtaken_states", "States a viewer never got because a newer one came first", traffic.overtaken
        )
        yield _histogram(
            "windsock_delivery_seconds", "From a change's commit to its end of the broadcast", traffic.deliveries
        )


def _of_things(runtime: Runtime) -> Iterator[Metric]:
    readings = CounterMetricFamily("windsock_readings", "Readings recorded", labels=["thing", "result"])
    changes = CounterMetricFamily("windsock_changes", "Changes committed", labels=["thing", "cause"])
    for thing in runtime.specs:
        for result in get_args(Result):
            readings.add_metric([thing, result], runtime.tally.readings(thing, result))
        for cause in get_args(Cause):
            changes.add_metric([thing, cause], runtime.tally.changes(thing, cause))
    yield readings
    yield changes


def _of_sources(runtime: Runtime) -> Iterator[Metric]:
    rejected = CounterMetricFamily("windsock_rejected_messages", "Messages set aside", labels=["source"])
    failures = CounterMetricFamily("windsock_source_failures", "Failures of a source", labels=["source"])
    failing = GaugeMetricFamily("windsock_source_failing", "Whether a source fails now", labels=["source"])
    failed = runtime.failures()
    for health in runtime.health():
        # Anybody may read this: a source is named, as it is in `/readyz`, and nothing more is said of it.
        name = [without_secrets(health.source)]
        rejected.add_metric(name, runtime.tally.rejected(health.source))
        failures.add_metric(name, failed[health.source])
        failing.add_metric(name, health.status == "failing")
    yield rejected
    yield failures
    yield failing


def _of_store(runtime: Runtime) -> Iterator[Metric]:
    failing = runtime.store_error() is not None
    yield GaugeMetricFamily("windsock_store_failing", "Whether the store fails now", failing)
    yield _histogram("windsock_commit_seconds", "How long commits took", runtime.tally.commits)


def _histogram(name: str, words: str, counted: Histogram) -> Metric:
    classes = [("+Inf" if bound == math.inf else str(bound), count) for bound, count in counted.classes()]
    return HistogramMetricFamily(name, words, buckets=classes, sum_value=counted.total)
