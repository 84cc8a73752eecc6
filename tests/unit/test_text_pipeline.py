"""A line as the network reads it, and its answer in the line's own form."""

import pytest

from data_prep.normalization import CharacterForms
from data_prep.placeholders import PLACEHOLDERS, unmask
from data_prep.settings import Subwords as SubwordSettings
from data_prep.subwords import Subwords, train_subwords
from data_prep.text_profile import TextProfile
from data_prep.truecasing import StyleCounts
from data_prep.words import Vocabulary
from seq2seq.text_pipeline import MAX_SOURCE_TOKENS, SourceLine, TextPipeline

TEXT = (
    'I see the cat at home. We don\'t know (you), "they" say! Who is 12: a dog; no-one? the first second line Tom Paris'
)
WORDS = {
    word: word
    for word in [
        "i",
        "see",
        "the",
        "cat",
        "at",
        "home",
        "we",
        "know",
        "you",
        "they",
        "say",
        "who",
        "is",
        "a",
        "dog",
        "the",
        "first",
        "second",
        "line",
    ]
}
PROFILE = TextProfile(
    vocabulary=Vocabulary(forms=WORDS | {"tom": "Tom", "paris": "Paris", "may": "", "i": "I"}, suffixes=["s"]),
    source_style=StyleCounts(
        sentences=1000, lowercase_start=0, all_caps=0, no_end_mark=0, ending=".", endings={"who": "?"}
    ),
    source_characters=CharacterForms(replace={"’": "'"}, quotes='"', rare_quotes="“”«»„"),
    target_characters=CharacterForms(replace={"’": "'"}),
)


@pytest.fixture(scope="module")
def pipeline() -> TextPipeline:
    settings = SubwordSettings(kind="char", vocabulary=400)
    trained = train_subwords(lambda: iter([(TEXT.replace("\n", " "),) * 2] * 5), settings)
    return TextPipeline(Subwords(*trained.models, profile=PROFILE), ("en", "fr"))


def shown(line: SourceLine) -> list[str]:
    """The segments with their items in brackets."""
    return [
        unmask(segment.text, {chr(0x10F000 + n): f"[{item.text}]" for n, item in enumerate(part.items)})
        for part in line.parts
        for segment in part.segments
    ]


def echo(pipeline: TextPipeline, line: str) -> str:
    """The answer if the network says what it reads."""
    read = pipeline.read(line)
    answers = [pipeline.answer(part, [segment.text for segment in part.segments]) for part in read.parts]
    return read.layout + "".join(one + two for one, two in zip(answers, [*read.separators, ""], strict=True))


@pytest.mark.parametrize(
    ("line", "segments"),
    [
        ("I see the cat.", ["I see the cat."]),
        ("i see tom", ["I see Tom."]),
        ("who is tom", ["Who is Tom?"]),
        ("I SEE THE CAT", ["I see the cat."]),
        ("See The Cat At Home", ["See the cat at home."]),
        ("We don’t know.", ["We don't know."]),
        ("We don`t know.", ["We don't know."]),
        ("“they say” «you»!", ['"They say" "you"!']),
        ("We don&#39;t know &quot;you&quot;.", ['We don\'t know "you".']),
        ("Ｗｅ　ｓｅｅ.", ["We see."]),
        ("We s\u00adee.", ["We see."]),
        ("  - i see the cat", ["I see the cat."]),
        ("We see 12 dogs, -5 and ½.", ["We see [12] dogs, [-5] and [½]."]),
        ("We see {name} at https://a.org/b’c.", ["We see [{name}] at [https://a.org/b’c]."]),
        ("We see Xorvath’s dog.", ["We see [Xorvath]'s dog."]),
        ("We see → the cat.", ["We see.", "The cat."]),
        ("The first line.\\nThe second line.", ["The first line.", "The second line."]),
        ("See 你好 at home.", ["See [你好] at home."]),
        ("see 12", ["See [12]."]),
        ("We see 12. We know. The cat is 5.", ["We see [12]. We know.", "The cat is [5]."]),
    ],
)
def test_a_line_as_the_network_reads_it(line: str, segments: list[str], pipeline: TextPipeline) -> None:
    assert shown(pipeline.read(line)) == segments


@pytest.mark.parametrize(
    "line",
    [
        "I see the cat.",
        "we see Tom",
        "who is Tom",
        "I SEE THE CAT!",
        "  - we see the cat",
        "> I see {x} and `Y z` at A@b.org.",
        "we see `Code` and %s",
        "we see → the cat",
        "The first line.\\nthe second line",
        "SEE {name} AND https://a.ORG/X",
        "12",
        "- ",
        "?",
        "...",
        "---",
        "-5 + 3",
        "🙂🎉",
        "",
    ],
)
def test_a_network_that_says_what_it_reads_gives_the_line_back(line: str, pipeline: TextPipeline) -> None:
    assert echo(pipeline, line).rstrip() == line.rstrip()


@pytest.mark.parametrize("line", ["12", "?", "---", "🙂", "https://a.org", "{x} %s", "你好", "1, 2 -> 3", "<b></b>"])
def test_a_line_without_words_is_not_translated(line: str, pipeline: TextPipeline) -> None:
    assert shown(pipeline.read(line)) == []


def test_placeholders_of_a_segment_have_the_order_of_its_items(pipeline: TextPipeline) -> None:
    ((segment,),) = [part.segments for part in pipeline.read("We see 1, 2 and 3.").parts]
    (one, two, three) = (PLACEHOLDERS.index(letter) for letter in segment.letters)
    assert segment.order_PP[three].nonzero()[0].tolist() == sorted([one, two])
    assert segment.order_PP[two].nonzero()[0].tolist() == [one]
    assert not segment.order_PP[one].any()


def test_where_the_order_may_change_only_lists_keep_it() -> None:
    assert PROFILE.vocabulary is not None
    free = PROFILE.model_copy(update={"vocabulary": PROFILE.vocabulary.model_copy(update={"monotonic": False})})
    settings = SubwordSettings(kind="char", vocabulary=400)
    models = train_subwords(lambda: iter([(TEXT.replace("\n", " "),) * 2] * 5), settings).models
    pipeline = TextPipeline(Subwords(*models, profile=free), ("en", "fr"))
    ((segment,),) = [part.segments for part in pipeline.read("We see 1, 2 dogs and 3 cats.").parts]
    (one, two, three) = (PLACEHOLDERS.index(letter) for letter in segment.letters)
    assert segment.order_PP[two].nonzero()[0].tolist() == [one]
    assert not segment.order_PP[three].any()


def test_no_segment_has_more_items_than_there_are_placeholders(pipeline: TextPipeline) -> None:
    line = "We see " + ", ".join(map(str, range(100, 140))) + " and the cat."
    segments = [segment for part in pipeline.read(line).parts for segment in part.segments]
    assert all(len(segment.letters) <= len(PLACEHOLDERS) for segment in segments)
    assert all(len(segment.ids) <= MAX_SOURCE_TOKENS for segment in segments)
    assert echo(pipeline, line) == line


def test_private_letters_that_a_person_types_are_no_items(pipeline: TextPipeline) -> None:
    assert echo(pipeline, "We see \U0010f000 12.") == "We see \U0010f000 12."
