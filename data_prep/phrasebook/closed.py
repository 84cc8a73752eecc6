"""Words that are no table's: pronouns, who is spoken to, and the commonest verbs."""

from data_prep.phrasebook.lexicon import Verb
from data_prep.phrasebook.structure import Agreement, Pronoun, Tense, Text

I = Pronoun(Agreement(1))  # noqa: E741
YOU = Pronoun(Agreement(2))
WE = Pronoun(Agreement(1, "p"))
HE, SHE = Pronoun(Agreement(3)), Pronoun(Agreement(3, gender="f"))
THEY = Pronoun(Agreement(3, "p"))
PERSONS = ("I", "you", "polite", "you all", "he", "she", "we", "they", "one", "many")
PERSON_WEIGHTS = dict(zip(PERSONS, (5, 4, 1.5, 1, 3, 3, 3, 2, 6, 2.5), strict=True))
POLITE = {Text("sir", "monsieur"): "m", Text("madam", "madame"): "f", Text("doctor", "docteur"): "m"}
MANY = {
    Text("children", "les enfants"): "m",
    Text("my friends", "mes amis"): "m",
    Text("gentlemen", "messieurs"): "m",
    Text("ladies", "mesdames"): "f",
}
FAMILIAR = {Text("Mum", "maman"): "f", Text("Dad", "papa"): "m", Text("my dear", "ma chérie"): "f"}
BE = Verb("be", "être", state=True)
HAVE = Verb("have", "avoir", state=True)
GO = Verb("go", "aller", etre=True)
LIKING = frozenset(("aimer", "adorer", "détester", "préférer", "apprécier"))
"""Verbs after which a kind as a whole is named: I like apples, j'aime les pommes."""
SPOUSES = {"husband": SHE, "wife": HE}
ONLY_ONE = ("mother", "father", "husband", "wife")
"""Relatives of whom one person has one."""
UNOWNED = frozenset(("place", "nature", "building", "shop", "sight", "beast", "weather", "sky", "ground"))
"""Kinds that are not said to be somebody's."""
USUAL = {
    "kin": ("owner",) * 9 + ("a", "the"),
    "bodypart": ("owner",),
    **dict.fromkeys(("food", "fruit", "vegetable", "dish", "drink"), ("the", "a", "some", "some", "this")),
}
"""Determiners of some kinds; `owner` stands for my, Paul's."""
COUNTED = frozenset(
    [
        "clothes",
        "furniture",
        "object",
        "container",
        "reading",
        "device",
        "vehicle",
        "toy",
        "plant",
        "fruit",
        "vegetable",
        "dish",
        "idea",
        "beast",
        "pet",
        "people",
        "room",
    ]
)
"""Kinds of which there may be every, several or another."""
QUANTITIES = ("every", "all", "several", "a few", "another", "same")
UNCHANGED = ("cost", "cut", "put", "read")
"""English verbs whose past is spelt like their present."""
MOMENTARY = ("hear", "see", "understand", "recognise", "smell", "remember", "believe")
"""English verbs without a progressive."""
WHEN = {
    Tense.PAST: "past", Tense.FUTURE: "future", Tense.GOING: "future", Tense.PROGRESSIVE: "present",
    Tense.PRESENT: "habit", Tense.HABITUAL: "habit",
}  # fmt: skip
"""Tense → the section of adverbs that goes with it."""
