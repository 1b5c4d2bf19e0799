"""What `keyshark watch` counts, for Prometheus: on this machine only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.batch import Outcome
from analyzer.codes import USAGE
from analyzer.commands.cases import Failure

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LOOPBACK = "127.0.0.1"
SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)  # that a case takes
INSTALL = "the package prometheus-client is not installed: pip install 'keyshark[metrics]'"


@dataclass(frozen=True, slots=True)
class Metrics:
    """The counters, in a registry of their own."""

    registry: CollectorRegistry
    cases: Counter
    judgements: Counter
    diagnoses: Counter
    packets: Counter
    octets: Counter
    seconds: Histogram
    waiting: Gauge
    last: Gauge

    def count(self, outcome: Outcome, seconds: float) -> None:
        """Count what became of a case."""
        report = outcome.report
        self.cases.labels(report.verdict.name.lower()).inc()
        for one in report.judgements:
            self.judgements.labels(one.rule, one.verdict.name.lower()).inc()
        for diagnosis in report.diagnoses:
            self.diagnoses.labels(diagnosis.cause).inc()
        self.packets.inc(sum(capture.packets for capture in report.captures))
        self.octets.inc(sum(capture.bytes for capture in report.captures))
        self.seconds.observe(seconds)
        self.last.set_to_current_time()

    def serve(self, port: int) -> None:
        """Answer on the loopback interface from now on; raises Failure where the port is taken."""
        from prometheus_client import start_http_server  # noqa: PLC0415  # an extra

        try:
            start_http_server(port, addr=LOOPBACK, registry=self.registry)
        except OSError as error:
            raise Failure(f"metrics cannot be served on port {port}: {error.strerror or error}", USAGE) from error


def metrics() -> Metrics:
    """Return counters at zero; raises Failure where the package is missing."""
    try:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: PLC0415  # an extra
    except ImportError:
        raise Failure(INSTALL, USAGE) from None
    registry = CollectorRegistry()
    return Metrics(
        registry,
        cases=Counter("keyshark_cases", "Cases that were judged, by verdict.", ["verdict"], registry=registry),
        judgements=Counter(
            "keyshark_judgements", "Judgements, by rule and verdict.", ["rule", "verdict"], registry=registry
        ),
        diagnoses=Counter("keyshark_diagnoses", "Diagnoses, by cause.", ["cause"], registry=registry),
        packets=Counter("keyshark_packets", "Packets of the captures.", registry=registry),
        octets=Counter("keyshark_capture_bytes", "Octets of the captures.", registry=registry),
        seconds=Histogram("keyshark_case_seconds", "Seconds that a case took.", buckets=SECONDS, registry=registry),
        waiting=Gauge("keyshark_files_waiting", "Files that are still written to.", registry=registry),
        last=Gauge("keyshark_last_case_timestamp_seconds", "When the last case was judged.", registry=registry),
    )
