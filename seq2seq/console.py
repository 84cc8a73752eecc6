"""What `translate` says beside its translations, the prompt, and a line of its output."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seq2seq.checkpoint import find_checkpoint
from seq2seq.run_files import read_corpus_note
from seq2seq.streams import printable
from seq2seq.translator import Scored, Translator


def which_run(run: Path, checkpoint: str) -> str:
    """One line that names the run and the checkpoint."""
    note, step = read_corpus_note(run), int(find_checkpoint(run, checkpoint).name)
    languages = note["manifest"]["languages"]
    return printable(
        f"translating with {run}: {languages['source']} to {languages['target']}, step {step:,}, "
        f"trained on {note['folder']}"
    )


def converse(translator: Translator, check: Callable[[Sequence[str]], None], options: dict[str, Any]) -> None:
    """Translate line by line what a person types, to the end of the input."""
    import readline  # noqa: F401  gives the prompt its arrow keys and history

    if hasattr(sys.stdin, "reconfigure"):
        # What is pasted may be in another encoding.
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    print("Type a sentence and press Enter; Ctrl-D ends.", file=sys.stderr)
    while True:
        print("> ", end="", file=sys.stderr, flush=True)
        try:
            line = input()
        except EOFError:
            print(file=sys.stderr)
            return
        check([line])
        for scored in translator.hypotheses([line], **options)[0]:
            print(output_line(1, scored, options["nbest"]), end="")


def output_line(number: int, scored: Scored, nbest: int) -> str:
    """One line of output; with several translations a line, each says which line it is of, and its score."""
    return f"{number}\t{scored.score:.4f}\t{scored.text}\n" if nbest > 1 else f"{scored.text}\n"
