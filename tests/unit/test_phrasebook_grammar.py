"""The grammar of the built-in corpus against sentences written by hand, in both languages."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from data_prep.phrasebook import english, french
from data_prep.phrasebook import structure as s
from data_prep.phrasebook.closed import BE, GO, HAVE, HE, SHE, THEY, WE, I
from data_prep.phrasebook.lexicon import Adjective, Lemma, Noun, Verb
from data_prep.phrasebook.structure import Clause, Complement, Name, Nominal, NounPhrase, Object, Pronoun, Text
from data_prep.phrasebook.tables import load

TABLE = """
[nouns]
apple | pomme f | fruit; arm | bras m | bodypart; book | livre m | reading; beer | bière f | drink | mass;
bread | pain m | food | mass;
brother | frère m | kin; child | enfant m | people | en.p=children; doctor | médecin mf | job | fr.f=médecin;
friend | ami mf | people | fr.f=amie; hero | héros m | people | en.p=heroes; holiday | vacances f | event | fr-plural;
hotel | hôtel m | building; house | maison f | building; idea | idée f | idea; key | clé f | object;
man | homme m | people | en.p=men; scissors | ciseaux m | object | en-plural fr-plural; water | eau f | drink | mass
[adjectives]
bad | mauvais | thing | before en.co=worse en.su=worst; beautiful | beau | person | before; expensive | cher | thing;
good | bon | thing | before en.co=better en.su=best; happy | heureux | person; old | vieux | thing | before;
red | rouge | thing | nocompare; useful | utile | thing; honest | honnête | thing;
uninteresting | inintéressant | thing | nocompare fr.f=inintéressante
[verbs]
arrive | arriver | person | | être; buy | acheter | person | thing; call | appeler | person | person;
eat | manger | person | food; enter | entrer +dans | person | place | être; find | trouver | person | thing;
get up | se lever | person; give | donner | person | thing | to; look +for | chercher | person | thing;
need | avoir besoin +de | person | thing | state; phone | téléphoner +à | person | person; sleep | dormir | person;
speak | parler | person | language; talk +about | parler +de | person | thing;
think +about | penser +à | person | person; turn on | allumer | person | device; understand | comprendre | person;
wear | porter | person | clothes | state; want | vouloir | person | | state
"""


def _load() -> tuple[dict[str, Noun], dict[str, Adjective], dict[str, Verb]]:
    with TemporaryDirectory() as folder:
        Path(folder, "words.txt").write_text(TABLE.replace(";", "\n"), encoding="utf-8")
        words = load(Path(folder))
    nouns = {noun.en: noun for kind in words.nouns.values() for noun in kind}
    adjectives = {word.en: word for kind in words.adjectives.values() for word in kind}
    return nouns, adjectives, {f"{verb.en} {verb.en_rest}{verb.en_prep}".strip(): verb for verb in words.verbs}


N, A, V = _load()
YOU, SIR = Pronoun(s.Agreement(2)), Pronoun(s.Agreement(2, polite=True))
MADAM, YOU_ALL = Pronoun(s.Agreement(2, gender="f", polite=True)), Pronoun(s.Agreement(2, "p"))
I_F, THEY_F = Pronoun(s.Agreement(1, gender="f")), Pronoun(s.Agreement(3, "p", "f"))
IT, IT_F, THEM = (replace(p, thing=True) for p in (HE, SHE, THEY_F))
PAUL, MARIE = Name(Text("Paul", "Paul")), Name(Text("Marie", "Marie"), "f")
P, Q = s.Polarity, s.Tense
THIS, THESE = s.Filler("this", "ce"), s.Filler("these", "ce", True, True)
WHO, IL_Y = s.Filler("who", "qui"), s.Filler("there", "il", clitic="y")
THERE, SOME, Y_AVOIR = s.Clitic("there", "y"), s.Clitic("some", "en"), Verb("be", "avoir", state=True)
CAN, NOT, ASK = Verb("can", "pouvoir", state=True), P.NOT, "question"


def a(noun: str, *adjectives: str, **changes: object) -> NounPhrase:
    """An apple; the determiner and what else there is by name."""
    settings = {"determiner": "a", "adjectives": tuple(A[word] for word in adjectives)} | changes
    return NounPhrase(N[noun], **settings)  # type: ignore[arg-type]


def the(noun: str, *adjectives: str, **changes: object) -> NounPhrase:
    return a(noun, *adjectives, determiner="the", **changes)


def some(noun: str, *adjectives: str, **changes: object) -> NounPhrase:
    return a(noun, *adjectives, determiner="some", **changes)


def to(nominal: Nominal) -> Object:
    return Object(nominal, "to", "à")


def of(verb: str, nominal: Nominal, disjunctive: bool = False) -> Object:
    """A complement with the prepositions of the verb."""
    return Object(nominal, V[verb].en_prep, V[verb].fr_prep, disjunctive)


def say(subject: Nominal, verb: str | Verb, *complements: Complement | Nominal, **changes: object) -> Clause:
    """A clause; nominals among the complements are direct objects."""
    made = [c if isinstance(c, Complement) else Object(c) for c in complements]
    return Clause(subject, V[verb] if isinstance(verb, str) else verb, tuple(made), **changes)  # type: ignore[arg-type]


def do(subject: Pronoun, verb: str | Verb, *complements: Complement | Nominal, **changes: object) -> Clause:
    return say(subject, verb, *complements, form="imperative", **changes)


def case(en: str, fr: str, *parts: Clause | s.Idiom | Nominal | Text) -> tuple[str, str, s.Sentence]:
    return en, fr, s.Sentence(parts, en[-1])  # type: ignore[arg-type]


# Tense and polarity of one verb with a feminine object: the elided clitic and the participle's agreement show.
VERB_FORMS = """
PRESENT          | she eats it                   | elle la mange
PROGRESSIVE      | she is eating it              | elle la mange
PAST             | she ate it                    | elle l'a mangée
PAST_PROGRESSIVE | she was eating it             | elle la mangeait
HABITUAL         | she used to eat it            | elle la mangeait
PERFECT          | she has eaten it              | elle l'a mangée
PLUPERFECT       | she had eaten it              | elle l'avait mangée
SINCE            | she has been eating it        | elle la mange
JUST             | she has just eaten it         | elle vient de la manger
GOING            | she is going to eat it        | elle va la manger
FUTURE           | she will eat it               | elle la mangera
CONDITIONAL      | she would eat it              | elle la mangerait
SUBJUNCTIVE      | she eats it                   | elle la mange
PRESENT NOT      | she doesn't eat it            | elle ne la mange pas
PRESENT NO_LONGER | she no longer eats it        | elle ne la mange plus
PAST NOT         | she didn't eat it             | elle ne l'a pas mangée
PERFECT NOT_YET  | she hasn't eaten it yet       | elle ne l'a pas encore mangée
PLUPERFECT NEVER | she had never eaten it        | elle ne l'avait jamais mangée
FUTURE NOT       | she won't eat it              | elle ne la mangera pas
GOING NOT        | she isn't going to eat it     | elle ne va pas la manger
HABITUAL NOT     | she didn't use to eat it      | elle ne la mangeait pas
PRESENT ASK      | does she eat it               | la mange-t-elle
PROGRESSIVE ASK  | is she eating it              | la mange-t-elle
PAST ASK         | did she eat it                | l'a-t-elle mangée
HABITUAL ASK     | did she use to eat it         | la mangeait-elle
GOING ASK        | is she going to eat it        | va-t-elle la manger
JUST ASK         | has she just eaten it         | vient-elle de la manger
PAST NOT ASK     | didn't she eat it             | ne l'a-t-elle pas mangée
PERFECT NOT_YET ASK | hasn't she eaten it yet    | ne l'a-t-elle pas encore mangée
"""


@pytest.mark.parametrize("line", VERB_FORMS.strip().splitlines())
def test_tenses_polarities_and_yes_no_questions(line: str) -> None:
    features, en, fr = (cell.strip() for cell in line.split("|"))
    words = features.split()
    polarity = next((P[word] for word in words if word in P.__members__), P.POSITIVE)
    made = say(SHE, "eat", IT_F, tense=Q[words[0]], polarity=polarity, form=ASK if "ASK" in words else "statement")
    assert (english.clause(made), french.clause(made)) == (en, fr)


# fmt: off
SENTENCES: list[tuple[str, str, s.Sentence]] = [
    # Questions.
    case("Does Paul sleep?", "Est-ce que Paul dort ?", say(PAUL, "sleep", form=ASK)),
    case("Do I sleep?", "Est-ce que je dors ?", say(I, "sleep", form=ASK)),
    case("Am I not happy?", "Est-ce que je ne suis pas heureux ?",
         say(I, BE, s.Grade(A["happy"]), form=ASK, polarity=NOT)),
    case("Isn't he a doctor?", "N'est-il pas médecin ?", say(HE, BE, s.Role(N["doctor"]), form=ASK, polarity=NOT)),
    case("What do you buy?", "Qu'achètes-tu ?", say(YOU, "buy", form=ASK, asked=Text("what", "que"))),
    case("What does Paul buy?", "Qu'est-ce que Paul achète ?", say(PAUL, "buy", form=ASK, asked=Text("what", "que"))),
    case("Where is the house?", "Où est la maison ?",
         say(the("house"), BE, form=ASK, asked=Text("where", "où"), noun_last=True)),
    case("Which keys did you buy?", "Quelles clés as-tu achetées ?",
         say(YOU, "buy", form=ASK, tense=Q.PAST, asked=a("key", determiner="which", plural=True))),
    case("How many apples have they eaten?", "Combien de pommes ont-ils mangées ?",
         say(THEY, "eat", form=ASK, tense=Q.PERFECT, asked=a("apple", determiner="how many", plural=True))),
    case("Who ate the apple?", "Qui a mangé la pomme ?", say(WHO, "eat", the("apple"), tense=Q.PAST)),
    case("Is there any water?", "Y a-t-il de l'eau ?",
         say(IL_Y, Y_AVOIR, some("water"), form=ASK)),
    # Imperatives and clitics.
    case("Give it to me.", "Donne-le-moi.", do(YOU, "give", IT, to(I))),
    case("Don't give it to me.", "Ne me le donne pas.", do(YOU, "give", IT, to(I), polarity=NOT)),
    case("Give them to him!", "Donnez-les-lui !", do(SIR, "give", THEM, to(HE))),
    case("Go there.", "Vas-y.", do(YOU, GO, THERE)),
    case("Don't go there.", "N'y va pas.", do(YOU, GO, THERE, polarity=NOT)),
    case("Eat some.", "Manges-en.", do(YOU, "eat", SOME)),
    case("Give some to me.", "Donne-m'en.", do(YOU, "give", SOME, to(I))),
    case("Let's not eat any bread.", "Ne mangeons pas de pain.", do(WE, "eat", some("bread"), polarity=NOT)),
    case("Let's get up.", "Levons-nous.", do(WE, "get up")),
    case("Get up.", "Lève-toi.", do(YOU, "get up")),
    case("Never get up.", "Ne vous levez jamais.", do(YOU_ALL, "get up", polarity=P.NEVER)),
    case("Be good.", "Sois bon.", do(YOU, BE, s.Grade(A["good"]))),
    case("He gave them to her.", "Il les lui a données.", say(HE, "give", THEM, to(SHE), tense=Q.PAST)),
    case("You are going to phone me.", "Tu vas me téléphoner.", say(YOU, "phone", of("phone", I), tense=Q.GOING)),
    case("I think about her.", "Je pense à elle.", say(I, "think about", of("think about", SHE, True))),
    case("I think about it.", "J'y pense.", say(I, "think about", of("think about", IT))),
    case("We talked about it.", "Nous en avons parlé.", say(WE, "talk about", of("talk about", IT), tense=Q.PAST)),
    case("She turns it on.", "Elle l'allume.", say(SHE, "turn on", IT)),
    case("She turns on the key.", "Elle allume la clé.", say(SHE, "turn on", the("key"))),
    # Agreement of the participle.
    case("They arrived.", "Elles sont arrivées.", say(THEY_F, "arrive", tense=Q.PAST)),
    case("Marie and the house have arrived.", "Marie et la maison sont arrivées.",
         say(s.Both(MARIE, the("house")), "arrive", tense=Q.PERFECT)),
    case("Paul and Marie arrived.", "Paul et Marie sont arrivés.", say(s.Both(PAUL, MARIE), "arrive", tense=Q.PAST)),
    case("Paul and I had got up.", "Paul et moi, nous nous étions levés.",
         say(s.Both(PAUL, I), "get up", tense=Q.PLUPERFECT)),
    case("She didn't get up.", "Elle ne s'est pas levée.", say(SHE, "get up", tense=Q.PAST, polarity=NOT)),
    case("She broke her arm.", "Elle s'est cassé le bras.",
         say(SHE, Verb("break", "casser", reflexive=True), the("arm", owner=SHE, inalienable=True), tense=Q.PAST)),
    case("He called me.", "Il m'a appelée.", say(HE, "call", I_F, tense=Q.PAST)),
    case("He phoned me.", "Il m'a téléphoné.", say(HE, "phone", of("phone", I_F), tense=Q.PAST)),
    case("He called you.", "Il vous a appelée.", say(HE, "call", MADAM, tense=Q.PAST)),
    case("My keys? I have found them.", "Mes clés ? Je les ai trouvées.",
         the("key", plural=True, owner=I), Text("?", "?"), say(I, "find", THEM, tense=Q.PERFECT)),
    case("The apples that Paul bought.", "Les pommes que Paul a achetées.",
         the("apple", plural=True, relative=s.Relative("object", say(PAUL, "buy", tense=Q.PAST)))),
    # tu and vous.
    case("You are happy.", "Vous êtes heureuse.", say(MADAM, BE, s.Grade(A["happy"]))),
    case("Did you arrive?", "Êtes-vous arrivé ?", say(SIR, "arrive", tense=Q.PAST, form=ASK)),
    case("You arrived.", "Vous êtes arrivés.", say(YOU_ALL, "arrive", tense=Q.PAST)),
    case("You find your keys.", "Vous trouvez vos clés.", say(SIR, "find", the("key", plural=True, owner=SIR))),
    case("You find your idea.", "Tu trouves ton idée.", say(YOU, "find", the("idea", owner=YOU))),
    # Articles.
    case("I eat some bread.", "Je mange du pain.", say(I, "eat", some("bread"))),
    case("I buy some water.", "J'achète de l'eau.", say(I, "buy", some("water"))),
    case("I buy some apples.", "J'achète des pommes.", say(I, "buy", some("apple", plural=True))),
    case("I don't eat any bread.", "Je ne mange pas de pain.", say(I, "eat", some("bread"), polarity=NOT)),
    case("I no longer have an idea.", "Je n'ai plus d'idée.", say(I, HAVE, a("idea"), polarity=P.NO_LONGER)),
    case("He isn't a hero.", "Il n'est pas un héros.", say(HE, BE, a("hero"), polarity=NOT)),
    case("I have old keys.", "J'ai de vieilles clés.", say(I, HAVE, a("key", "old", determiner="bare", plural=True))),
    case("I have red keys.", "J'ai des clés rouges.", say(I, HAVE, a("key", "red", determiner="bare", plural=True))),
    case("I have other ideas.", "J'ai d'autres idées.", say(I, HAVE, a("idea", determiner="another", plural=True))),
    case("We talk about other ideas.", "Nous parlons d'autres idées.",
         say(WE, "talk about", of("talk about", a("idea", determiner="another", plural=True)))),
    case("I need some bread.", "J'ai besoin de pain.", say(I, "need", of("need", some("bread")))),
    case("I need an apple.", "J'ai besoin d'une pomme.", say(I, "need", of("need", a("apple")))),
    case("We talk about the old hotel.", "Nous parlons du vieil hôtel.",
         say(WE, "talk about", of("talk about", the("hotel", "old")))),
    case("Paul gives the book to the children.", "Paul donne le livre aux enfants.",
         say(PAUL, "give", the("book"), to(the("child", plural=True)))),
    case("Paul gives the book to the hero.", "Paul donne le livre au héros.",
         say(PAUL, "give", the("book"), to(the("hero")))),
    case("Paul gives the book to the man.", "Paul donne le livre à l'homme.",
         say(PAUL, "give", the("book"), to(the("man")))),
    case("This is the children's key.", "C'est la clé des enfants.",
         say(THIS, BE, the("key", plural=False, owner=the("child", plural=True)))),
    case("I have a lot of books.", "J'ai beaucoup de livres.", say(I, HAVE, a("book", determiner="many", plural=True))),
    case("I have too many friends.", "J'ai trop d'amis.",
         say(I, HAVE, a("friend", determiner="too many", plural=True))),
    case("A useful book.", "Un livre utile.", a("book", "useful")),
    case("An honest man.", "Un homme honnête.", a("man", "honest")),
    case("An uninteresting idea.", "Une idée inintéressante.", a("idea", "uninteresting")),
    # Possession and pointing.
    case("This is my friend Marie.", "C'est mon amie Marie.",
         say(THIS, BE, the("friend", owner=I, feminine=True, apposition=MARIE))),
    case("These are his scissors.", "Ce sont ses ciseaux.", say(THESE, BE, the("scissors", owner=HE))),
    case("These weren't Paul's keys.", "Ce n'étaient pas les clés de Paul.",
         say(THESE, BE, the("key", plural=True, owner=PAUL), polarity=NOT, tense=Q.PAST)),
    case("This is their friends' house.", "C'est la maison de leurs amis.",
         say(THIS, BE, the("house", owner=the("friend", plural=True, owner=THEY)))),
    case("The holiday is expensive.", "Les vacances sont chères.", say(the("holiday"), BE, s.Grade(A["expensive"]))),
    case("This beautiful hotel.", "Ce bel hôtel.", a("hotel", "beautiful", determiner="this")),
    case("I buy some beer.", "J'achète de la bière.", say(I, "buy", some("beer"))),
    case("What a beautiful house!", "Quelle belle maison !", a("house", "beautiful", determiner="what a")),
    # Comparison.
    case("Paul is happier than me.", "Paul est plus heureux que moi.",
         say(PAUL, BE, s.Grade(A["happy"], None, "more", I))),
    case("The house is less expensive than the hotel.", "La maison est moins chère que l'hôtel.",
         say(the("house"), BE, s.Grade(A["expensive"], None, "less", the("hotel")))),
    case("Marie is as happy as him.", "Marie est aussi heureuse que lui.",
         say(MARIE, BE, s.Grade(A["happy"], None, "as", HE))),
    case("The apples are better than the bread.", "Les pommes sont meilleures que le pain.",
         say(the("apple", plural=True), BE, s.Grade(A["good"], None, "more", the("bread")))),
    case("The books are worse.", "Les livres sont pires.",
         say(the("book", plural=True), BE, s.Grade(A["bad"], None, "more"))),
    case("This is the oldest house.", "C'est la plus vieille maison.", say(THIS, BE, the("house", most=A["old"]))),
    case("This is the most expensive house.", "C'est la maison la plus chère.",
         say(THIS, BE, the("house", most=A["expensive"]))),
    case("This is the best idea.", "C'est la meilleure idée.", say(THIS, BE, the("idea", most=A["good"]))),
    # Numbers.
    case("I have twenty-one keys.", "J'ai vingt et une clés.", say(I, HAVE, a("key", count=21, plural=True))),
    case("I have eighty-one books.", "J'ai quatre-vingt-un livres.", say(I, HAVE, a("book", count=81, plural=True))),
    case("I find my two keys.", "Je trouve mes deux clés.", say(I, "find", the("key", count=2, plural=True, owner=I))),
    # Elision, il y a, fixed subjects.
    case("I understand that she sleeps.", "Je comprends qu'elle dort.",
         say(I, "understand", s.Embedded(Text("that", "que"), say(SHE, "sleep")))),
    case("If he sleeps, I sleep.", "S'il dort, je dors.",
         say(I, "sleep", front=(s.Embedded(Text("if", "si"), say(HE, "sleep")),))),
    case("If she sleeps, I sleep.", "Si elle dort, je dors.",
         say(I, "sleep", front=(s.Embedded(Text("if", "si"), say(SHE, "sleep")),))),
    case("There are going to be three keys.", "Il va y avoir trois clés.",
         say(replace(IL_Y, plural=True), Y_AVOIR, a("key", count=3, plural=True), tense=Q.GOING)),
    case("There isn't any bread.", "Il n'y a pas de pain.",
         say(IL_Y, Y_AVOIR, some("bread"), polarity=NOT)),
    # Clauses within clauses.
    case("The man who arrived sleeps.", "L'homme qui est arrivé dort.",
         say(the("man", relative=s.Relative("subject", say(HE, "arrive", tense=Q.PAST))), "sleep")),
    case("I find the house where he sleeps.", "Je trouve la maison où il dort.",
         say(I, "find", the("house", relative=s.Relative("place", say(HE, "sleep"))))),
    case("I find the book that he needs.", "Je trouve le livre dont il a besoin.",
         say(I, "find", the("book", relative=s.Relative("dont", say(HE, "need"))))),
    case("I find the book that he looks for.", "Je trouve le livre qu'il cherche.",
         say(I, "find", the("book", relative=s.Relative("object", say(HE, "look for"))))),
    case("I want you to go there.", "Je veux que tu y ailles.", say(I, "want", s.Wish(YOU, GO, (THERE,)))),
    case("I can't call him.", "Je ne peux pas l'appeler.",
         say(I, CAN, s.Infinitive("", "", V["call"], (Object(HE),)), polarity=NOT)),
    case("We wanted to get up.", "Nous voulions nous lever.",
         say(WE, "want", s.Infinitive("to", "", V["get up"]), tense=Q.PAST)),
    case("I have always slept.", "J'ai toujours dormi.",
         say(I, "sleep", adverb=Lemma("always", "toujours"), tense=Q.PERFECT)),
    case("He sleeps.", "Elle a faim.", s.Idiom(say(HE, "sleep"), say(SHE, HAVE, Text("", "faim")))),
]
# fmt: on


@pytest.mark.parametrize(("en", "fr", "sentence"), SENTENCES, ids=[fr for _, fr, _ in SENTENCES])
def test_sentences(en: str, fr: str, sentence: s.Sentence) -> None:
    assert (english.realise(sentence), french.realise(sentence)) == (en, fr)


def test_what_never_was_is_no_imperfect_but_of_being() -> None:
    never = {"tense": Q.PAST, "polarity": P.NEVER}
    cases = [
        case("I never had a book.", "Je n'ai jamais eu de livre.", say(I, HAVE, a("book"), **never)),
        case("I never wanted it.", "Je ne l'ai jamais voulue.", say(I, "want", Object(IT_F), **never)),
        case("I was never happy.", "Je n'étais jamais heureux.", say(I, BE, s.Grade(A["happy"]), **never)),
    ]
    for en, fr, sentence in cases:
        assert (english.realise(sentence), french.realise(sentence)) == (en, fr)
