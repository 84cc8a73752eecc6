"""Data sets on the Hugging Face Hub, each at one commit, downloaded once and then usable without the network.

The commit is found out first and everything is read at that commit.  Files are fetched to the Hub client's
own cache (`HF_HOME`).  The client itself starts an interrupted file from the beginning in its next run, so
each file is first fetched here to a partial file that a later run continues; its SHA-256 is checked before
the client takes it over.  No code of a data set is ever run.
"""

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from data_prep.errors import UserError
from data_prep.tables import (
    Table,
    choose_configuration,
    configuration_names,
    library_errors,
    licence,
    load_library,
    one_line,
    read_card,
)

CONTACT_SECONDS = 5.0
"""How long the Hub may take to answer the first question.  Three tries with pauses stay under 20 s."""
TRIES = 3
FILE_TRIES = 5

Report = Callable[[str], None]
T = TypeVar("T")


def open_hub(
    repository: str,
    languages: tuple[str, str],
    report: Report,
    *,
    configuration: str | None = None,
    revision: str | None = None,
) -> Table:
    """Open a set of the Hub at `revision` (the newest commit if None), downloading it if it is not cached.

    Raises UserError if the set does not exist, has nothing for the two languages, or is neither reachable nor
    cached.
    """
    load_library()
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # exported at run time

    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise UserError(f"{repository}: no such file or folder, nor a name that a data set can have") from error
    copies = _cached_copies(repository, languages, configuration)
    copy = next((copy for copy in copies if copy.commit == revision), None)
    if copy is None:
        try:
            info = _with_retries(
                lambda: HfApi().dataset_info(repository, revision=revision, timeout=CONTACT_SECONDS),
                tries=1 if copies else TRIES,
                what=repository,
            )
            copy = next((copy for copy in copies if copy.commit == info.sha), None)
            if copy is None:
                copy = _download(repository, str(info.sha), languages, configuration, report)
        except _UnreachableError as error:
            if not copies or revision is not None:
                raise UserError(
                    f"cannot reach {_host()} for the data set {repository} ({error}): try again later, "
                    f"or name a local file or folder (CORPUS=path/to/corpus), "
                    f"or use the built-in corpus (CORPUS=phrasebook)"
                ) from error
            copy = copies[0]
            report(f"cannot reach {_host()} ({error}); using the cached copy of {repository} at {copy.commit}")
    origin: dict[str, object] = {
        "hub": repository,
        "configuration": copy.configuration,
        "revision": copy.commit,
        "licence": licence(read_card(_cached_file(repository, "README.md", copy.commit))),
    }
    what = f"{repository} ({copy.configuration})"
    with library_errors(what):
        dataset = copy.builder.as_dataset()
    return Table(dataset, languages, what, origin, inputs={repository: f"git:{copy.commit}"})


@dataclass(frozen=True)
class _Copy:
    """A set at one commit in one configuration, as Arrow files in the cache."""

    builder: Any

    @property
    def commit(self) -> str:
        return str(self.builder.hash)

    @property
    def configuration(self) -> str:
        return str(self.builder.config.name)


class _UnreachableError(Exception):
    """The Hub does not answer, or not usefully, after all tries."""


def _host() -> str:
    from huggingface_hub import constants

    return constants.ENDPOINT.split("://")[-1]


def _cached_file(repository: str, name: str, commit: str) -> Path:
    """Return where the client keeps a file of a commit, whether it is there or not."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    folder = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repository, repo_type="dataset")
    return folder / "snapshots" / commit / name


def _cached_copies(repository: str, languages: tuple[str, str], configuration: str | None) -> list[_Copy]:
    """Return the cached copies that serve the two languages, newest first."""
    datasets = load_library()
    from datasets.naming import camelcase_to_snakecase
    from datasets.packaged_modules.cache.cache import Cache

    owner, name = repository.split("/")
    root = Path(datasets.config.HF_DATASETS_CACHE) / f"{owner}___{camelcase_to_snakecase(name)}"
    # The layout is ROOT/CONFIGURATION/VERSION/COMMIT; a folder without its info was interrupted.
    infos = [path for path in root.glob("*/*/*/dataset_info.json") if re.fullmatch(r"[0-9a-f]{40}", path.parts[-2])]
    copies = []
    for path in sorted(infos, key=lambda path: path.stat().st_mtime, reverse=True):
        found, version, commit = path.parts[-4:-1]
        # The card tells the configurations that the set has besides the cached ones.
        names = configuration_names(read_card(_cached_file(repository, "README.md", commit)))
        try:
            wanted = configuration or choose_configuration(names or [found], languages, repository)
        except UserError:
            continue
        if found == wanted:
            copies.append(_Copy(Cache(None, name, found, version, commit, repo_id=repository)))
    return copies


def _with_retries(action: Callable[[], T], *, tries: int, what: str) -> T:
    """Return what the action returns, trying again with growing pauses while the network or the Hub fails.

    Raises _UnreachableError if it goes on failing, UserError if the Hub says that there is no such set.
    """
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported at run time

    for attempt in range(1, tries + 1):
        try:
            return action()
        except GatedRepoError as error:
            raise UserError(
                f"{what}: the data set asks you to accept its terms; do so on its page at {_host()}, "
                f"then run `hf auth login`"
            ) from error
        except RevisionNotFoundError as error:
            raise UserError(f"{what}: {_host()} no longer has the revision that is asked for") from error
        except RepositoryNotFoundError as error:
            raise UserError(
                f"{what}: no such data set on {_host()}, nor a file or folder here; check the spelling "
                f"(for a private one run `hf auth login`)"
            ) from error
        except HfHubHTTPError as error:
            status = error.response.status_code
            if status not in (408, 429) and status < 500:
                raise UserError(f"{what}: {_host()} refuses it: {one_line(error)}") from error
            reason: Exception = error
        except OfflineModeIsEnabled as error:
            raise _UnreachableError("HF_HUB_OFFLINE is set") from error
        except (httpx.TransportError, ConnectionError) as error:
            reason = error
        except LocalEntryNotFoundError as error:
            reason = error.__cause__ if isinstance(error.__cause__, Exception) else error
        if attempt < tries:
            time.sleep(2.0 ** (attempt - 1))
    raise _UnreachableError(one_line(reason)) from reason


def _download(
    repository: str, commit: str, languages: tuple[str, str], configuration: str | None, report: Report
) -> _Copy:
    """Download a set at one commit into the cache."""
    datasets = load_library()
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    def card() -> dict[str, Any]:
        try:
            name = hf_hub_download(repository, "README.md", repo_type="dataset", revision=commit)
        except LocalEntryNotFoundError:
            raise
        except EntryNotFoundError:
            return {}
        return read_card(Path(name))

    names = configuration_names(_with_retries(card, tries=TRIES, what=repository))
    if configuration is not None and names and configuration not in names:
        raise UserError(f"{repository}: no configuration {configuration}; there are: {', '.join(names[:20])}")
    wanted = configuration or choose_configuration(names, languages, repository)

    def resolve() -> Any:
        builder = datasets.load_dataset_builder(repository, wanted, revision=commit)
        if builder.hash != commit:  # `datasets` falls back on any copy in its cache when the network fails
            raise ConnectionError("the list of files could not be fetched")
        return builder

    report(f"downloading {repository} ({wanted or 'default'}) at {commit} from {_host()}")
    with library_errors(repository):
        builder = _with_retries(resolve, tries=TRIES, what=repository)
        prefix = f"hf://datasets/{repository}@{commit}/"
        for file in [file for group in builder.config.data_files.values() for file in group]:
            name = str(file).removeprefix(prefix)
            if name != file and not _cached_file(repository, name, commit).exists():
                _with_retries(partial(_fetch, repository, name, commit), tries=FILE_TRIES, what=name)
        _with_retries(lambda: builder.download_and_prepare(verification_mode="no_checks"), tries=TRIES, what=repository)
    return _Copy(builder)


def _fetch(repository: str, name: str, commit: str) -> None:
    """Put one file in the client's cache, continuing a partial download, and check it.

    The client takes over a file that it finds in its `blobs` folder under the name of its ETag, which for
    all but small files is the SHA-256 of the contents.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import (  # type: ignore[attr-defined]  # exported at run time
        WeakFileLock,
        build_hf_headers,
    )

    url = hf_hub_url(repository, name, repo_type="dataset", revision=commit)
    about = get_hf_file_metadata(url, timeout=CONTACT_SECONDS)
    if about.etag and re.fullmatch(r"[0-9a-f]{64}", about.etag):
        snapshots = _cached_file(repository, "", commit).parent
        blob = snapshots.parent / "blobs" / about.etag
        blob.parent.mkdir(parents=True, exist_ok=True)
        unfinished = blob.with_suffix(".incomplete")
        with WeakFileLock(blob.with_suffix(".lock")):
            if not blob.exists():
                with unfinished.open("ab") as file:
                    http_get(
                        url,
                        file,
                        resume_size=file.tell(),
                        headers=build_hf_headers(),
                        expected_size=about.size,
                        displayed_filename=name,
                    )
                with unfinished.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                if digest != about.etag:
                    unfinished.unlink()
                    raise ConnectionError(f"{name} arrived damaged")
                unfinished.rename(blob)
    hf_hub_download(repository, name, repo_type="dataset", revision=commit)
