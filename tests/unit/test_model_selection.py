"""The best validation: by BLEU where the difference is sure, else by the loss."""

import pytest

from seq2seq import model_selection
from seq2seq.checkpoint import TrainingState
from seq2seq.evaluation import GROUPS, Counts, bleu_counts, bleu_margin, corpus_bleu
from seq2seq.model_selection import note_validation

COUNTS = [[1] * 10] * GROUPS


@pytest.fixture
def _known_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_selection, "bleu_margin", lambda counts, others: 1.5)


def best(*validations: tuple[float, float], state: TrainingState | None = None) -> list[int]:
    """The best step after each of some validations with BLEU and loss, at steps 1, 2, …"""
    state, found = state or TrainingState(), []
    for bleu, loss in validations:
        state.step += 1
        better = note_validation(state, bleu, loss, COUNTS)
        assert better is (state.best_step == state.step)
        assert (state.stale == 0) is better
        # What is saved and read goes on the same.
        state = TrainingState.model_validate_json(state.model_dump_json())
        found.append(state.best_step)
    return found


@pytest.mark.usefixtures("_known_margin")
@pytest.mark.parametrize(
    ("validations", "steps"),
    [
        # Early noise: the loss decides.
        ([(0.5, 6.0), (0.3, 5.5), (0.6, 5.6), (0.2, 5.0)], [1, 2, 2, 4]),
        ([(0.0, 6.0), (4.0, 5.5), (0.0, 5.4), (4.9, 5.6), (7.0, 5.6)], [1, 2, 3, 3, 5]),
        # BLEU decides where it is sure, whatever the loss.
        ([(10.0, 4.0), (12.0, 4.5), (10.0, 3.0)], [1, 2, 2]),
        # No gain of BLEU is sure, but the sum of two is.
        ([(10.0, 4.0), (11.0, 4.1), (11.6, 4.2)], [1, 1, 3]),
        # Small losses of BLEU do not add up.
        ([(10.0, 4.0), (9.0, 3.9), (8.0, 3.8)], [1, 2, 2]),
        # A loss that hardly moves, or is no number, is no lower one.
        ([(10.0, 4.0), (10.0, 3.9995), (10.0, float("nan")), (10.0, 3.99)], [1, 1, 1, 4]),
        ([(0.0, float("nan")), (0.0, 9.0), (0.0, float("inf"))], [1, 2, 2]),
    ],
)
def test_loss_decides_while_bleu_is_within_its_interval(
    validations: list[tuple[float, float]], steps: list[int]
) -> None:
    assert best(*validations) == steps


@pytest.mark.usefixtures("_known_margin")
def test_validations_without_a_better_one_are_counted() -> None:
    state = TrainingState()
    for step, (bleu, loss) in enumerate([(0.0, 5.0), (0.0, 5.0), (0.0, 5.1), (0.0, 4.0), (0.0, 4.0)], 1):
        state.step = step
        note_validation(state, bleu, loss, COUNTS)
    assert (state.best_step, state.best_bleu, state.best_loss, state.stale) == (4, 0.0, 4.0, 1)


@pytest.mark.usefixtures("_known_margin")
def test_the_best_of_a_run_of_an_older_version_has_to_be_beaten() -> None:
    older = TrainingState.model_validate({"step": 0, "best_step": 90, "best_bleu": 30.0})
    assert best((29.9, 1.0), (30.1, 1.1), (30.0, 1.0), state=older) == [90, 2, 3]


def counts(texts: list[str], references: list[str]) -> tuple[float, Counts]:
    return corpus_bleu(texts, references, "fr"), bleu_counts(texts, references, "fr")


def test_what_hardly_matches_is_chosen_by_its_loss() -> None:
    references = [f"le chat {n} dort sur la table {n}" for n in range(200)]
    state = TrainingState(step=250)
    early, noise = (
        ["le le chat de de" if n % 50 else reference for n, reference in enumerate(references)],
        ["le chat de la la" if n % 70 else reference for n, reference in enumerate(references)],
    )
    assert note_validation(state, counts(early, references)[0], 6.0, counts(early, references)[1])
    state.step = 500
    bleu, its_counts = counts(noise, references)
    assert bleu < state.best_bleu - 0.1
    assert bleu_margin(its_counts, state.anchor_counts) > 0.1
    assert note_validation(state, bleu, 5.0, its_counts)
    learned = [f"le chat {n} dort" if n % 3 else reference for n, reference in enumerate(references)]
    state.step = 750
    assert note_validation(state, counts(learned, references)[0], 5.5, counts(learned, references)[1])


def test_a_low_bleu_tells_nothing_where_all_sentences_look_alike() -> None:
    references = ["le chat dort sur la table et le chien dort sur le lit"] * 40
    state = TrainingState(step=1)
    more, fewer = (
        counts(["le le le le le le le le le"] * 40, references),
        counts(["le le le le le le le"] * 40, references),
    )
    assert bleu_margin(fewer[1], more[1]) < more[0] - fewer[0]
    assert note_validation(state, more[0], 6.0, more[1])
    state.step = 2
    assert note_validation(state, fewer[0], 5.0, fewer[1])
