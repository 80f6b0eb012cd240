"""The buttons under a reply. A button's id is a key into the store, so that it works after a
restart; it carries nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from bot import texts
from bot.delivery.draft import ButtonSet, Draft
from bot.store import ButtonRecord, Store
from bot.types import Button, Turn, TurnState


class Action(StrEnum):
    ANSWER_NOW = "answer_now"
    STOP = "stop"
    CANCEL = "cancel"
    REGENERATE = "regenerate"
    TRY_AGAIN = "try_again"
    CONTINUE = "continue"
    THOUGHTS = "thoughts"
    PREVIOUS = "previous"
    NEXT = "next"


LABELS: Mapping[Action, texts.Text] = {
    Action.ANSWER_NOW: texts.ANSWER_NOW,
    Action.STOP: texts.STOP,
    Action.CANCEL: texts.CANCEL,
    Action.REGENERATE: texts.REGENERATE,
    Action.TRY_AGAIN: texts.TRY_AGAIN,
    Action.CONTINUE: texts.CONTINUE,
    Action.THOUGHTS: texts.SHOW_THINKING,
    Action.PREVIOUS: texts.PREVIOUS,
    Action.NEXT: texts.NEXT,
}


async def under_way(turn: Turn, store: Store, *, drafts: bool) -> ButtonSet:
    """For a reply that is being made; the network's drafts of an answer carry none."""
    cancel, answer_now, stop = await _make(
        turn, store, [Action.CANCEL, Action.ANSWER_NOW, Action.STOP]
    )
    answering = () if drafts else (stop,)
    return ButtonSet(waiting=(cancel,), thinking=(answer_now, stop), answering=answering)


async def ended(turn: Turn, store: Store, draft: Draft) -> tuple[Button, ...]:
    """For a reply that is over; the buttons of its making stop working."""
    await store.drop_buttons(turn)
    variants = await store.variants(turn)
    count = len(variants.replies)
    buttons = await _make(turn, store, _fitting(draft, count))
    return tuple(_numbered(buttons, variants.chosen + 1, count))


def _fitting(draft: Draft, variants: int) -> list[Action]:
    actions = [Action.REGENERATE if draft.state is TurnState.DONE else Action.TRY_AGAIN]
    if draft.finish == "length" or (draft.state is TurnState.INTERRUPTED and draft.text):
        actions.append(Action.CONTINUE)
    if draft.reasoning.strip():
        actions.append(Action.THOUGHTS)
    if variants > 1:
        actions += [Action.PREVIOUS, Action.NEXT]
    return actions


def _numbered(buttons: Iterable[Button], number: int, count: int) -> Iterable[Button]:
    """‹ 2/3 ›: the number stands on the button that leads on."""
    for button in buttons:
        if button.label == texts.NEXT():
            yield Button(f"{texts.variant(number, count)} {texts.NEXT()}", button.id)
        else:
            yield button


async def _make(turn: Turn, store: Store, actions: Iterable[Action]) -> list[Button]:
    actions = list(actions)
    ids = await store.add_buttons(
        [ButtonRecord(turn.id, action, turn.message.author) for action in actions]
    )
    return [Button(LABELS[a](), key) for a, key in zip(actions, ids, strict=True)]
