"""The API's errors. https://docs.discord.com/developers/topics/opcodes-and-status-codes#json"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NO_CODE = 0


class ApiError(Exception):
    """Answered as ``{"message": …, "code": …}`` with the HTTP `status`."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.more, self.headers = dict(more or {}), dict(headers or {})

    @property
    def json(self) -> dict[str, Any]:
        return {"message": self.message, "code": self.code, **self.more}


def unauthorized() -> ApiError:
    return ApiError(401, NO_CODE, "401: Unauthorized")


def not_found() -> ApiError:
    return ApiError(404, NO_CODE, "404: Not Found")


def method_not_allowed() -> ApiError:
    return ApiError(405, NO_CODE, "405: Method Not Allowed")


_UNKNOWN = {
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "Role": 10011,
    "User": 10013,
    "Webhook": 10015,
    "interaction": 10062,
    "application command": 10063,
}


def unknown(what: str) -> ApiError:
    return ApiError(404, _UNKNOWN[what], f"Unknown {what}")


def bad_request(code: int, message: str) -> ApiError:
    return ApiError(400, code, message)


def forbidden(code: int, message: str) -> ApiError:
    return ApiError(403, code, message)


def missing_access() -> ApiError:
    return forbidden(50001, "Missing Access")


def missing_permissions() -> ApiError:
    return forbidden(50013, "Missing Permissions")


def too_large() -> ApiError:
    return ApiError(413, 40005, "Request entity too large")


def rate_limited(
    seconds: float, *, scope: str = "user", headers: Mapping[str, str] | None = None
) -> ApiError:
    """`scope` is user (a bucket), shared (somebody else's doing) or global; `seconds` are real."""
    message = "The resource is being rate limited."
    if scope == "global":
        message = "You are being rate limited."
    more = {"retry_after": round(seconds, 3), "global": scope == "global"}
    said = {
        "Retry-After": str(max(1, round(seconds))),
        "X-RateLimit-Scope": scope,
        **({"X-RateLimit-Global": "true"} if scope == "global" else {}),
    }
    code = 40062 if scope == "shared" else NO_CODE
    return ApiError(429, code, message, more=more, headers={**(headers or {}), **said})


class Banned(Exception):
    """Cloudflare in front of the API: a page of HTML without a Via header."""
