"""Names, folders and tables: what is opened, in which direction, and what each mistake is called."""

import errno
import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_prep.errors import UserError
from data_prep.rows import find_columns
from data_prep.sources import REGISTRY, Source, open_source, parse_languages
from data_prep.tables import choose_configuration

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"


def packed(data: bytes) -> bytes:
    """A gzip file that does not depend on the time."""
    return gzip.compress(data, mtime=0)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep Arrow copies out of the user's cache."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path_factory.mktemp("cache")))


def read(source: Source, split: str = "train", size: int = 2) -> list[tuple[str, str]]:
    chunks = source.chunks(split, size)
    return [pair for chunk in chunks for pair in zip(chunk.sources, chunk.targets, strict=True)]


def open_path(path: Path, languages: str = "en-fr") -> Source:
    return open_source(str(path), parse_languages(languages))


def write_parquet(path: Path, columns: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def write_all(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_languages_are_parsed_or_refused() -> None:
    assert parse_languages("en-fr") == ("en", "fr")
    assert parse_languages("zh_cn-pt_BR") == ("zh_cn", "pt_BR")
    long = "en-fr_abcdefghijklmnopqrstuvwxyz"
    for wrong in ("", "en", "enfr", "en-", "en-fr-de", "en-en", "english-french", "en/fr", long, "en-fr_é"):
        with pytest.raises(UserError, match="LANGS=en-fr"):
            parse_languages(wrong)


@pytest.mark.parametrize(
    ("shape", "columns"),
    [
        ({"translation": ["en", "fr"], "en": [], "fr": []}, [("translation", "fr"), ("translation", "en")]),
        ({"fr": [], "en": [], "english": [], "non_english": []}, [("fr",), ("en",)]),
        ({"text": ["en", "fr"]}, [("text", "fr"), ("text", "en")]),
        ({"text.en": [], "text.fr": []}, [("text.fr",), ("text.en",)]),
        ({"english": [], "non_english": []}, [("non_english",), ("english",)]),
        ({"English": [], "id": [], "French": []}, [("French",), ("English",)]),
        ({"English": [], "en": [], "fr": []}, [("fr",), ("en",)]),
        ({"en_text": [], "fr_text": []}, [("fr_text",), ("en_text",)]),
        ({"translation": ["English", "Français"]}, [("translation", "Français"), ("translation", "English")]),
        ({"pair": ["eng", "fra"]}, [("pair", "fra"), ("pair", "eng")]),
        ({"english": [], "non_english": [], "french": []}, [("french",), ("english",)]),
        ({"translation": ["en", "de"], "fr": []}, None),
        ({}, None),
    ],
)
def test_columns_are_found_in_order_and_direction(
    shape: dict[str, list[str]], columns: list[tuple[str, ...]] | None
) -> None:
    assert find_columns(shape, ("fr", "en")) == (tuple(columns) if columns else None)
    assert find_columns(shape, ("en", "fr")) == (tuple(columns[::-1]) if columns else None)


def test_source_and_target_are_the_sides_of_any_direction() -> None:
    for languages in (("en", "fr"), ("fr", "en")):
        assert find_columns({"id": [], "target": [], "source": []}, languages) == (("source",), ("target",))
    assert find_columns({"source": [], "target": [], "fr": [], "en": []}, ("en", "fr")) == (("en",), ("fr",))
    assert find_columns({"source": [], "fr": []}, ("en", "fr")) is None


def test_no_column_is_both_sides() -> None:
    assert find_columns({"Portuguese": [], "id": []}, ("pt_BR", "pt_PT")) is None
    assert find_columns({"Portuguese": [], "pt-pt": []}, ("pt_BR", "pt_PT")) == (("Portuguese",), ("pt-pt",))


def test_english_and_non_english_do_not_serve_a_pair_without_english() -> None:
    assert find_columns({"english": [], "non_english": []}, ("fr", "de")) is None


def test_a_configuration_is_found_in_either_order() -> None:
    assert choose_configuration(["de-en", "fr-en"], ("en", "fr"), "x") == "fr-en"
    assert choose_configuration(["de-en", "en-fr"], ("fr", "en"), "x") == "en-fr"
    assert choose_configuration(["default"], ("fr", "en"), "x") == "default"
    assert choose_configuration([], ("fr", "en"), "x") is None
    with pytest.raises(UserError, match="x: nothing for en and it; choose LANGS among what it has: de-en"):
        choose_configuration(["de-en"], ("en", "it"), "x")
    with pytest.raises(UserError, match=r"LANGS among what it has: de-en$"):
        choose_configuration(["de-en", "all", "de"], ("it", "es"), "x")
    with pytest.raises(UserError, match=r"its configurations do not name two languages: large, small$"):
        choose_configuration(["small", "large"], ("en", "fr"), "x")
    many = [f"{a}{b}-en" for a in "abcde" for b in "abcde"] + ["de-fr"]
    with pytest.raises(UserError, match=r"has: aa-en, .* and 5 more$"):
        choose_configuration(many, ("en", "it"), "x")


def test_the_registry_has_the_promised_names() -> None:
    names = {"tatoeba", "talks", "opus-books", "opus-100", "europarl", "news-commentary", "un-pc", "wmt14"}
    assert set(REGISTRY) == names | {"multi30k"}
    assert all(repository.count("/") == 1 for repository in REGISTRY.values())


def test_a_folder_of_text_pairs_has_its_own_splits(tmp_path: Path) -> None:
    files = {
        "train.en": "a\nb\nc\n",
        "train.fr": "d\ne\nf\n",
        "dev.en": "g\n",
        "dev.fr": "h\n",
        "README.md": "x",
    }
    source = open_path(write_all(tmp_path, files), "fr-en")
    assert source.splits == ("train", "validation")
    assert read(source) == [("d", "a"), ("e", "b"), ("f", "c")]
    assert read(source, "validation") == [("h", "g")]
    assert set(source.inputs()) == {"train.en", "train.fr", "dev.en", "dev.fr"}
    assert (source.source_language, source.target_language) == ("fr", "en")


def test_a_folder_of_tab_separated_files_has_its_own_splits(tmp_path: Path) -> None:
    files = {f"{name}.tsv": f"en\tfr\n{name}\tx\n" for name in ("train", "validation", "valid", "test")}
    source = open_path(write_all(tmp_path, files))
    assert source.splits == ("train", "validation", "test")
    assert [read(source, split) for split in source.splits] == [
        [("train", "x")],
        [("validation", "x")],
        [("test", "x")],
    ]
    json.dumps([source.origin, source.inputs()])


def test_a_text_pair_is_named_by_its_stem_or_by_a_side(tmp_path: Path) -> None:
    write_all(tmp_path, {"my.corpus.en": "a\n", "my.corpus.fr": "b\n"})
    for name in ("my.corpus", "my.corpus.en", "my.corpus.fr"):
        assert read(open_path(tmp_path / name, "en-fr")) == [("a", "b")]
    with pytest.raises(UserError, match=r"my\.corpus\.de: missing beside .*my\.corpus\.en"):
        open_path(tmp_path / "my.corpus", "en-de")


def zipped(text: str) -> bytes:
    return packed(text.encode())


@pytest.mark.parametrize(
    "names",
    [
        ("x.en.gz", "x.fr.gz"),
        ("x.en", "x.fr.gz"),
        ("x.en.gz", "x.fr"),
        ("x.EN", "x.FR"),
        ("x.EN.GZ", "x.fr.Gz"),
        ("my corpus.en.gz", "my corpus.fr.gz"),
    ],
)
def test_a_text_pair_may_be_packed_and_have_suffixes_in_any_case(tmp_path: Path, names: tuple[str, str]) -> None:
    for name, text in zip(names, ("a\nc\n", "b\nd\n"), strict=True):
        (tmp_path / name).write_bytes(zipped(text) if name.lower().endswith("gz") else text.encode())
    for name in (names[0].partition(".")[0], *names, names[0].removesuffix(".gz")):
        source = open_path(tmp_path / name)
        assert read(source) == [("a", "b"), ("c", "d")]
        assert read(open_path(tmp_path / name, "fr-en")) == [("b", "a"), ("d", "c")]
        assert {path.name for path in source.files()} == set(source.inputs()) == set(names)


def test_the_file_that_is_named_is_the_one_that_is_read(tmp_path: Path) -> None:
    write_all(tmp_path, {"x.en": "plain\n", "x.fr": "b\n"})
    (tmp_path / "x.en.gz").write_bytes(zipped("packed\n"))
    assert read(open_path(tmp_path / "x")) == read(open_path(tmp_path / "x.fr")) == [("plain", "b")]
    assert read(open_path(tmp_path / "x.en.gz")) == [("packed", "b")]


@pytest.mark.parametrize("suffix", [".tsv", ".TSV", ".Tsv.GZ", ".csv", ".CSV.gz", ".jsonl", ".JSONL", ".PARQUET"])
def test_a_file_is_read_by_its_suffix_in_any_case(tmp_path: Path, suffix: str) -> None:
    def write(path: Path, source: str) -> None:
        if suffix == ".PARQUET":
            write_parquet(path, {"English": [source], "French": ["b"]})
            return
        json_line = json.dumps({"English": source, "French": "b"})
        separator = "," if "csv" in suffix.lower() else "\t"
        text = (
            json_line
            if "jsonl" in suffix.lower()
            else separator.join(["French", "English"]) + f"\nb{separator}{source}"
        )
        path.write_bytes(zipped(text) if suffix.lower().endswith("gz") else text.encode())

    write(tmp_path / f"file{suffix}", "a")
    assert read(open_path(tmp_path / f"file{suffix}")) == [("a", "b")]
    (tmp_path / "folder").mkdir()
    for split in ("train", "Dev", "TEST"):
        write(tmp_path / "folder" / f"{split}{suffix}", split)
    source = open_path(tmp_path / "folder")
    assert [read(source, split) for split in source.splits] == [[("train", "b")], [("Dev", "b")], [("TEST", "b")]]


def test_a_folder_of_packed_pairs_has_its_own_splits(tmp_path: Path) -> None:
    for name in ("train.en.gz", "train.fr.gz", "validation.en.gz", "validation.FR", "TEST.EN", "test.fr"):
        (tmp_path / name).write_bytes(zipped(f"{name}\n") if name.endswith("gz") else f"{name}\n".encode())
    source = open_path(tmp_path)
    assert [read(source, split) for split in source.splits] == [
        [("train.en.gz", "train.fr.gz")],
        [("validation.en.gz", "validation.FR")],
        [("TEST.EN", "test.fr")],
    ]


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (b"", b"", r"x\.en\.gz: the file is empty"),
        (packed(b""), packed(b""), r"x\.en\.gz: the file is empty"),
        (packed(b"a\n" * 999)[:-9], packed(b"a\n" * 999), r"x\.en\.gz: the gzip file ends too early"),
        (packed(b"a\n"), b"a\n", r"x\.fr\.gz: damaged, or not a gzip file"),
        (packed(b"a\nb\n"), packed(b"a"), r"x\.en\.gz has 2 lines and .*x\.fr\.gz has 1"),
        (packed(b"a\n"), None, r"x\.fr: missing beside .*x\.en\.gz"),
    ],
)
def test_each_mistake_in_a_packed_pair_is_one_clear_line(
    tmp_path: Path, source: bytes, target: bytes | None, message: str
) -> None:
    (tmp_path / "x.en.gz").write_bytes(source)
    if target is not None:
        (tmp_path / "x.fr.gz").write_bytes(target)
    for name in ("x", "x.en.gz"):
        with pytest.raises(UserError, match=message):
            open_path(tmp_path / name)


def suggestion(name: str, languages: tuple[str, str] = ("en", "fr")) -> str | None:
    """What the error for a wrong name suggests, split as a shell does."""
    with pytest.raises(UserError) as caught:
        open_source(name, languages)
    match = re.search(r"did you mean (.*)\?$", str(caught.value))
    assert (match is None) == ("; known names: " in str(caught.value))
    return " ".join(shlex.split(match[1])) if match else None


@pytest.mark.parametrize(
    ("there", "typed", "meant"),
    [
        ("corpus.en corpus.fr", "corpsu", "corpus"),
        ("corpus.en corpus.fr", "corpsu.en", "corpus"),
        ("corpus.en.gz corpus.FR", "corpsu.fr.gz", "corpus"),
        ("corpus.tsv", "corpus", "corpus.tsv"),
        ("corpus.tsv", "corpus.tsvv", "corpus.tsv"),
        ("corpus.TSV", "corpus.tsv", "corpus.TSV"),
        ("corpus/train.tsv", "corpsu", "corpus"),
        ("corpus/data/train.parquet", "corpsu", "corpus"),
        ("corpus.parquet", "corpsu.parquet", "corpus.parquet"),
        ("a_b.tsv", "ab.tsv", "a_b.tsv"),
        ("a'b.tsv", "ab.tsv", "a'b.tsv"),
        ("corpus.en", "corpsu", None),
        ("corpus.en corpus.de", "corpsu", None),
        ("README.md", "READM.md", None),
        ("corpus/notes.txt", "corpsu", None),
        ("corpus/test.tsv", "corpsu", None),
        ("corpus/train.arrow", "corpsu", None),
        ("corpus.bad.tsv", "corpus.bed.tsv", None),
        ("corpus.bad.parquet", "corpus.bed.parquet", None),
        ("corpus\x1b.tsv", "corpus.tsv", None),
    ],
)
def test_what_is_suggested_can_be_opened(tmp_path: Path, there: str, typed: str, meant: str | None) -> None:
    for name in there.split(" "):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if "bad" in name:
            path.write_text("one column")
        elif path.suffix == ".parquet":
            write_parquet(path, {"en": ["a"], "fr": ["b"]})
        else:
            path.write_bytes(zipped("a\tb\n") if name.endswith("gz") else b"a\tb\n")
    assert suggestion(str(tmp_path / typed)) == (str(tmp_path / meant) if meant else None)
    if meant:
        assert read(open_path(tmp_path / meant))


def test_what_the_hub_does_not_have_may_be_a_misspelt_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(repository: str, *_: object, **__: object) -> None:
        raise UserError(f"{repository}: no such data set")

    monkeypatch.setattr("data_prep.sources.open_hub", refuse)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    write_all(tmp_path / "mine", {"corpus.en": "a\n", "corpus.fr": "b\n"})
    with pytest.raises(UserError, match=r"^mine/corpsu: no such data set; did you mean mine/corpus\?$"):
        open_source("mine/corpsu", ("en", "fr"))
    with pytest.raises(UserError, match=r"^mine/nothing: no such data set$"):
        open_source("mine/nothing", ("en", "fr"))


def test_a_name_in_the_registry_is_suggested_only_where_it_serves() -> None:
    assert suggestion("TATOEBA") == "tatoeba"
    assert suggestion("phrasebok:3000") == "phrasebook"
    assert suggestion("phrasebok", ("en", "de")) is None


def test_a_suggested_file_is_not_taken_for_an_option_or_for_a_name_in_the_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_all(tmp_path, {"-corpus.tsv": "a\tb\n", "europarl.en": "a\n", "europarl.fr": "b\n"})
    assert suggestion("corpus.tsv") == "./-corpus.tsv"
    assert suggestion("europarl.eng") == "europarl or ./europarl"
    assert read(open_source("./europarl", ("en", "fr"))) == [("a", "b")]


def test_a_folder_laid_out_as_on_the_hub(tmp_path: Path) -> None:
    cells = [{"en": "a", "fr": "b"}, None, {"en": None, "fr": "c"}]
    write_parquet(tmp_path / "data" / "train.parquet", {"translation": cells})
    write_parquet(tmp_path / "data" / "dev.parquet", {"translation": cells[:1]})
    configs = "configs:\n- config_name: en-fr\n  data_files:\n  - {split: train, path: data/train.parquet}\n"
    head = f"---\nlicense: mit\n{configs}  - {{split: dev, path: data/dev.parquet}}\n---\n"
    (tmp_path / "README.md").write_text(head)
    source = open_path(tmp_path, "fr-en")
    assert source.splits == ("train", "validation")
    assert read(source) == [("b", "a"), ("", ""), ("c", "")]
    assert source.origin["configuration"] == "en-fr"
    assert source.origin["licence"] == "mit"
    assert source.origin["columns"] == ["translation.fr", "translation.en"]
    assert set(source.inputs()) == {"train.parquet", "dev.parquet"}
    with pytest.raises(UserError, match="nothing for en and de; choose LANGS among what it has: en-fr"):
        open_path(tmp_path, "en-de")


def test_a_folder_without_a_card_and_a_file_that_changes(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "set" / "data" / "train.parquet", {"en": ["a"], "fr": ["b"]})
    source = open_path(tmp_path / "set")
    assert read(source) == read(open_path(path)) == [("a", "b")]
    inputs = source.inputs()
    assert source.files() == [path.resolve()]
    write_parquet(path, {"en": ["c"], "fr": ["d"]})
    assert read(open_path(tmp_path / "set")) == read(open_path(path)) == [("c", "d")]
    assert open_path(tmp_path / "set").inputs() != inputs


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not beside this clone")
def test_a_real_corpus_is_read_whole_and_in_both_directions() -> None:
    source, turned = (open_path(CORPORA / "tatoeba-en-fr", languages) for languages in ("en-fr", "fr-en"))
    counts = {split: sum(len(c.sources) for c in source.chunks(split)) for split in source.splits}
    assert counts == {"train": 158_714, "validation": 1725, "test": 1700}
    assert read(turned, "test") == [(target, en) for en, target in read(source, "test", 999)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tatobea", "no such file or folder, nor a name in the registry; did you mean tatoeba"),
        ("nothing", "known names: phrasebook, tatoeba, talks"),
        ("phrasebok", "did you mean phrasebook"),
        ("{}/tran.tsv", r"did you mean .*/train\.tsv"),
        ("{}/set.tsv", "a folder where a file is expected"),
        ("{}/empty", "empty: the folder is empty"),
        ("{}/notes.txt", r"cannot tell its format: name a \.tsv"),
        ("{}/half", r"half\.fr: missing beside .*half\.en"),
        ("{}/empty.parquet", r"empty\.parquet: the file is empty"),
        ("{}/broken.parquet", r"broken\.parquet: cannot be read as a data set"),
        ("{}/no-rows.parquet", r"no-rows\.parquet: the file has no rows"),
        ("{}/columns.parquet", "no columns for en and fr; there are: de, fr"),
        ("{}/numbers.parquet", "column en holds int64, not text"),
        ("{}/bad-card", "cannot be read as a data set"),
        ("{}/broken-set", "cannot be read as a data set"),
        ("{}/unknown", "cannot be read as a data set"),
        ("{}/script", "script: cannot be read as a data set: RuntimeError: Dataset scripts are no longer supported"),
        ("{}/bad-head", "bad-head/README.md: cannot be read as a data set"),
        ("{}/bad-features", "bad-features: cannot be read as a data set"),
        ("{}/" + "long" * 64, r"long: cannot be read \(File name too long\)"),
        ("{}/locked/corpus.tsv", "no permission to read it"),
        ("", "the name of the corpus is empty"),
        ("~nobody-has-this-name/corpus", "there is no user of this name"),
        ("corpora/my--set", "corpora/my--set: no such file or folder, nor a name"),
        ("données/phrases", "no such file or folder, nor a name"),
    ],
)
def test_each_mistake_is_one_clear_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    for folder in ("set.tsv", "empty", "unknown", "bad-card"):
        (tmp_path / folder).mkdir()
    write_all(tmp_path, {"train.tsv": "a\tb\n", "notes.txt": "a", "half.en": "a\n", "empty.parquet": ""})
    write_all(
        tmp_path,
        {"broken.parquet": "PAR1 not", "unknown/x.bin": "x", "bad-card/README.md": "---\na: [\n---\n"},
    )
    cards = {"bad-head": "1: x", "bad-features": "dataset_info: {features: 3}"}
    for folder, head in cards.items():
        write_parquet(tmp_path / folder / "train.parquet", {"en": ["a"], "fr": ["b"]})
        write_all(tmp_path / folder, {"README.md": f"---\n{head}\n---\n"})
    (tmp_path / "script").mkdir()
    write_all(tmp_path / "script", {"script.py": "", "train.csv": "en,fr\na,b\n"})
    exists = Path.exists

    def is_there(path: Path) -> bool:
        if path.parent.name == "locked":  # root may read everything
            raise PermissionError(errno.EACCES, "Permission denied")
        return exists(path)

    monkeypatch.setattr(Path, "exists", is_there)
    no_rows = {"en": pa.array([], pa.string()), "fr": pa.array([], pa.string())}
    write_parquet(tmp_path / "no-rows.parquet", no_rows)
    write_parquet(tmp_path / "broken-set" / "train.parquet", no_rows)
    write_parquet(tmp_path / "columns.parquet", {"de": ["a"], "fr": ["b"]})
    write_parquet(tmp_path / "numbers.parquet", {"en": [1], "fr": ["b"]})
    with pytest.raises(UserError, match=message) as caught:
        open_source(name.format(tmp_path), ("en", "fr"))
    assert len(str(caught.value).splitlines()) == 1
    assert not caplog.records


def test_notes_are_reported(tmp_path: Path) -> None:
    lines: list[str] = []
    path = write_all(tmp_path, {"a.tsv": "a\tb\n"}) / "a.tsv"
    open_source(str(path), ("en", "fr"), report=lines.append)
    assert len(lines) == 1
    assert "no header line" in lines[0]


def test_importing_is_light_and_output_stays_clean(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", {"en": ["a"], "fr": ["b"]})
    code = (
        "import sys\nfrom data_prep.sources import open_source\n"
        "assert not {'datasets', 'pandas', 'torch'} & set(sys.modules)\n"
        f"source = open_source({str(path)!r}, ('en', 'fr'))\n"
        "assert list(source.chunks('train'))[0].sources == ['a']\n"
        "assert 'torch' not in sys.modules\n"
    )
    environment = os.environ | {
        "HF_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
