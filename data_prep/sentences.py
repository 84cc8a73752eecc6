"""Where sentences end, by the rules and abbreviations of sentencex for each language."""

import sentencex

MAX_CHARACTERS = 4000
"""Characters of a text that are looked at together: the library takes the square of their number."""


def split_sentences(text: str, language: str) -> list[str]:
    """The sentences of a text, without the spaces between them; what they do not end in belongs to the last."""
    code = language.lower().replace("_", "-").split("-")[0]
    sentences, start = [], 0
    while len(text) - start > MAX_CHARACTERS:
        end = text.rfind(" ", start + 1, start + MAX_CHARACTERS) + 1 or start + MAX_CHARACTERS
        *whole, last = _segment(text[start:end], code)
        sentences += whole
        # The last one may go on.
        start = end - len(last) if whole else end
        sentences += [] if whole else [last]
    sentences += _segment(text[start:], code)
    return [stripped for sentence in sentences if (stripped := sentence.strip(" "))]


def _segment(text: str, code: str) -> list[str]:
    """The sentences of a text; together they are the text."""
    sentences, start = [], 0
    for sentence in sentencex.segment(code, text):
        sentences.append(text[start : start + len(sentence)])
        start += len(sentence)
    return [*sentences, text[start:]] if start < len(text) or not sentences else sentences
