"""Learning rate and limits as functions of step and progress; the pace of a timed run, made again by its notes."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.config import Training
from seq2seq.schedule import PACE_INTERVAL, PASSES, Pace, dropout_rate, learning_rate, reached_limit

PEAK, WARMUP = 2e-3, 10


def training(**others: object) -> Training:
    return Training.model_validate({"learning_rate": PEAK, "warmup_steps": WARMUP, **others})


def test_the_rate_rises_in_equal_parts_to_its_peak() -> None:
    rates = [learning_rate(training(steps=1000), step, 0.0) for step in range(WARMUP)]
    assert rates == pytest.approx([PEAK * (step + 1) / WARMUP for step in range(WARMUP)])
    assert rates[-1] == PEAK


@pytest.mark.parametrize(("progress", "share"), [(0.0, 1.0), (1 / 3, 0.75), (0.5, 0.5), (2 / 3, 0.25), (1.0, 0.0)])
def test_the_cosine_falls_to_zero(progress: float, share: float) -> None:
    assert learning_rate(training(steps=1000), 500, progress) == pytest.approx(PEAK * share)


@pytest.mark.parametrize("step", [WARMUP - 1, WARMUP, 4 * WARMUP - 1, 1000])
def test_the_inverse_square_root_knows_the_step_alone(step: int) -> None:
    settings = training(steps=1000, schedule="inverse_sqrt")
    expected = PEAK * math.sqrt(WARMUP / (step + 1))
    assert learning_rate(settings, step, 0.0) == learning_rate(settings, step, 0.9) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("epochs", "share"), [(0.0, 0.0), (1.0, 0.0), (1 + PASSES / 4, 0.25), (1 + PASSES, 1.0), (99.0, 1.0)]
)
def test_dropout_rises_after_the_first_pass(epochs: float, share: float) -> None:
    assert dropout_rate(training(steps=1, dropout=0.4), epochs) == pytest.approx(0.4 * share)


@given(st.sampled_from(["cosine", "inverse_sqrt"]), st.integers(1, 50), st.integers(1, 200))
def test_the_rate_rises_then_falls_and_stays_within_its_peak(schedule: str, warmup: int, steps: int) -> None:
    settings = training(steps=steps, schedule=schedule, warmup_steps=warmup)
    rates = [learning_rate(settings, step, step / steps) for step in range(steps)]
    assert all(0 < rate <= PEAK for rate in rates)
    after = rates[warmup:]
    assert after == sorted(after, reverse=True)


@pytest.mark.parametrize(
    ("limits", "where", "phrase"),
    [
        ({"steps": 100}, {"step": 100}, "100 steps"),
        ({"epochs": 1.5}, {"epochs": 1.5}, "1.5 epochs"),
        ({"minutes": 2}, {"seconds": 120.0}, "2 minutes"),
        ({"steps": 900, "patience": 3}, {"stale": 3}, "3 validations without a better BLEU"),
        ({"steps": 100, "minutes": 2}, {"step": 5, "seconds": 121.0}, "2 minutes"),
        ({"steps": 100, "minutes": 2}, {"step": 99, "seconds": 119.0}, ""),
        ({"steps": 900, "patience": 3}, {"step": 899, "epochs": 99.0, "seconds": 1e6, "stale": 2}, ""),
    ],
)
def test_the_limit_that_is_reached_is_named(limits: dict[str, float], where: dict[str, float], phrase: str) -> None:
    stand = {"step": 0, "seconds": 0.0, "epochs": 0.0, "stale": 0} | where
    assert reached_limit(training(**limits), **stand) == phrase  # type: ignore[arg-type]


def test_progress_is_the_share_of_the_nearest_limit() -> None:
    pace = Pace(training(steps=100, epochs=2), [])
    assert [pace.progress(step, 0.0, epochs) for step, epochs in [(0, 0.0), (10, 0.1), (10, 1.0), (200, 0.0)]] == [
        0.0,
        0.1,
        0.5,
        1.0,
    ]
    assert Pace(training(minutes=10, epochs=2), []).progress(10, 60.0, 1.0) == 0.5
    assert Pace(training(minutes=10, epochs=2), []).progress(10, 450.0, 1.0) == 0.75
    assert Pace(training(patience=3, schedule="inverse_sqrt"), []).progress(10, 10.0, 1.0) == 0.0


DURATIONS = st.lists(st.floats(1e-6, 3), min_size=1, max_size=200)


def run(settings: Training, durations: list[float], notes: list[tuple[int, float]]) -> list[float]:
    """Progress before each update of a run whose updates take the given seconds."""
    pace, seconds, shares = Pace(settings, notes), 0.0, []
    for step, duration in enumerate(durations):
        shares.append(pace.progress(step, seconds, step / 100))
        seconds += duration
        if reached_limit(settings, step + 1, seconds, (step + 1) / 100, 0):
            break
    return shares


@settings(deadline=None)
@given(DURATIONS, st.floats(0.1, 5), st.sampled_from([{}, {"epochs": 1}, {"steps": 150}]))
def test_a_timed_run_is_repeated_from_its_notes(
    durations: list[float], minutes: float, others: dict[str, float]
) -> None:
    settings, notes = training(minutes=minutes, **others), list[tuple[int, float]]()
    shares = run(settings, durations, notes)
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    again = training(steps=len(shares), pace=tuple(notes))
    assert run(again, [99.0] * len(shares), []) == shares


def test_a_timed_run_that_goes_on_with_a_higher_limit_is_repeated_too() -> None:
    notes: list[tuple[int, float]] = []
    first = run(training(minutes=1), [1.0] * 60, notes)
    longer = Pace(training(minutes=4), notes)
    second = [longer.progress(60 + step, 60.0 + step, 0.0) for step in range(180)]
    assert second == pytest.approx([(60 + step) / 240 for step in range(180)], abs=PACE_INTERVAL)
    again = Pace(training(steps=240, pace=tuple(notes)), [])
    assert [again.progress(step, 0.0, 0.0) for step in range(240)] == first + second


def test_the_clock_is_noted_seldom_and_progress_stands_still_between() -> None:
    notes: list[tuple[int, float]] = []
    shares = run(training(minutes=1), [0.001] * 50_000, notes)
    assert len(notes) <= 1 / PACE_INTERVAL + 1
    assert len(set(shares)) == len(notes)
    exact = [step * 0.001 / 60 for step in range(len(shares))]
    assert max(abs(a - b) for a, b in zip(shares, exact, strict=True)) <= PACE_INTERVAL * 1.01
