"""One request under way: its sequence, its text, its dice and its times."""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import replace

from bot.engine.local.mailbox import Submit
from bot.engine.local.sampler import Sampled
from bot.engine.local.sampling import SamplingState
from bot.engine.local.sequence import Sequence
from bot.engine.local.transcript import Piece, Transcript
from bot.engine.local.vocabulary import Vocabulary
from bot.errors import PromptTooLong
from bot.types import Chunk, FinishReason, Logprob, Usage


class Generation:
    """Raises PromptTooLong when `window` tokens have no room for a reply, and RequestFailed when
    the conversation or its parameters can't be used."""

    def __init__(self, request: Submit, vocabulary: Vocabulary, window: int, vocab_size: int):
        self.id, self.control, self.context = request.id, request.control, request.context
        prompt = vocabulary.encode(request.messages, thinking=request.params.thinking)
        room = window - len(prompt.ids)
        if room < 1:
            raise PromptTooLong(len(prompt.ids), window - 1)
        most = max(1, min(request.params.max_new_tokens, room))
        params = replace(request.params, max_new_tokens=most)
        self.sequence = Sequence(list(prompt.ids), arrival=request.id)
        self.transcript = Transcript(vocabulary, prompt, params)
        self.state = SamplingState(params, prompt.ids, vocabulary.eos_ids, vocab_size)
        self.position: int | None = None
        self._vocabulary = vocabulary
        self._prompt_tokens = len(prompt.ids)
        self._time_limit = params.time_limit
        self._submitted = request.time
        self.started: float | None = None
        self._first: float | None = None

    def take(self, sampled: Sampled, now: float) -> list[Chunk]:
        """The model's next token, and those that are forced after it."""
        if self._first is None:
            self._first = now
        logprob = self._vocabulary.logprob(sampled.logprob) if sampled.logprob else None
        pieces, finish = self._push(sampled.token, logprob)
        return self._follow(pieces, finish, now)

    def poll(self, now: float) -> list[Chunk]:
        """What somebody or the clock wants of a started request before the next step."""
        if self._time_limit is not None and now - (self.started or now) >= self._time_limit:
            return self._chunks([], "time", now)
        if self.control.answer_now:
            self.transcript.answer_now()
        return self._follow([], None, now)

    def _follow(self, pieces: list[Piece], finish: FinishReason | None, now: float) -> list[Chunk]:
        while finish is None and self.transcript.forced:
            more, finish = self._push(self.transcript.forced.popleft(), None)
            pieces += more
        return self._chunks(pieces, finish, now)

    def _push(self, token: int, logprob: Logprob | None) -> tuple[list[Piece], FinishReason | None]:
        self.state.accept(token)
        self.sequence.tokens.append(token)
        step = self.transcript.push(token, logprob)
        return list(step.pieces), step.finish

    def _chunks(self, pieces: list[Piece], finish: FinishReason | None, now: float) -> list[Chunk]:
        if finish is None:
            return _merged(pieces)
        chunks = _merged([*pieces, *self.transcript.close()])
        if not chunks:
            chunks = [Chunk(self.transcript.kind, "")]
        chunks[-1] = replace(chunks[-1], finish=finish, usage=self._usage(now))
        return chunks

    def _usage(self, now: float) -> Usage:
        started, first = self.started or now, self._first or now
        return Usage(
            prompt_tokens=self._prompt_tokens,
            reused_tokens=self.sequence.reused,
            reasoning_tokens=self.transcript.reasoning_tokens,
            text_tokens=self.transcript.text_tokens,
            queue_seconds=started - self._submitted,
            first_token_seconds=first - self._submitted,
            total_seconds=now - self._submitted,
        )


def _merged(pieces: Many[Piece]) -> list[Chunk]:
    """One chunk for each run of pieces of a kind."""
    chunks: list[Chunk] = []
    for piece in pieces:
        if chunks and chunks[-1].kind == piece.kind:
            last = chunks[-1]
            chunks[-1] = replace(
                last,
                text=last.text + piece.text,
                tokens=last.tokens + piece.tokens,
                logprobs=last.logprobs + piece.logprobs,
            )
        else:
            chunks.append(Chunk(piece.kind, piece.text, piece.tokens, logprobs=piece.logprobs))
    return chunks
