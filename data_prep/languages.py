"""Names of languages, as people write them above a column.

The table has the languages whose script `cleaning.py` knows: their ISO 639-1, 639-2 and 639-3 codes, the English name
and the native one.  English and French also have the names that other languages give them.
"""

import re
import unicodedata
from collections.abc import Iterable

# Code of ISO 639-1: its other codes: its names.
_TABLE = """
af: afr: afrikaans
am: amh: amharic, አማርኛ
ar: ara arb: arabic, modern standard arabic, العربية, عربي, arabe, arabisch, árabe
as: asm: assamese, অসমীয়া
az: aze azj: azerbaijani, azeri, azərbaycan dili, azərbaycanca
ba: bak: bashkir, башҡорт теле
be: bel: belarusian, belarusan, беларуская
bg: bul: bulgarian, български
bn: ben: bengali, bangla, বাংলা
br: bre: breton, brezhoneg
bs: bos: bosnian, bosanski
ca: cat: catalan, valencian, català
ce: che: chechen, нохчийн мотт
ckb: : central kurdish, sorani, کوردی
co: cos: corsican, corsu
cs: ces cze: czech, čeština, česky
cv: chv: chuvash, чӑваш чӗлхи
cy: cym wel: welsh, cymraeg
da: dan: danish, dansk
de: deu ger: german, deutsch, allemand, alemán, alemão, tedesco, duits, немецкий, 德语, 德文, ドイツ語, \
독일어
dv: div: dhivehi, divehi, maldivian, ދިވެހި
el: ell gre: greek, modern greek, ελληνικά
en: eng: english, british english, american english, anglais, englisch, inglés, inglese, inglês, anglès, \
engels, engelsk, engelska, englanti, angielski, angličtina, angol, engleză, engleski, английский, \
англійська, английски, αγγλικά, ingilizce, الإنجليزية, إنجليزي, انگلیسی, אנגלית, अंग्रेज़ी, अंग्रेजी, \
ইংরেজি, ภาษาอังกฤษ, tiếng anh, bahasa inggris, 英语, 英語, 英文, 영어
eo: epo: esperanto
es: spa: spanish, castilian, español, castellano, espagnol, spanisch, spagnolo, espanhol, spaans, испанский, \
西班牙语
et: est ekk: estonian, eesti, eesti keel
eu: eus baq: basque, euskara
fa: fas per pes: persian, farsi, فارسی
fi: fin: finnish, suomi
fo: fao: faroese, føroyskt
fr: fra fre: french, français, francais, canadian french, französisch, francés, francese, francês, francès, \
frans, fransk, franska, ranska, francuski, francouzština, francia, franceză, французский, французька, \
френски, γαλλικά, fransızca, الفرنسية, فرنسي, فرانسوی, צרפתית, फ़्रेंच, tiếng pháp, bahasa prancis, 法语, \
法文, フランス語, 프랑스어
fy: fry: western frisian, frisian, frysk
ga: gle: irish, irish gaelic, gaeilge
gd: gla: scottish gaelic, gàidhlig
gl: glg: galician, galego
gu: guj: gujarati, ગુજરાતી
he: heb: hebrew, עברית
hi: hin: hindi, हिन्दी, हिंदी
hr: hrv: croatian, hrvatski
ht: hat: haitian creole, haitian, kreyòl ayisyen
hu: hun: hungarian, magyar
hy: hye arm: armenian, հայերեն
id: ind: indonesian, bahasa indonesia
is: isl ice: icelandic, íslenska
it: ita: italian, italiano, italien, italienisch, italiaans, итальянский
ja: jpn: japanese, 日本語, にほんご, 日语, japonais
jv: jav: javanese, basa jawa
ka: kat geo: georgian, ქართული
kk: kaz: kazakh, қазақ тілі, қазақша
km: khm: khmer, cambodian, ខ្មែរ, ភាសាខ្មែរ
kn: kan: kannada, ಕನ್ನಡ
ko: kor: korean, 한국어, coréen
ky: kir: kyrgyz, kirghiz, кыргызча
la: lat: latin, latina
lb: ltz: luxembourgish, lëtzebuergesch
lo: lao: ລາວ, ພາສາລາວ
lt: lit: lithuanian, lietuvių
lv: lav lvs: latvian, latviešu
mg: mlg plt: malagasy
mi: mri mao: maori, māori, te reo māori
mk: mkd mac: macedonian, македонски
ml: mal: malayalam, മലയാളം
mn: mon khk: mongolian, монгол
mr: mar: marathi, मराठी
ms: msa may zsm: malay, bahasa melayu
mt: mlt: maltese, malti
my: mya bur: burmese, myanmar, မြန်မာ, မြန်မာဘာသာ
nb: nob: norwegian bokmål, bokmål
ne: nep npi: nepali, नेपाली
nl: nld dut: dutch, flemish, nederlands, néerlandais, niederländisch
nn: nno: norwegian nynorsk, nynorsk
no: nor: norwegian, norsk
oc: oci: occitan
os: oss: ossetian, ossetic, ирон
pa: pan pnb: punjabi, panjabi, ਪੰਜਾਬੀ, پنجابی
pl: pol: polish, polski
ps: pus pbt: pashto, پښتو
pt: por: portuguese, brazilian portuguese, european portuguese, português, portugais, portugués, \
portugiesisch
ro: ron rum: romanian, moldovan, română
ru: rus: russian, русский, russe, russisch, ruso
sa: san: sanskrit, संस्कृतम्
sd: snd: sindhi, سنڌي
si: sin: sinhala, sinhalese, සිංහල
sk: slk slo: slovak, slovenčina
sl: slv: slovenian, slovene, slovenščina
so: som: somali, soomaali
sq: sqi alb: albanian, shqip
sr: srp: serbian, српски, srpski
su: sun: sundanese, basa sunda
sv: swe: swedish, svenska
sw: swa swh: swahili, kiswahili
ta: tam: tamil, தமிழ்
te: tel: telugu, తెలుగు
tg: tgk: tajik, тоҷикӣ
th: tha: thai, ไทย, ภาษาไทย
ti: tir: tigrinya, ትግርኛ
tk: tuk: turkmen, türkmen
tl: tgl fil: tagalog, filipino
tr: tur: turkish, türkçe
tt: tat: tatar, татарча
ug: uig: uyghur, uighur, ئۇيغۇرچە
uk: ukr: ukrainian, українська
ur: urd: urdu, اردو
uz: uzb uzn: uzbek, oʻzbek, o'zbek
vi: vie: vietnamese, tiếng việt
wa: wln: walloon, walon
xh: xho: xhosa, isixhosa
yi: yid ydd: yiddish, ייִדיש
yo: yor: yoruba, yorùbá
yue: : cantonese, yue chinese, 粵語, 粤语, 廣東話
zh: zho chi cmn: chinese, mandarin, mandarin chinese, simplified chinese, traditional chinese, 中文, 汉语, \
漢語, 普通话, 简体中文, 繁體中文, 中国語, 중국어, chinois
zu: zul: zulu, isizulu
"""

MAX_NAME_CHARACTERS = 60
_FILLERS = {"text", "sentence", "segment", "string", "phrase", "word", "line", "translation", "transcript"}
_ROLES = {
    "source": "source",
    "src": "source",
    "original": "source",
    "target": "target",
    "tgt": "target",
    "trg": "target",
    "translation": "target",
}
_REGION = re.compile(r"([A-Za-z]{2,3})[-_](?:[A-Z]{2}|[A-Z][a-z]{3}|[0-9]{3})")
_WORDS = re.compile(r"[\s_./-]+")


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).casefold()


def _read_table() -> tuple[dict[str, str], dict[str, str]]:
    codes: dict[str, str] = {}
    names: dict[str, str] = {}
    for line in _TABLE.strip().splitlines():
        code, more, listed = line.split(":")
        codes |= dict.fromkeys((code, *more.split()), code)
        names |= dict.fromkeys(map(_plain, listed.split(",")), code)
    return codes, names


_CODES, _NAMES = _read_table()


def base_code(language: str) -> str:
    """Return the shortest code of a language named as in LANGS: `en` for `eng`, `pt` for `pt_BR`."""
    code = _plain(language).partition("_")[0]
    return _CODES.get(code, code)


def is_code(name: str) -> bool:
    """Whether a column is named by a code, not by a word: `en`, `ENG`, `pt-BR`."""
    match = _REGION.fullmatch(name.strip())
    return (match[1] if match else _plain(name)).casefold() in _CODES


def language_of(name: str) -> str | None:
    """Return the code of ISO 639-1 of the language that a column is named after, None if it is named after none.

    A code (`en`, `eng`, `en-GB`), a name (`English`, `Français`, `Chinese (Simplified)`), or one of these with words
    such as `text` or `sentence` (`en_text`, `source_en`, `English sentences`); MAX_NAME_CHARACTERS at most.
    """
    if len(name) > MAX_NAME_CHARACTERS:
        return None
    plain = _plain(name)
    if found := _CODES.get(plain) or _NAMES.get(plain):
        return found
    if match := _REGION.fullmatch(name.strip()):
        return _CODES.get(match[1].casefold())
    words = _WORDS.split(re.sub(r"\s*\([^()]*\)$", "", plain))
    rest = " ".join(word for word in words if word.removesuffix("s") not in _FILLERS and word not in _ROLES)
    return _NAMES.get(rest) or _CODES.get(rest)


def named_after(language: str, names: Iterable[str]) -> str | None:
    """Return the name that means `language`, a code as in LANGS (`en`, `pt_BR`); the closest one of several.

    Closest is the code itself in any case, then the bare name or another code, then a name with other words.
    """
    wanted, base = _plain(language), base_code(language)
    ranked = []
    for name in names:
        plain = _plain(name)
        if plain.replace("-", "_") == wanted:
            ranked.append((0, name))
        elif language_of(name) == base:
            ranked.append((1 if plain in _CODES or plain in _NAMES else 2, name))
    return min(ranked, key=lambda rank: rank[0])[1] if ranked else None


def role_of(name: str) -> str | None:
    """Return `source` or `target` if a column is named after that side (`source`, `tgt`, `src_text`), else None."""
    words = _WORDS.split(_plain(name[: MAX_NAME_CHARACTERS + 1]))
    if len(words) > 1:
        words = [word for word in words if word.removesuffix("s") not in _FILLERS]
    return _ROLES.get(words[0]) if len(words) == 1 else None
