"""A call that waits for its reply can be looked at, and what came of a reply that broke off is kept."""

import threading
import time
from contextlib import suppress

from caller import PATIENT, Caller
from scripted_endpoint import break_off, endpoint, say, stall

from agent.core.errors import Unavailable
from agent.llm import Call
from agent.llm.completion import Limits
from agent.llm.transcript import read_transcript, transcript_line


def until(true, seconds=10.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def ask_in_vain(caller):
    with suppress(Unavailable):
        caller.ask()


def test_it_tells_whom_it_waits_for_since_when_and_how_much_came():
    with endpoint([stall("twelve letters and more of them")]) as script:
        caller = Caller(script)
        assert caller.llm.calls() == ()
        before = time.time()
        asking = threading.Thread(target=ask_in_vain, args=(caller,))
        asking.start()
        until(lambda: caller.llm.calls() and caller.llm.calls()[0].tokens)
        (call,) = caller.llm.calls()
        assert call == Call("tiny", "test", call.since, call.tokens)
        assert before <= call.since <= time.time()
        assert 3 <= call.tokens <= 20
        caller.llm.close()
        asking.join(10)
        assert caller.llm.calls() == ()


def test_what_came_of_a_reply_that_broke_off_is_in_the_transcript():
    with endpoint([break_off("half a repl"), say("A whole one.")]) as script:
        caller = Caller(script, limits=Limits(5, 20, PATIENT.patience))
        assert caller.ask().text == "A whole one."
    first, second = read_transcript("".join(map(transcript_line, caller.exchanges)))
    assert (first.reply, first.broken_off) == (None, "half a repl")
    assert first.error
    assert (second.reply, second.broken_off) == ("A whole one.", "")
