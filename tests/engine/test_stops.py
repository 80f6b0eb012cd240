from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.engine.stops import Found, Watch

letters = st.text("ab", max_size=4)


@given(stops=st.lists(letters, max_size=3), chunks=st.lists(letters, max_size=8))
def test_the_text_before_the_first_match_is_shown_however_it_is_cut(
    stops: list[str], chunks: list[str]
) -> None:
    watch, whole = Watch(stops), "".join(chunks)
    places = [(whole.find(stop) + len(stop), whole.find(stop)) for stop in stops if stop]
    places = [(end, start) for end, start in places if start >= 0]
    shown, matched = "", False
    for chunk in chunks:
        found = watch.push(chunk)
        shown += found.before
        if found.match is not None:
            matched = True
            break
    shown += "" if matched else watch.close()
    assert matched == bool(places)
    assert shown == (whole[: min(places)[1]] if places else whole)


@given(stops=st.lists(letters, max_size=3), chunks=st.lists(letters, max_size=8))
def test_only_what_may_become_a_match_is_held_back(stops: list[str], chunks: list[str]) -> None:
    watch, pushed, shown = Watch(stops), "", ""
    for chunk in chunks:
        found = watch.push(chunk)
        pushed, shown = pushed + chunk, shown + found.before
        if found.match is not None:
            return
        held = pushed.removeprefix(shown)
        assert pushed == shown + held
        assert not held or any(stop.startswith(held) for stop in stops)


def test_what_follows_a_match_is_given_apart() -> None:
    watch = Watch(["</think>"])
    assert watch.push("so. </thi") == Found("so. ")
    assert watch.push("nk> Yes") == Found("", "</think>", " Yes")


def test_of_two_that_overlap_the_first_to_be_complete_counts() -> None:
    assert Watch(["END.", "D"]).push("THE END. Or") == Found("THE EN", "D", ". Or")
