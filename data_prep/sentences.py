"""Where sentences end, by the rules and abbreviations of sentencex for each language."""

import sentencex  # type: ignore[import-untyped]


def split_sentences(text: str, language: str) -> list[str]:
    """The sentences of a text, without the spaces between them; what they do not end in belongs to the last."""
    sentences, start = [], 0
    for sentence in sentencex.segment(language.lower().replace("_", "-").split("-")[0], text):
        sentences.append(text[start : start + len(sentence)].strip(" "))
        start += len(sentence)
    sentences.append(text[start:].strip(" "))
    return [sentence for sentence in sentences if sentence]
