"""A small stand-in for the Hugging Face Hub on 127.0.0.1: as much of its HTTP interface as data sets need.

Files are served as the Hub serves them: small ones directly, Parquet by a redirect to another host with the
SHA-256 as the ETag.  Faults can be ordered: answers of 503, and connections cut in the middle of a file.
"""

import hashlib
import json
import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit

import yaml  # type: ignore[import-untyped]


@dataclass
class Repository:
    """One data set at one commit."""

    files: dict[str, bytes]
    commit: str

    @property
    def card(self) -> dict[str, object]:
        head = self.files.get("README.md", b"").decode().split("---")
        return (yaml.safe_load(head[1]) or {}) if len(head) > 1 else {}

    def entries(self, folder: str, recursive: bool) -> list[dict[str, object]]:
        """Describe files and folders under a folder, as the Hub's tree listing does."""
        prefix = f"{folder}/" if folder else ""
        found: dict[str, dict[str, object]] = {}
        for path, content in self.files.items():
            if path.startswith(prefix):
                first, _, rest = path.removeprefix(prefix).partition("/")
                if rest:
                    found.setdefault(prefix + first, {"type": "directory", "oid": "0" * 40, "size": 0})
                if recursive or not rest:
                    found[path] = {"type": "file", "oid": _git_id(content), "size": len(content)}
        return [{"path": path} | entry for path, entry in found.items()]


def _git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Hub:
    """The server; use it as a context."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    log: list[tuple[str, str, str | None, int]] = field(default_factory=list)
    """Each request: method, path, Range header, status."""
    authorised: list[str] = field(default_factory=list)
    """Path of each request that came with a token."""
    busy: dict[str, int] = field(default_factory=dict)
    """Part of a path → how many more requests for it are answered with 503."""
    cuts: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)
    """File name → after how many bytes its next downloads are cut, and whether by a reset."""

    def __enter__(self) -> "Hub":
        hub = self

        class BoundHandler(Handler):
            pass

        BoundHandler.hub = hub
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), BoundHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def add(self, name: str, files: dict[str, bytes]) -> str:
        """Publish files as the newest commit of a data set; return the commit."""
        commit = hashlib.sha1(repr((name, sorted(files.items()))).encode()).hexdigest()
        self.repositories[name] = Repository(files, commit)
        return commit

    def requests(self, part: str, method: str = "GET") -> list[tuple[str | None, int]]:
        """Return Range header and status of the requests whose path contains a text."""
        return [(ranged, status) for verb, path, ranged, status in self.log if verb == method and part in path]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        if self.headers.get("Authorization"):
            self.hub.authorised.append(path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for part in self.hub.busy:
            if part in path and self.hub.busy[part] > 0:
                self.hub.busy[part] -= 1
                return self._send(503, b"busy")
        if match := re.fullmatch(r"/cdn/([^/]+/[^/]+)/(.+)", path):
            return self._content(self.hub.repositories[match[1]].files[match[2]], match[2], {})
        match = re.fullmatch(
            r"/api/datasets/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/([^/]+)(?:/(.*))?)?", path
        ) or re.fullmatch(r"/datasets/([^/]+/[^/]+)/(resolve)/([^/]+)/(.+)", path)
        if match is None:
            return self._error("EntryNotFound")
        name, action, revision, rest = match[1], match[2], match[3], match[4] or ""
        repository = self.hub.repositories.get(name)
        if repository is None:
            return self._error("RepoNotFound")
        if revision not in (None, "main", repository.commit):
            return self._error("RevisionNotFound")
        if action == "resolve":
            return self._resolve(name, repository, rest)
        if action == "tree":
            recursive = parse_qs(url.query).get("recursive", [""])[0].lower() in ("true", "1")
            entries = repository.entries(rest, recursive)
            return self._json(entries) if entries else self._error("EntryNotFound")
        if action == "paths-info":
            sent = self.headers.get("Content-Type") or ""
            paths = json.loads(body)["paths"] if "json" in sent else parse_qs(body.decode())["paths"]
            wanted = [paths] if isinstance(paths, str) else paths
            return self._json([entry for entry in repository.entries("", True) if entry["path"] in wanted])
        files = [{"rfilename": path} for path in repository.files]
        return self._json({"id": name, "sha": repository.commit, "cardData": repository.card, "siblings": files})

    def _resolve(self, name: str, repository: Repository, path: str) -> None:
        if path not in repository.files:
            return self._error("EntryNotFound", {"X-Repo-Commit": repository.commit})
        content = repository.files[path]
        headers = {"X-Repo-Commit": repository.commit}
        if not path.endswith(".parquet"):
            return self._content(content, path, headers | {"ETag": f'"{_git_id(content)}"'})
        headers["X-Linked-ETag"] = f'"{hashlib.sha256(content).hexdigest()}"'
        headers["X-Linked-Size"] = str(len(content))
        headers["Location"] = f"http://localhost:{self.server.server_port}/cdn/{name}/{path}"  # type: ignore[attr-defined]
        return self._send(302, b"", headers)

    def _content(self, content: bytes, path: str, headers: dict[str, str]) -> None:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if match is None or self.command == "HEAD":
            return self._send(200, content, headers, path)
        first = int(match[1])
        if first >= len(content):
            return self._send(416, b"")
        headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        return self._send(206, content[first:], headers, path)

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _error(self, code: str, headers: dict[str, str] | None = None) -> None:
        self._send(404, b"", {"X-Error-Code": code} | (headers or {}))

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None, path: str | None = None) -> None:
        self.hub.log.append((self.command, unquote(self.path), self.headers.get("Range"), status))
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        cuts = self.hub.cuts.get(path or "")
        if cuts:
            size, reset = cuts.pop(0)
            self.wfile.write(body[:size])
            self.wfile.flush()
            self.close_connection = True
            if reset:  # closing with unsent time 0 sends a reset instead of an orderly end
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.wfile.write(body)
