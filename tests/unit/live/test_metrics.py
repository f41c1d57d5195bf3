"""Meters of legs: what they count, and that made-up names cannot make them grow without end."""

from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from common.live.events import ANSWER, HUB, QUEUE, WHOLE, LegBegan, LegFinished
from common.metrics import PEERS_MAX, NodeMetrics

LABELS = ("role", "peer", "step", "message_class", "outcome", "le")


def samples(metrics: NodeMetrics, name: str) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(generate_latest(metrics.registry).decode())
    return {
        tuple(sample.labels[label] for label in LABELS if label in sample.labels): sample.value
        for family in families
        for sample in family.samples
        if sample.name == name
    }


def finished(peer: str, message_class: int = 1, forwarded_at_us: int = 0) -> LegFinished:
    steps = ((WHOLE, 1, 50_001), (QUEUE, 1, forwarded_at_us), (ANSWER, forwarded_at_us, 50_001))
    return LegFinished(HUB, b"l" * 20, peer, message_class, "kind", "completed", "", steps)


def test_legs_are_counted_with_the_time_of_the_steps_that_happened() -> None:
    metrics = NodeMetrics("00", "hq", "0")
    metrics.leg_began(LegBegan(HUB, b"l" * 20, "44", 1))
    metrics.leg_finished(finished("44", forwarded_at_us=20_001))
    metrics.leg_finished(finished("44"))
    assert samples(metrics, "quanwang_legs_began_total") == {(HUB, "44", "work_order"): 1}
    assert samples(metrics, "quanwang_legs_ended_total") == {(HUB, "44", "work_order", "completed"): 2}
    assert samples(metrics, "quanwang_leg_seconds_count") == {
        (HUB, WHOLE, "work_order"): 2,
        (HUB, QUEUE, "work_order"): 1,
        (HUB, ANSWER, "work_order"): 1,
    }
    assert samples(metrics, "quanwang_leg_seconds_sum")[HUB, QUEUE, "work_order"] == 0.02


def test_names_that_somebody_makes_up_stay_in_bounds() -> None:
    metrics = NodeMetrics("00", "hq", "0")
    for number in range(3 * PEERS_MAX):
        metrics.leg_finished(finished(str(number), 1_000 + number))
    ended = samples(metrics, "quanwang_legs_ended_total")
    assert len(ended) == PEERS_MAX + 1
    assert ended[HUB, "other", "other", "completed"] == 2 * PEERS_MAX
