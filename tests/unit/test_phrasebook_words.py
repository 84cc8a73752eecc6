"""Forms of words against tables written by hand, and the tables of the built-in corpus."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from data_prep.errors import UserError
from data_prep.phrasebook import Phrasebook
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.forms import (
    before_vowel,
    english_comparison,
    english_plural,
    english_verb,
    french_adjective,
    french_participle,
    french_plural,
    french_verb,
    number_words,
)
from data_prep.phrasebook.frames.time_and_weather import clock, date, in_country
from data_prep.phrasebook.lexicon import ALL_KINDS, TOP, Adjective, Lemma, Noun, Verb
from data_prep.phrasebook.structure import Features, Polarity, Tense, Text
from data_prep.phrasebook.tables import load

FRENCH_PLURALS = """
cheval chevaux; journal journaux; animal animaux; travail travaux; festival festivals; bal bals; bijou bijoux;
genou genoux; hibou hiboux; trou trous; feu feux; pneu pneus; gâteau gâteaux; château châteaux; nez nez; voix voix;
fils fils; hôpital hôpitaux; pomme_de_terre pommes_de_terre
"""
ENGLISH_PLURALS = """
child children; woman women; man men; tooth teeth; foot feet; mouse mice; knife knives; leaf leaves; shelf shelves;
sheep sheep; tomato tomatoes; potato potatoes; box boxes; baby babies; day days; thief thieves; goose geese;
photo photos; piano pianos; ice_cream ice_creams
"""
FRENCH_ADJECTIVES = """
beau belle beaux belles bel; nouveau nouvelle nouveaux nouvelles nouvel; vieux vieille vieux vieilles vieil;
blanc blanche blancs blanches blanc; sec sèche secs sèches sec; doux douce doux douces doux;
heureux heureuse heureux heureuses heureux; actif active actifs actives actif; cher chère chers chères cher;
bon bonne bons bonnes bon; gentil gentille gentils gentilles gentil; long longue longs longues long;
frais fraîche frais fraîches frais; faux fausse faux fausses faux; rouge rouge rouges rouges rouge;
gros grosse gros grosses gros; national nationale nationaux nationales national; grec grecque grecs grecques grec
"""
CONJUGATIONS = """
être p suis es est sommes êtes sont; être i étais étais était étions étiez étaient; être s sois sois soit soyons soyez soient
avoir p ai as a avons avez ont; avoir s aie aies ait ayons ayez aient; avoir f aurai auras aura aurons aurez auront
aller p vais vas va allons allez vont; aller f irai iras ira irons irez iront; aller s aille ailles aille allions alliez aillent
faire p fais fais fait faisons faites font; faire s fasse fasses fasse fassions fassiez fassent; dire p dis dis dit disons dites disent
pouvoir p peux peux peut pouvons pouvez peuvent; pouvoir c pourrais pourrais pourrait pourrions pourriez pourraient
vouloir p veux veux veut voulons voulez veulent; vouloir s veuille veuilles veuille voulions vouliez veuillent
devoir p dois dois doit devons devez doivent; savoir p sais sais sait savons savez savent
venir p viens viens vient venons venez viennent; venir f viendrai viendras viendra viendrons viendrez viendront
prendre p prends prends prend prenons prenez prennent; boire p bois bois boit buvons buvez boivent
manger i mangeais mangeais mangeait mangions mangiez mangeaient; commencer p commence commences commence commençons commencez commencent
appeler p appelle appelles appelle appelons appelez appellent; jeter p jette jettes jette jetons jetez jettent
acheter f achèterai achèteras achètera achèterons achèterez achèteront; envoyer f enverrai enverras enverra enverrons enverrez enverront
voir f verrai verras verra verrons verrez verront; courir f courrai courras courra courrons courrez courront
nettoyer p nettoie nettoies nettoie nettoyons nettoyez nettoient; préférer p préfère préfères préfère préférons préférez préfèrent
recevoir p reçois reçois reçoit recevons recevez reçoivent; peindre p peins peins peint peignons peignez peignent
connaître p connais connais connaît connaissons connaissez connaissent; ouvrir p ouvre ouvres ouvre ouvrons ouvrez ouvrent
mourir p meurs meurs meurt mourons mourez meurent; cueillir f cueillerai cueilleras cueillera cueillerons cueillerez cueilleront
"""  # noqa: E501
IMPERATIVES = """
être sois soyons soyez; avoir aie ayons ayez; aller va allons allez; faire fais faisons faites; dire dis disons dites;
manger mange mangeons mangez; ouvrir ouvre ouvrons ouvrez; finir finis finissons finissez; savoir sache sachons sachez
"""
PARTICIPLES = """
être été; avoir eu; faire fait; prendre pris; mettre mis; voir vu; lire lu; écrire écrit; ouvrir ouvert; mourir mort;
naître né; venir venu; boire bu; devoir dû; pouvoir pu; vivre vécu; peindre peint; rire ri; plaire plu; recevoir reçu
"""
ENGLISH_VERBS = """
be is was been being; have has had had having; go goes went gone going; do does did done doing;
see sees saw seen seeing;
take takes took taken taking; write writes wrote written writing; buy buys bought bought buying;
get gets got got getting;
swim swims swam swum swimming; run runs ran run running; stop stops stopped stopped stopping;
read reads read read reading;
travel travels travelled travelled travelling; study studies studied studied studying; die dies died died dying;
forget forgets forgot forgotten forgetting; wear wears wore worn wearing; cut cuts cut cut cutting;
fly flies flew flown flying
"""
NUMBERS = """
0 zero | zéro; 1 one | un; 16 sixteen | seize; 17 seventeen | dix-sept; 20 twenty | vingt; 21 twenty-one | vingt et un;
22 twenty-two | vingt-deux; 61 sixty-one | soixante et un; 70 seventy | soixante-dix; 71 seventy-one | soixante et onze;
79 seventy-nine | soixante-dix-neuf; 80 eighty | quatre-vingts; 81 eighty-one | quatre-vingt-un;
91 ninety-one | quatre-vingt-onze; 99 ninety-nine | quatre-vingt-dix-neuf; 100 one hundred | cent;
101 one hundred and one | cent un; 180 one hundred and eighty | cent quatre-vingts; 200 two hundred | deux cents;
201 two hundred and one | deux cent un; 500 five hundred | cinq cents; 999 nine hundred and ninety-nine | neuf cent quatre-vingt-dix-neuf;
1000 one thousand | mille; 1001 one thousand and one | mille un; 1100 one thousand one hundred | mille cent;
1999 one thousand nine hundred and ninety-nine | mille neuf cent quatre-vingt-dix-neuf
"""  # noqa: E501


def rows(table: str) -> list[list[str]]:
    """Words of each entry; an underscore is a blank."""
    return [[word.replace("_", " ") for word in entry.split()] for entry in re.split(r"[;\n]", table) if entry.strip()]


def test_nouns() -> None:
    assert [[noun, french_plural(noun)] for noun, _ in rows(FRENCH_PLURALS)] == rows(FRENCH_PLURALS)
    assert [[noun, english_plural(noun)] for noun, _ in rows(ENGLISH_PLURALS)] == rows(ENGLISH_PLURALS)


def test_adjectives() -> None:
    assert [list(french_adjective(forms[0])) for forms in rows(FRENCH_ADJECTIVES)] == rows(FRENCH_ADJECTIVES)
    assert english_comparison("big") == ("bigger", "biggest")
    assert english_comparison("happy") == ("happier", "happiest")
    assert english_comparison("good") == ("better", "best")


@pytest.mark.parametrize("row", rows(CONJUGATIONS), ids=lambda row: f"{row[0]}-{row[1]}")
def test_finite_forms(row: list[str]) -> None:
    verb, tense, *forms = row
    assert [french_verb(verb, tense, person, number) for number in "sp" for person in (1, 2, 3)] == forms


def test_imperatives_and_participles() -> None:
    agreements = ((2, "s"), (1, "p"), (2, "p"))
    for verb, *forms in rows(IMPERATIVES):
        assert [french_verb(verb, "ip", person, number) for person, number in agreements] == forms
    assert [[verb, french_participle(verb)] for verb, _ in rows(PARTICIPLES)] == rows(PARTICIPLES)
    all_four = [french_participle("prendre", gender, number) for number in "sp" for gender in "mf"]
    assert all_four == ["pris", "prise", "pris", "prises"]
    assert [french_participle("devoir", g, n) for n in "sp" for g in "mf"] == ["dû", "due", "dus", "dues"]
    assert french_verb("souvenir", "p", 1, "s") == "souviens"  # always reflexive; the pronoun is not part of it


def test_english_verbs() -> None:
    made = [[english_verb(row[0], form) for form in ("b", "p", "ps", "pp", "pr")] for row in rows(ENGLISH_VERBS)]
    assert made == rows(ENGLISH_VERBS)
    be = [english_verb("be", tense, person, number) for tense in ("p", "ps") for number in "sp" for person in (1, 2, 3)]
    assert be == ["am", "are", "is", "are", "are", "are", "was", "were", "was", "were", "were", "were"]


def test_numbers() -> None:
    for entry in re.split(r"[;\n]", NUMBERS.strip()):
        if entry.strip():
            number, words = entry.strip().split(" ", 1)
            assert [number_words(int(number), language) for language in ("en", "fr")] == words.split(" | ")


def test_every_number_has_words_of_its_own() -> None:
    for language in ("en", "fr"):
        assert len({number_words(number, language) for number in range(2000)}) == 2000


def test_elided_before() -> None:
    words = "ami hôtel homme heure hiver huile habitude hirondelle œuf école yeux y un île hôpitaux hommes"
    assert [word for word in words.split() if not before_vowel(word)] == []


def test_not_elided_before() -> None:
    words = "haricot haricots héros hérisson hibou hiboux harpe honte haut huit onze onzième oui yaourt chat"
    assert [word for word in words.split() if before_vowel(word)] == []


def test_a_word_that_is_unknown_is_named() -> None:
    with pytest.raises(UserError, match=r"brillig: pyrealb does not have this N; give its forms in the notes"):
        french_plural("brillig")
    with pytest.raises(UserError, match=r"pleuvoir: pyrealb cannot make .*'pe': 1.* of this V"):
        french_verb("pleuvoir", "p", 1, "s")


# Clock times, dates, countries.


def drawn(make: Callable[[Draw], Text]) -> set[tuple[str, str]]:
    draw = Draw(load(), random.Random(1))
    draw.start(Features("he", Tense.PRESENT, Polarity.POSITIVE, "statement"))
    found = set()
    for _ in range(4000):
        try:
            text = make(draw)
        except Unfit:
            continue
        found.add((text.en, text.fr))
    return found


def test_clock_times() -> None:
    times = drawn(clock)
    assert {
        ("one o'clock", "une heure"), ("noon", "midi"), ("midnight", "minuit"),
        ("half past six", "six heures et demie"),
        ("a quarter past one", "une heure et quart"), ("a quarter to one", "une heure moins le quart"),
        ("ten to four", "quatre heures moins dix"), ("twenty past eleven", "onze heures vingt"),
        ("half past twelve", "midi et demi"), ("a quarter to twelve", "midi moins le quart"),
    } <= times  # fmt: skip
    assert len({en for en, _ in times}) == len({fr for _, fr in times}) == len(times) == 12 * 12 + 2


def test_dates() -> None:
    dates = drawn(date)
    assert {("the first of May", "le premier mai"), ("the twenty-first of June", "le vingt et un juin")} <= dates
    assert {("the twelfth of August", "le douze août"), ("the third of January", "le trois janvier")} <= dates
    assert not {en for en, _ in dates} & {"the thirtieth of February", "the thirty-first of February"}


def test_countries() -> None:
    there = {country.en: in_country(country).fr for country in load().countries}
    assert {there[name] for name in ("France", "Canada", "Japan")} == {"en France", "au Canada", "au Japon"}
    assert {text.split()[0] for text in there.values()} == {"en", "au", "aux"}
    iran = replace(load().countries[0], en="Iran", fr="Iran", gender="m", plural=False)
    assert in_country(iran).fr == "en Iran"


# Tables.


def forms(lemma: Lemma) -> list[str]:
    if isinstance(lemma, Noun):
        return [lemma.en, lemma.en_plural, lemma.fr, lemma.fr_plural, *lemma.feminine]
    if isinstance(lemma, Adjective):
        return [lemma.en, lemma.fr, lemma.comparative, lemma.superlative, *lemma.forms]
    if isinstance(lemma, Verb):
        tenses = [french_verb(lemma.fr, tense, 3, number) for tense in "pifcs" for number in "sp"]
        english = [english_verb(lemma.en, form) for form in ("p", "ps", "pp", "pr")]
        return [lemma.en, lemma.fr, french_participle(lemma.fr), *tenses, *english]
    return [lemma.en, lemma.fr]


def test_every_lemma_has_its_forms_in_both_languages() -> None:
    for lemma in load().lemmas():
        for form in forms(lemma):
            assert form, lemma.name
            assert form == form.strip(), lemma.name
            assert not re.search(r"\[\[|\s\s|[|=+_’]", form), lemma.name


def test_plurals_differ_or_end_as_they_may() -> None:
    for noun in (n for n in load().lemmas() if isinstance(n, Noun)):
        if not noun.mass and not noun.fr_only_plural and noun.fr_plural == noun.fr:
            assert re.search(r"[sxz]\b", noun.fr) or "-" in noun.fr, noun.name
        if not noun.mass and not noun.en_only_plural and noun.en_plural == noun.en:
            assert noun.en in ("deer", "sheep", "fish", "goldfish", "aircraft", "salmon"), noun.name


def test_no_lemma_is_twice_in_its_class() -> None:
    words = load()
    nouns = {noun for kind in words.nouns.values() for noun in kind}
    adjectives = {adjective for kind in words.adjectives.values() for adjective in kind}
    groups: list[Iterable[Lemma]] = [nouns, adjectives, words.infinitive, words.clause, words.cities, words.countries]
    for group in [*groups, *words.adverbs.values(), *words.names.values()]:
        names = Counter(lemma.name for lemma in group)
        assert max(names.values()) == 1, names.most_common(3)
    verbs = Counter((verb.name, verb.reflexive, verb.subjects, verb.objects) for verb in words.verbs)
    assert max(verbs.values()) == 1, verbs.most_common(3)


def test_there_are_enough_lemmas_and_enough_of_each_kind() -> None:
    words = load()
    names = {name for group in words.names.values() for name in group}
    assert len([lemma for lemma in words.lemmas() if lemma not in names]) >= 1200
    assert min(len(words.nouns[kind]) for kind in TOP) >= 5
    assert all(len(group) >= 10 for group in words.names.values())
    assert all(kind in ALL_KINDS for verb in words.verbs for kind in (*verb.subjects, *verb.objects))
    assert all({*verb.objects} or not verb.fr_prep for verb in words.verbs)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[nouns]\napple | pomme f | fruits", r"there is no kind fruits; the kinds are in lexicon\.py"),
        ("[nouns]\napple | pomme | fruit", "needs its gender: m, f or mf"),
        ("[nouns]\napple | pomme f", "3 to 4 cells are needed"),
        ("[nouns]\napple | pomme f | | common", "the first 3 filled"),
        ("[nouns]\napple | pomme f | fruit | common | rare", "3 to 4 cells are needed"),
        ("[nouns]\njabber | brillig m | fruit", "brillig: pyrealb does not have this N; give its forms"),
        ("[adjectives]\nodd | brillig | person", "brillig: pyrealb does not have this A; give its forms"),
        ("[adjectives]\nred | rouge | colour", "there is no kind colour"),
        ("[verbs]\njabber | brillig | person", "pyrealb does not have this V; give its forms"),
        ("[verbs]\neat | manger | person | fod", "there is no kind fod"),
        ("[verbs]\neat | manger", "3 to 5 cells are needed"),
        ("[infinitive]\nwant +to", "2 to 3 cells are needed"),
        ("[countries]\nFrance | France f | French", "4 to 4 cells are needed"),
        ("[cities]\nLondon", "2 to 2 cells are needed"),
        ("[names]\nPaul", "2 to 2 cells are needed"),
        ("[manner]\nslowly", "2 to 3 cells are needed"),
    ],
)
def test_an_error_in_a_table_names_its_line(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "odd.txt").write_text(f"# A table\n\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match=message) as error:
        load(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / 'odd.txt'}:4: ")


def test_a_table_is_read(tmp_path: Path) -> None:
    text = "# words\n[nouns]\nman | homme m | people | en.p=men rare\n\n[sometimes]\nnow | maintenant | common\n"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    words = load(tmp_path)
    (noun,) = words.nouns["person"]
    assert (noun.en_plural, noun.fr_plural, noun.weight) == ("men", "hommes", 0.5)
    assert [(adverb.fr, adverb.weight) for adverb in words.adverbs["sometimes"]] == [("maintenant", 4.0)]


def test_the_corpus_has_a_largest_size() -> None:
    with pytest.raises(UserError, match="has at most 1,000,000 pairs"):
        Phrasebook("phrasebook:99999999999", ("en", "fr"))
