"""What went wrong with a request: problem details (RFC 9457) with a stable code, the place and the remedy."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"
"""Media type of every answer that is an error."""
CODES: Mapping[str, tuple[int, str]] = {
    "bad-request": (400, "The request cannot be understood"),
    "invalid": (422, "A value of the request is wrong"),
    "token-missing": (401, "A token is needed"),
    "token-wrong": (401, "The token is wrong"),
    "too-many-wrong-tokens": (429, "Too many wrong tokens"),
    "cross-site": (403, "The request comes from another site"),
    "unknown-host": (421, "The daemon is not known by this name"),
    "unknown-path": (404, "There is no such path"),
    "unknown-document": (404, "There is no such document"),
    "unknown-folder": (404, "There is no such folder"),
    "unknown-output": (404, "There is no such output"),
    "unknown-scan": (404, "The scan is not there"),
    "not-in-review": (404, "The document is not in review"),
    "refused": (409, "The decision cannot be taken"),
    "wrong-method": (405, "The path does not take this method"),
    "too-large": (413, "The request is too large"),
    "not-json": (415, "The body has to be JSON"),
    "storage": (503, "The ledger or a folder cannot be used now"),
    "not-ready": (503, "The daemon is not ready"),
    "busy": (503, "Too many streams are open"),
    "internal": (500, "The daemon failed to answer"),
}
"""By code: the status of the answer, and its title. Codes never change their meaning."""


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """The body of an answer that is an error."""

    type: str
    """``about:blank``: the code says what it is."""
    title: str
    status: int
    code: str
    """One of a fixed list, for programs."""
    detail: str
    """What happened, in a sentence for a person."""
    instance: str
    """Path of the request."""
    remedy: str
    """What to do about it."""
    where: str | None = None
    """The part of the request that is wrong, such as ``query.limit`` or ``body.ids``."""


class Problem(Exception):
    """Ends a request with an error."""

    def __init__(
        self,
        code: str,
        detail: str,
        remedy: str,
        *,
        where: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.remedy, self.where = code, detail, remedy, where
        self.headers = dict(headers or {})

    def response(self, path: str) -> JSONResponse:
        """Return the answer to a request of this path."""
        status, title = CODES[self.code]
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": title,
            "status": HTTPStatus(status).value,
            "code": self.code,
            "detail": self.detail,
            "instance": path,
            "remedy": self.remedy,
        }
        if self.where is not None:
            body["where"] = self.where
        return JSONResponse(body, status, self.headers, MEDIA_TYPE)
