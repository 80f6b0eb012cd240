"""The servers of one model: which of them takes a request, and what their answers mean."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp

from bot.engine.openai.config import Dialect, OpenAIConfig
from bot.engine.openai.events import complaint
from bot.engine.openai.request import Body
from bot.errors import EngineBusy, EngineDied, ModelUnavailable, RequestFailed

CONNECT = 10.0
"""Seconds."""
ASK_AGAIN = 2.0
"""Seconds between two questions whether a server is up."""
OWNERS: dict[str, Dialect] = {
    "vllm": "vllm", "sglang": "sglang", "llamacpp": "llama.cpp", "library": "ollama",
}  # fmt: skip
"""What ``/models`` says of who made it."""


class NotReached(Exception):
    """A server didn't take the request, so that another one may."""


class Servers:
    def __init__(self, config: OpenAIConfig, session: aiohttp.ClientSession):
        self._config, self._session = config, session
        self._busy: Counter[str] = Counter()

    async def describe(self) -> dict[str, Any]:
        """What the first server that is up says of the model; others may come up later.
        Raises ModelUnavailable."""
        tried = "nothing answered"
        try:
            async with asyncio.timeout(self._config.start_patience):
                while True:
                    for url in self._config.servers:
                        try:
                            return self._named(await self._get(f"{url}/models"), url)
                        except NotReached as error:
                            tried = str(error)
                    await asyncio.sleep(ASK_AGAIN)
        except TimeoutError:
            where = ", ".join(self._config.servers)
            raise ModelUnavailable(
                f"No server answers at {where} ({tried}): start it, or set engine.base_url."
            ) from None

    @asynccontextmanager
    async def post(self, path: str, body: Body) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer of the least busy server that takes the request.

        Raises RequestFailed, EngineBusy, or EngineDied where none can be reached.
        """
        reasons = []
        for url in sorted(self._config.servers, key=self._busy.__getitem__):
            with self._counted(url):
                try:
                    response = await self._taken(url, path, body)
                except NotReached as error:
                    reasons.append(str(error))
                    continue
                async with response:
                    yield response
                return
        raise EngineDied("The model's server can't be reached: {why}.", why=reasons[0])

    async def ask(self, url_path: str, body: Body) -> Any:
        """The JSON that a server answers on a path beside ``/v1``; None where it knows no such."""
        for url in self._config.servers:
            try:
                root = url.removesuffix("/v1")
                async with self._session.post(f"{root}/{url_path}", json=body) as response:
                    return await response.json() if response.status == 200 else None
            except (aiohttp.ClientError, TimeoutError, ValueError):
                continue
        return None

    async def _taken(self, url: str, path: str, body: Body) -> aiohttp.ClientResponse:
        try:
            response = await self._session.post(f"{url}/{path}", json=body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotReached(f"{url}: {_reason(error)}") from error
        if response.status == 200:
            return response
        async with response:
            said = complaint(_parsed(await response.text()))
        match response.status:
            case 429 | 503:
                raise EngineBusy(sum(self._busy.values()))
            case 500 | 502 | 504:
                raise NotReached(f"{url}: HTTP {response.status}")
            case 401 | 403:
                raise RequestFailed("The model's server refuses the key: see engine.api_key_env.")
        raise RequestFailed(
            "The model's server refuses this ({status}): {said}", status=response.status, said=said
        )

    async def _get(self, url: str) -> Any:
        """Raises NotReached."""
        try:
            async with self._session.get(url) as response:
                if response.status in (401, 403):
                    raise ModelUnavailable(f"{url} refuses the key: see engine.api_key_env.")
                if response.status != 200:
                    raise NotReached(f"HTTP {response.status}")
                return await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NotReached(_reason(error)) from error

    def _named(self, listing: Any, url: str) -> dict[str, Any]:
        """Raises ModelUnavailable where the server has other models only."""
        models = listing.get("data") if isinstance(listing, dict) else None
        known = [m for m in models or () if isinstance(m, dict)]
        for model in known:
            if model.get("id") == self._config.model:
                return model
        names = ", ".join(str(model.get("id")) for model in known) or "none"
        raise ModelUnavailable(
            f"{url} has no model {self._config.model!r}, it has: {names}. Set engine.model."
        )

    @contextmanager
    def _counted(self, url: str) -> Iterator[None]:
        self._busy[url] += 1
        try:
            yield
        finally:
            self._busy[url] -= 1


def session(config: OpenAIConfig) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=config.patience)
    key = config.api_key.reveal() if config.api_key else ""
    return aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=timeout,
        connector=aiohttp.TCPConnector(limit=0),
        read_bufsize=2**20,
    )


def dialect_of(model: dict[str, Any]) -> Dialect:
    return OWNERS.get(str(model.get("owned_by")), "openai")


def window_of(model: dict[str, Any]) -> int | None:
    """vLLM and SGLang, then llama.cpp."""
    meta = model.get("meta")
    found = model.get("max_model_len") or (meta.get("n_ctx_train") if isinstance(meta, dict) else 0)
    return found if isinstance(found, int) and found > 0 else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
