"""Who is answered, and how that is decided from the chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import texts
from bot import texts_for_people as said
from bot.pairing import TRIES
from bot.types import Place, UserRef
from tests.core.house import ANNA, BEN, CHAT, People, open_house

pytestmark = pytest.mark.slow

CARL = UserRef("fake", "3", "Carl")
ALONE = Place("fake", "alone", private=True)
ELSEWHERE = Place("fake", "random", server="guild")
IN_GUILD = Place("fake", "lobby", server="guild")
CLOSED = {"owner": ["fake:1"]}


async def is_answered(people: People, user: UserRef, place: Place = CHAT) -> bool:
    """Asked for a sentence that only those hear who are answered."""
    before = len(people.network.messages(place))
    people.say(f"is {user.name} answered", user=user, place=place)
    people.say("the end", user=ANNA, place=place)
    await people.see_last("You said: the end", place=place)
    new = people.network.texts(place)[before:]
    return f"You said: is {user.name} answered" in new


async def test_a_stranger_is_told_once_a_day_what_to_give_to_the_owner(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        for _ in range(3):
            people.say("hello", user=BEN)
        people.command("/new", user=BEN)
        people.say("the end")
        await people.see(texts.closed(BEN), "You said: the end")


@pytest.mark.parametrize("who", ["fake:2", "2", "<@2>", "<@!2>"])
async def test_an_owner_admits_and_turns_away_by_mention_or_id(tmp_path: Path, who: str) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        assert not await is_answered(people, BEN)
        await people.answer(f"/allow {who}")
        assert await is_answered(people, BEN)
        await people.answer(f"/deny {who}")
        assert not await is_answered(people, BEN)


async def test_a_reply_says_who_is_meant(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        people.command("/allow", about=BEN)
        await people.see_some("fake:2")
        assert await is_answered(people, BEN)


async def test_without_anybody_meant_it_is_asked_who(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        assert "Whom do you mean?" in (await people.answer("/allow")).text
        assert "nobody that I know" in (await people.answer("/allow Ben!")).text


async def test_what_is_decided_here_holds_here(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        await people.answer("/allow 2")
        assert not await is_answered(people, BEN, ELSEWHERE)


async def test_what_is_decided_for_the_server_holds_in_its_chats(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        await people.answer("/allow 2 server", place=ELSEWHERE)
        assert await is_answered(people, BEN, IN_GUILD)
        assert "no server" in (await people.answer("/allow 2 server")).text


async def test_what_an_owner_decides_in_private_holds_everywhere(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        await people.answer("/allow 2", place=ALONE)
        assert await is_answered(people, BEN)


async def test_a_role_of_the_network_is_admitted(tmp_path: Path) -> None:
    staff = UserRef("fake", "4", "Dora", roles=("77",))
    async with open_house(tmp_path, access=CLOSED) as people:
        await people.answer("/allow <@&77>")
        assert await is_answered(people, staff)
        assert not await is_answered(people, CARL)


async def test_a_place_is_opened_to_everyone_and_closed_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        await people.answer("/allow everyone")
        assert await is_answered(people, CARL)
        await people.answer("/deny everyone")
        assert not await is_answered(people, CARL)


async def test_who_is_blocked_hears_nothing_until_the_block_is_taken_back(tmp_path: Path) -> None:
    async with open_house(tmp_path, access={**CLOSED, "allow": ["everyone"]}) as people:
        await people.answer("/block 2")
        before = people.network.texts(CHAT)
        people.say("hello", user=BEN)
        people.command("/help", user=BEN)
        people.say("the end")
        await people.see(*before, "You said: the end")
        await people.answer("/unblock 2")
        assert await is_answered(people, BEN)
        assert "nothing to take back" in (await people.answer("/unblock 2")).text


async def test_who_is_blocked_presses_no_button(tmp_path: Path) -> None:
    async with open_house(tmp_path, access={**CLOSED, "allow": ["everyone"]}) as people:
        people.say("hello", user=BEN)
        await people.see("You said: hello")
        await people.answer("/block 2")
        people.press(texts.REGENERATE(), user=BEN)
        people.say("the end")
        await people.see_last("You said: the end")
        turn = await people.house.chat.store.turn(2)
        assert turn is not None
        assert turn.turn.message.text == "the end"


async def test_everyone_cannot_be_blocked(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        assert "/deny everyone" in (await people.answer("/block everyone")).text


async def test_an_administrator_decides_about_users_of_the_place_and_no_further(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, access={**CLOSED, "allow": ["fake:2"]}) as people:
        people.network.admins |= {BEN, CARL}
        await people.answer("/allow 3", user=BEN)
        assert "Only an owner" in (await people.answer("/allow 4 everywhere", user=BEN)).text
        assert "owner is decided" in (await people.answer("/block 1", user=BEN)).text
        assert "as much to say" in (await people.answer("/block 3", user=BEN)).text
        assert "for the role owner" in (await people.answer("/grant 4", user=BEN)).text


async def test_an_owner_makes_an_administrator_and_takes_that_back(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        await people.answer("/grant 2")
        await people.answer("/allow 3", user=BEN)
        assert await is_answered(people, CARL)
        await people.answer("/revoke 2")
        assert not await is_answered(people, BEN)


async def test_who_may_what_is_shown_with_where_it_was_decided(tmp_path: Path) -> None:
    async with open_house(tmp_path, access={**CLOSED, "allow": ["fake:9"]}) as people:
        assert (await people.answer("/access", place=ALONE)).text.startswith(
            "- fake:9, in the config"
        )
        await people.answer("/allow 2")
        await people.answer("/block 3 everywhere")
        assert (await people.answer("/access")).text.splitlines() == [
            "- fake:9, in the config: user",
            "- fake:3, everywhere: blocked",
            "- fake:2, in this chat: user",
        ]


async def test_decisions_last_over_a_restart(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        await people.answer("/allow 2")
    async with open_house(tmp_path, access=CLOSED) as people:
        assert await is_answered(people, BEN)


async def test_what_is_answered_in_a_place_is_set_there(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        await people.answer("/respond always")
        people.say("not to you", addressed=False)
        await people.see_last("You said: not to you")


# --- pairing -------------------------------------------------------------------------------------


async def code_of(people: People) -> str:
    answer = await people.answer("/pair", place=ALONE)
    return answer.text.split("`")[1].removeprefix("/pair ")


async def test_a_code_of_the_owner_admits_who_redeems_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        code = await code_of(people)
        answer = await people.answer(f"/pair {code.lower().replace('-', ' ')}", user=BEN)
        assert answer.text == said.ADMITTED()
        assert answer.only_for == BEN
        assert await is_answered(people, BEN)


async def test_a_code_works_once(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        code = await code_of(people)
        await people.answer(f"/pair {code}", user=BEN)
        assert (await people.answer(f"/pair {code}", user=CARL)).text == said.NO_SUCH_CODE()
        assert not await is_answered(people, CARL)


async def test_a_code_is_shown_to_the_owner_alone(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        assert (await people.answer("/pair")).text == said.ASK_IN_PRIVATE()


async def test_no_code_is_kept_as_it_is(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        code = await code_of(people)
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("chinwag.db*"))
    assert code.encode() not in kept
    assert code.replace("-", "").encode() not in kept


async def test_codes_cannot_be_tried_without_end(tmp_path: Path) -> None:
    async with open_house(tmp_path, access={"owner": ["fake:1", "fake:2"]}) as people:
        code = await code_of(people)
        for _ in range(TRIES.burst):
            assert (await people.answer("/pair ABC", user=BEN)).text == said.NO_SUCH_CODE()
        assert "again in" in (await people.answer(f"/pair {code}", user=BEN)).text
        assert (await people.answer(f"/pair {code}")).text == said.ADMITTED()


async def test_strangers_can_ask_for_help_and_pair_and_no_more(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        helped = (await people.answer("/help", user=BEN)).text
        assert helped.startswith(texts.closed(BEN))
        assert "/pair" in helped
        assert "/new" not in helped
        people.command("/settings", user=BEN)
        await people.see_last(texts.closed(BEN))


async def test_strangers_asking_for_help_without_end_are_answered_a_few_times(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, access=CLOSED) as people:
        for _ in range(20):
            people.command("/help", user=BEN)
        people.say("the end")
        await people.see_last("You said: the end")
        helped = [text for text in people.network.texts(CHAT) if "/pair" in text]
        assert len(helped) <= 4
