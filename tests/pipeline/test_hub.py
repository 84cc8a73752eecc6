"""The real Hub client against a local server, in a process of its own since it reads its endpoint at import."""

import hashlib
import io
import json
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.hub_server import Hub

CLIENT = """
import contextlib, json, sys
import huggingface_hub.constants
huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE = 4096  # bytes reach the disk in steps of this
from data_prep import hub
from data_prep.errors import UserError
from data_prep.sources import open_source
hub.time.sleep = lambda seconds: None
for line in sys.stdin:
    order, reports = json.loads(line), []
    hub.FILE_TRIES = order.get("tries", 5)
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        try:
            source = open_source(order["name"], order["languages"], report=reports.append)
            pairs = {split: [pair for chunk in source.chunks(split, 700)
                             for pair in zip(chunk.sources, chunk.targets)] for split in source.splits}
            answer = {"origin": source.origin, "pairs": pairs}
            answer |= {"inputs": source.inputs(), "files": source.files()}
        except UserError as error:
            answer = {"error": str(error)}
    print(json.dumps(answer | {"reports": reports, "torch": "torch" in sys.modules}), file=out, flush=True)
"""


class Client:
    """A process that opens sources of a Hub and tells what it got."""

    def __init__(self, endpoint: str, home: Path) -> None:
        environment = os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_TOKEN": "secret"}
        for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_CACHE", "HF_DATASETS_CACHE"):
            environment.pop(name, None)
        root = Path(__file__).parents[2]
        self.errors = home / "stderr"
        home.mkdir(exist_ok=True)
        with self.errors.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-c", CLIENT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=root,
                env=environment,
            )

    def open(self, name: str, languages: str = "en-fr", **options: int) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        order = {"name": name, "languages": languages.split("-")} | options
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, self.errors.read_text()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


def parquet(columns: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, compression="none")
    return buffer.getvalue()


def pairs_of(number: int, seed: int = 1) -> list[list[str]]:
    rng = random.Random(seed)
    return [[f"{i} {rng.random()} house", f"{i} {rng.random()} maison"] for i in range(number)]


def card(*configurations: str, splits: tuple[str, ...] = ("train",)) -> bytes:
    lines = ["---", "license: cc-by-4.0", "configs:"]
    for name in configurations:
        lines += [f"- config_name: {name}", "  data_files:"]
        lines += [f"  - {{split: {split}, path: {name}/{split}-*}}" for split in splits]
    return "\n".join([*lines, "---", ""]).encode()


def english_set(pairs: list[list[str]], held_out: list[list[str]]) -> dict[str, bytes]:
    """Lay out a set as the parallel sentences of sentence-transformers are."""
    english, other = ([pair[side] for pair in pairs] for side in (0, 1))
    dev = {"english": [pair[0] for pair in held_out], "non_english": [pair[1] for pair in held_out]}
    return {
        "README.md": card("en-de", "en-fr", splits=("train", "dev")),
        "en-fr/train-00000-of-00001.parquet": parquet({"english": english, "non_english": other}),
        "en-fr/dev-00000-of-00001.parquet": parquet(dev),
        "en-de/train-00000-of-00001.parquet": parquet({"english": ["a"], "non_english": ["ein"]}),
        "en-de/dev-00000-of-00001.parquet": parquet({"english": ["the"], "non_english": ["der"]}),
    }


def one_file_set(pairs: list[list[str]]) -> dict[str, bytes]:
    cells = [{"en": source, "fr": target} for source, target in pairs]
    return {"README.md": card("en-fr"), "en-fr/train-0.parquet": parquet({"translation": cells})}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


@pytest.fixture(scope="module")
def client(hub: Hub, home: Path) -> Iterator[Client]:
    client = Client(hub.endpoint, home)
    yield client
    client.close()


def test_a_registered_set_is_downloaded_at_its_commit(hub: Hub, client: Client) -> None:
    pairs, held_out = pairs_of(2000), pairs_of(5, seed=2)
    name = "sentence-transformers/parallel-sentences-tatoeba"
    commit = hub.add(name, english_set(pairs, held_out))
    answer = client.open("tatoeba", "fr-en")
    assert answer["pairs"]["train"] == [[target, source] for source, target in pairs]
    assert answer["pairs"]["validation"] == [[target, source] for source, target in held_out]
    assert answer["origin"] == {
        "name": "tatoeba",
        "hub": name,
        "configuration": "en-fr",
        "revision": commit,
        "licence": "cc-by-4.0",
        "columns": ["non_english", "english"],
    }
    assert answer["inputs"] == {name: f"git:{commit}"}
    assert answer["files"] == []
    assert any(f"downloading {name} (en-fr) at {commit}" in line for line in answer["reports"])
    assert not answer["torch"]
    assert not hub.requests("/cdn/sentence-transformers/parallel-sentences-tatoeba/en-de")
    # A second time only the commit is asked for, and with it what is cached is used.
    before = len(hub.log)
    again = client.open("tatoeba", "fr-en")
    assert again["pairs"] == answer["pairs"]
    assert again["origin"] == answer["origin"]
    assert len(hub.log) == before + 1
    assert client.errors.read_text() == ""


def test_a_new_commit_is_fetched(hub: Hub, client: Client) -> None:
    old = hub.add("Owner/MovingSet", one_file_set(pairs_of(10, seed=3)))
    assert client.open("Owner/MovingSet")["origin"]["revision"] == old
    new = hub.add("Owner/MovingSet", one_file_set(pairs_of(10, seed=4)))
    answer = client.open("Owner/MovingSet")
    assert answer["origin"]["revision"] == new
    assert answer["pairs"]["train"] == pairs_of(10, seed=4)


def test_flat_columns_and_a_set_without_a_card(hub: Hub, client: Client) -> None:
    rows = {"text.en": ["A dog.", None], "text.fr": ["Un chien.", "Un chat."]}
    hub.add("amitkparekh/HWU-F21NL-multi30k", {"data/train-00000-of-00001.parquet": parquet(rows)})
    answer = client.open("multi30k")
    assert answer["pairs"] == {"train": [["A dog.", "Un chien."], ["", "Un chat."]]}
    assert answer["origin"]["licence"] is None
    assert client.open("multi30k")["pairs"] == answer["pairs"]


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_connection_is_resumed(hub: Hub, client: Client, reset: bool) -> None:
    pairs, name = pairs_of(3000, seed=5 + reset), f"owner/cut-{reset}"
    files = one_file_set(pairs)
    hub.add(name, files)
    size = len(files["en-fr/train-0.parquet"])
    hub.cuts["en-fr/train-0.parquet"] = [(size // 3, reset), (size // 3, reset)]
    answer = client.open(name)
    assert answer["pairs"]["train"] == pairs
    ranges = [ranged for ranged, status in hub.requests(f"/cdn/{name}") if status in (200, 206)]
    assert len(ranges) == 3
    assert ranges[0] is None
    starts = [int((ranged or "bytes=0-")[len("bytes=") : -1]) for ranged in ranges]
    # What a reset throws away depends on the system; after an orderly end all whole steps are kept.
    assert starts == sorted(starts)
    if not reset:
        assert size // 3 - 4096 <= starts[1] <= size // 3
        assert 2 * (size // 3 - 4096) <= starts[2] <= 2 * (size // 3)


def test_a_download_that_was_given_up_is_continued_later(hub: Hub, client: Client) -> None:
    pairs, name = pairs_of(3000, seed=8), "owner/given-up"
    files = one_file_set(pairs)
    hub.add(name, files)
    # Once cut in mid-file, then at once whenever the client tries to go on.
    hub.cuts["en-fr/train-0.parquet"] = [(100_000, False)] + 5 * [(0, False)]
    answer = client.open(name, tries=1)
    assert_unreachable(answer, name)
    assert not hub.cuts["en-fr/train-0.parquet"]
    before = len(hub.log)
    assert client.open(name)["pairs"]["train"] == pairs
    ranges = [ranged for _, path, ranged, status in hub.log[before:] if "/cdn/" in path]
    assert ranges == ["bytes=98304-"]


def test_a_damaged_partial_file_is_not_used(hub: Hub, client: Client, home: Path) -> None:
    pairs, name = pairs_of(3000, seed=10), "owner/damaged"
    files = one_file_set(pairs)
    hub.add(name, files)
    etag = hashlib.sha256(files["en-fr/train-0.parquet"]).hexdigest()
    blobs = home / "hub" / "datasets--owner--damaged" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{etag}.incomplete").write_bytes(b"x" * 1000)
    assert client.open(name)["pairs"]["train"] == pairs
    assert [ranged for ranged, _ in hub.requests(f"/cdn/{name}")] == ["bytes=1000-", None]


def test_a_busy_hub_is_asked_again(hub: Hub, client: Client) -> None:
    name = "owner/busy"
    hub.add(name, one_file_set(pairs_of(10, seed=9)))
    hub.busy[f"/api/datasets/{name}"] = 2
    hub.busy[f"/cdn/{name}"] = 1
    assert client.open(name)["pairs"]["train"] == pairs_of(10, seed=9)
    assert [status for _, status in hub.requests(f"/api/datasets/{name}")][:3] == [503, 503, 200]
    assert [status for _, status in hub.requests(f"/cdn/{name}")] == [503, 200]


def test_the_token_is_not_sent_to_another_host(hub: Hub, client: Client) -> None:
    hub.add("owner/secret", one_file_set(pairs_of(1)))
    assert client.open("owner/secret")["pairs"]["train"] == pairs_of(1)
    assert any("/api/datasets/owner/secret" in path for path in hub.authorised)
    assert not any("/cdn/" in path for path in hub.authorised)


@pytest.mark.parametrize(
    ("name", "languages", "message"),
    [
        ("owner/none", "en-fr", "owner/none: no such data set on 127.0.0.1"),
        ("owner/several", "en-it", "nothing for en and it; choose LANGS among what it has: en-de, en-fr"),
        ("owner/several:fr-it", "fr-it", "no configuration fr-it; there are: en-de, en-fr"),
        ("owner/test-only", "en-fr", "no split named train; there are: test"),
        ("owner/other-columns", "en-fr", "no columns for en and fr; there are: id, translation {en, de}"),
        ("owner/numbers", "en-fr", "column en holds int64, not text"),
        ("owner/no-data", "en-fr", "cannot be read as a data set"),
        ("owner/broken", "en-fr", "cannot be read as a data set"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(
    hub: Hub, client: Client, name: str, languages: str, message: str
) -> None:
    hub.add("owner/several", english_set(pairs_of(3), pairs_of(3)))
    hub.add("owner/test-only", {"test.parquet": parquet({"en": ["a"], "fr": ["b"]})})
    translation = [{"en": "a", "de": "b"}]
    hub.add("owner/other-columns", {"train.parquet": parquet({"id": [1], "translation": translation})})
    hub.add("owner/numbers", {"train.parquet": parquet({"en": [1], "fr": ["b"]})})
    hub.add("owner/no-data", {"README.md": b"nothing here"})
    hub.add("owner/broken", {"train.parquet": b"PAR1 this is no Parquet file PAR1"})
    answer = client.open(name, languages)
    assert message in answer["error"]
    assert len(answer["error"].splitlines()) == 1


def assert_unreachable(answer: dict[str, Any], name: str) -> None:
    assert "pairs" not in answer
    assert len(answer["error"].splitlines()) == 1
    for part in (name, "cannot reach 127.0.0.1", "try again", "CORPUS=path/to/corpus", "CORPUS=phrasebook"):
        assert part in answer["error"]


def test_without_network_what_is_cached_is_used(hub: Hub, client: Client, home: Path) -> None:
    commits = {
        "owner/OneSet": hub.add("owner/OneSet", one_file_set(pairs_of(10))),
        "owner/two-pairs": hub.add("owner/two-pairs", english_set(pairs_of(20), pairs_of(3))),
    }
    online = {name: client.open(name) for name in commits}
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        offline = Client(endpoint, home)
        for name, commit in commits.items():
            answer = offline.open(name)
            assert answer["pairs"] == online[name]["pairs"]
            assert answer["origin"] == online[name]["origin"]
            assert len(answer["reports"]) == 1
            assert f"using the cached copy of {name} at {commit}" in answer["reports"][0]
        # Neither a set that was never opened nor another configuration of one that was.
        assert_unreachable(offline.open("owner/never"), "owner/never")
        assert_unreachable(offline.open("owner/two-pairs", "en-de"), "owner/two-pairs")
        offline.close()
