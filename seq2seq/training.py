"""The training loop: batches in, checkpoints out, resumable at any step."""

import math
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data_prep.corpus import Corpus
from data_prep.errors import UserError
from data_prep.files import clear_errors, sync, write_text
from seq2seq.batches import Batch, Position, ahead, by_length, make_batch, training_batches
from seq2seq.checkpoint import (
    LAST_GOOD,
    TrainingState,
    find_checkpoint,
    is_begun,
    mark,
    mark_best,
    restore,
    save_checkpoint,
)
from seq2seq.clock import RunningClock
from seq2seq.config import Config
from seq2seq.evaluation import bleu_counts, corpus_bleu
from seq2seq.interrupts import interrupt_flag
from seq2seq.model_selection import note_validation
from seq2seq.reporting import METRICS, WEIGHTS, Reporter
from seq2seq.run_files import begin_run, continued, held, mend_run, note_environment, verify_run
from seq2seq.schedule import Pace, dropout_rate, learning_rate, reached_limit
from seq2seq.tensors import refuse_too_large
from seq2seq.translator import Translator, give_back_memory
from seq2seq.updates import WORTH_IT, Updater, bfloat16_speedup, resolved
from seq2seq.weights import movement

SAMPLES = 3
"""Translations shown at each validation."""
REPEAT = "repeat.toml"
REPORT_STEPS = 50
"""Updates between two notes in metrics.jsonl."""
SUMS = ("window_loss", "window_norm", "window_clipped_norm", "window_clipped")
"""What of the state is summed up on the device."""
SKIPPED_IN_ROW = 10
"""Updates with a loss or gradient that is not finite, one after another, that end a run."""


def train(corpus: Corpus, config: Config, run: Path, resume: str = "last") -> TrainingState:
    """Begin a run, or continue it, to its limit; return where it stands.

    It is continued from its checkpoint `resume`: `last`, or `last-good`, the newest that is not damaged.

    Ctrl-C, SIGTERM and a closed terminal (SIGHUP) save first and raise KeyboardInterrupt.  Raises UserError if the
    run's folder was made with other settings or another corpus, is damaged, in use, full or read-only.
    """
    with clear_errors(run, "make train", "name another RUN=…"), held(run):
        return _train(corpus, config, run, resume)


def _train(corpus: Corpus, config: Config, run: Path, resume: str) -> TrainingState:
    resumed = is_begun(run, resume)
    if resumed:
        if resume == LAST_GOOD:
            mend_run(run, config, corpus)
        verify_run(run)
        config = continued(run, config, corpus)
    config = resolved(config)
    refuse_too_large(config, corpus.subwords)
    updater = Updater.of_new(config, corpus.subwords)
    begin_run(run, config, corpus)
    state = TrainingState()
    if resumed:
        checkpoint = find_checkpoint(run, resume)
        state = restore(checkpoint, updater.model, updater.optimisers, updater.device)
        if resume == LAST_GOOD:
            mark(run, "last", state.step)
        mark_best(run, state, mend=resume == LAST_GOOD)
    reporter = Reporter(run, state.step)
    try:
        _Trainer(corpus, config, run, updater, state, reporter).go_on()
    finally:
        reporter.close()
        updater.close()
    return state


class _Trainer:
    """One run under way."""

    def __init__(
        self,
        corpus: Corpus,
        config: Config,
        run: Path,
        updater: Updater,
        state: TrainingState,
        reporter: Reporter,
    ) -> None:
        self.config, self.training, self.run = config, config.training, run
        self.updater, self.state, self.reporter = updater, state, reporter
        self.train_split = corpus.split("train")
        self.validation_split = corpus.split("validation")
        for name, split in (("train", self.train_split), ("validation", self.validation_split)):
            if not len(split):
                raise UserError(f"{corpus.folder}: the {name} split is empty; prepare a larger corpus")
        if self.training.both_ways and not corpus.subwords.joint:
            raise UserError(
                f"{corpus.folder}: training.both_ways needs one vocabulary; prepare it with subwords.joint=true"
            )
        self.subwords, self.target_language = corpus.subwords, corpus.languages[1]
        self.pace = Pace(config.training, state.pace)
        # Kept on the device, so that no update waits for a number.
        self.sums = torch.tensor([getattr(state, key) for key in SUMS], dtype=torch.float64, device=updater.device)
        self.unsettled: list[tuple[Tensor, int, int, Position]] = []
        """Updates of which it has not been seen whether they were skipped: norm, target subwords, number, place."""

    def _limit(self) -> str:
        state = self.state
        return reached_limit(self.training, state.step, state.seconds, state.epochs, state.stale)

    def go_on(self) -> None:
        """Train from the present state to the run's limit."""
        state, training, updater = self.state, self.training, self.updater
        if limit := self._limit():
            # The run may have been stopped between its last checkpoint and this.
            if not (self.run / REPEAT).exists():
                self._write_repeat()
            self.reporter.say(
                f"{self.run}: already trained for {limit}, nothing to do; a higher limit trains on, RUN=… begins anew"
            )
            return
        note_environment(self.run, updater.device, updater.precision)
        # It told how to make the run up to a lower limit.
        (self.run / REPEAT).unlink(missing_ok=True)
        self.reporter.say(
            f"{self.run}: {'going on at step ' + str(state.step) if state.step else 'new run'}, "
            f"{sum(p.numel() for p in updater.parameters) / 1e6:.1f} M parameters, "
            f"{len(self.train_split):,} pairs, {self._machine()}"
        )
        if updater.device.type == "cpu" and updater.precision == torch.bfloat16 and bfloat16_speedup() * WORTH_IT < 1:
            self.reporter.say(
                "bfloat16 is slower than float32 on this processor; "
                "SET=training.precision=float32 continues the same run"
            )
        batches = training_batches(self.train_split, training, state.position)
        with interrupt_flag() as interrupted, closing(RunningClock(state.seconds)) as clock:
            for batch, position, epochs in ahead(batches):
                progress = self.pace.progress(state.step, state.seconds, state.epochs)
                rate = learning_rate(training, state.step, progress)
                self._update(batch, rate)
                state.position, state.epochs = position, epochs
                state.seconds = clock.seconds()
                # Nobody waits for a GPU to tell what became of an update.
                if updater.device.type == "cpu" or state.step % REPORT_STEPS == 0:
                    self._settle()
                if state.step % REPORT_STEPS == 0:
                    self._report(rate, progress)
                limit = self._limit()
                if limit or state.step % training.validate_steps == 0:
                    self._validate(clock)
                    limit = limit or self._limit()
                    self._save()
                    self.reporter.draw()
                elif interrupted:
                    self._save()
                if limit:
                    self._finish(limit)
                    return
                if interrupted:
                    self.reporter.say(f"stopped at step {state.step}, saved; the same command goes on from here")
                    raise KeyboardInterrupt

    def _update(self, batch: Batch, rate: float) -> None:
        """One step, and what is noted of it."""
        state, training, updater = self.state, self.training, self.updater
        moved: dict[str, Any] = {}
        watched = training.weights_steps > 0 and (state.step + 1) % training.weights_steps == 0
        watch = movement(updater.model.networks[0], moved) if watched else None
        norm, nats = updater.update(batch, state.step, rate, dropout_rate(training, state.epochs), watch)
        clip = training.clip_norm
        self.unsettled.append((norm, batch.target_tokens, state.step + 1, state.position))
        noted = torch.stack([nats, norm, norm.clamp(max=clip), (norm > clip).to(norm.dtype)])
        self.sums += noted.where(norm.isfinite(), 0.0)
        state.window_tokens += batch.target_tokens
        state.window_steps += 1
        state.step += 1
        if moved and norm.isfinite():
            self.reporter.movement({"step": state.step, **moved})

    def _report(self, rate: float, progress: float) -> None:
        """Note the means since the last note."""
        state = self.state
        loss, norm, clipped_norm, clipped = self.sums.tolist()
        row = {
            "step": state.step,
            "epoch": state.epochs,
            "loss": loss / max(1, state.window_tokens),
            "learning_rate": rate,
            "gradient_norm": norm / max(1, state.window_steps),
            "clipped_norm": clipped_norm / max(1, state.window_steps),
            "clipped": clipped / max(1, state.window_steps),
            "skipped": state.skipped,
            "tokens": state.window_tokens,
            "seconds": state.seconds,
        }
        self.sums.zero_()
        state.window_tokens = state.window_steps = 0
        self.reporter.training(row, progress)
        # Batches of ever other shapes leave gaps, and a rare batch of long sentences then needs memory beside them.
        give_back_memory()

    def _validate(self, clock: RunningClock) -> None:
        """Loss and greedy BLEU on the validation split, or on pairs spread evenly over it; its time counts as well."""
        state, split, updater = self.state, self.validation_split, self.updater
        # Training, the loss and translating take other pieces of memory each: none has to hold what another left.
        give_back_memory()
        rows = np.unique(np.linspace(0, len(split) - 1, min(len(split), self.training.validate_pairs)).astype(int))
        # As large as what a thread has of a batch in training, so that no more memory is needed.
        share = max(1, self.training.batch_tokens // updater.workers.count)
        batches = [make_batch(split, part) for part in by_length(split, rows, share)]

        @torch.no_grad()
        def nats(batch: Batch) -> float:
            return updater.losses(updater.model, batch.to(updater.device), 0.0)[1].item()

        loss = sum(updater.workers.map(nats, batches)) / sum(batch.target_tokens for batch in batches)
        give_back_memory()
        sources, references = split.texts(rows.tolist())
        # With one hypothesis there is nothing to choose among, and what would judge it takes time to make; and a
        # network may be trained where it will not translate, on a machine without fast products of bytes.
        decoding = self.config.decoding.model_copy(update={"beam": 1, "reverse": 0.0, "precision": "auto"})
        translations = Translator(updater.model, self.subwords, decoding, updater.device).translate(sources)
        bleu = corpus_bleu(translations, references, self.target_language)
        counts = bleu_counts(translations, references, self.target_language)
        better = note_validation(state, bleu, loss, counts)
        state.seconds = clock.seconds()
        row = {"step": state.step, "validation_loss": loss, "bleu": bleu, "seconds": state.seconds}
        shown = [len(rows) * i // SAMPLES for i in range(SAMPLES)]
        self.reporter.validation(row, better, [(sources[i], translations[i], references[i]) for i in shown])
        give_back_memory()

    def _settle(self) -> None:
        """Count the updates that were skipped, their loss or gradient not being finite; too many in a row end the run.

        The weights are then as they were before these updates, and are saved.
        """
        state, unsettled, self.unsettled = self.state, self.unsettled, []
        norms = torch.stack([norm for norm, *_ in unsettled]).tolist() if unsettled else []
        for norm, (_, tokens, step, position) in zip(norms, unsettled, strict=True):
            if math.isfinite(norm):
                state.skipped_in_row = 0
                continue
            state.skipped += 1
            state.skipped_in_row += 1
            state.window_tokens -= tokens
            state.window_steps -= 1
            last = f"update {step}, batch {position.batch + 1} of pass {position.epoch + 1}"
        if unsettled and state.skipped_in_row >= SKIPPED_IN_ROW:
            self._save()
            raise UserError(
                f"{self.run}: the loss or gradient of {state.skipped_in_row} updates in a row was not finite, the last "
                f"of {last}; saved as it was before them; lower training.learning_rate, in another RUN=…"
            )

    def _save(self) -> None:
        self._settle()
        # Or a checkpoint might outlive, if the power fails, the notes that came before it.
        for notes in filter(Path.exists, (self.run / METRICS, self.run / WEIGHTS)):
            sync(notes)
        for key, value in zip(SUMS, self.sums.tolist(), strict=True):
            setattr(self.state, key, value)
        save_checkpoint(self.run, self.updater.model, self.updater.optimisers, self.state)

    def _machine(self) -> str:
        """What trains: the card, or the processor's threads."""
        device, precision = self.updater.device, str(self.updater.precision).removeprefix("torch.")
        if device.type == "cuda":
            return f"{torch.cuda.get_device_name(device)}, {precision}"
        return f"{device.type}, {precision}, {torch.get_num_threads()} threads"

    def _write_repeat(self) -> None:
        """Write down how to make the same run again."""
        changes: dict[str, Any] = {"threads": torch.get_num_threads(), "device": self.updater.device.type}
        if self.training.minutes is not None:
            # Steps in place of the clock; any other limit comes out the same again.
            changes |= {"minutes": None, "epochs": None, "patience": None, "steps": self.state.step}
            changes["pace"] = tuple(self.state.pace)
        write_text(self.run / REPEAT, self.config.with_training(**changes).toml())

    def _finish(self, limit: str) -> None:
        """Write down how to make the same run again, and say what came out."""
        state = self.state
        self._write_repeat()
        self.reporter.finished(
            f"trained for {limit}: {state.step} steps, {state.epochs:.2f} epochs, {state.seconds / 60:.1f} minutes; "
            f"best validation BLEU {state.best_bleu:.1f} at step {state.best_step}"
        )
