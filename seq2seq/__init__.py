"""Recurrent sequence-to-sequence translation."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seq2seq.translator import Scored, Translator

__all__ = ["Scored", "Translator"]


def __getattr__(name: str) -> Any:
    """Import PyTorch when a translator is asked for, not when the command only prints its help."""
    if name in __all__:
        from seq2seq import translator

        return getattr(translator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
