"""Whatever bytes an endpoint sends: a reply is of use or a failure that is told, and no text of it does harm."""

import json
from contextlib import suppress

import pytest
from caller import SECRET, Caller
from scripted_endpoint import body, endpoint, events, refuse, say

from agent.core.errors import Unavailable
from agent.llm.completion import Limits
from agent.llm.secrets import Censor
from agent.llm.transcript import transcript_line

LIMITS = Limits(5, 20, 30)
ODD = "\ud800\x1b[31m" + "z" * 5000


def ended(finish, **delta):
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def asked(*answers):
    with endpoint(answers) as script:
        caller = Caller(script, limits=LIMITS)
        return caller.ask(), caller


def test_the_word_for_an_end_is_short_and_can_be_written():
    reply, caller = asked(events(ended(ODD, content="Yes."), "[DONE]"))
    assert reply.text == "Yes."
    transcript_line(caller.exchanges[0]).encode()
    assert len(caller.exchanges[0].finish) == 100
    assert "\x1b" not in caller.exchanges[0].finish


def test_the_names_of_tools_are_short_and_can_be_written():
    calls = [{"function": {"name": f"{number}{ODD}"}} for number in range(1000)]
    reply, _ = asked(events(ended("tool_calls", tool_calls=calls), "[DONE]"))
    reply.problem.encode()
    assert "\x1b" not in reply.problem
    assert len(reply.problem) < 700


def typed(text, kind, status):
    return lambda handler, request: handler.body(status, text.encode(), kind)


@pytest.mark.parametrize("charset", ["rot13", "hex", "base64", "undefined"])
@pytest.mark.parametrize("status", [200, 500])
def test_an_encoding_that_is_none_is_a_failure_that_may_pass(charset, status):
    odd = typed('{"error": {"message": "n\u00f6"}}', f"application/json; charset={charset}", status)
    reply, caller = asked(odd, say("Yes."))
    assert reply.text == "Yes."
    assert caller.exchanges[0].error


@pytest.mark.parametrize("depth", [300, 700, 900])
def test_a_content_that_is_nested_too_deeply_is_a_failure_that_may_pass(depth):
    nested = '{"content":' * depth + '"Yes."' + "}" * depth
    odd = body('{"choices":[{"message":' + nested + ',"finish_reason":"stop"}]}', kind="application/json")
    reply, _ = asked(odd, say("Yes."))
    assert reply.text == "Yes."


def test_a_key_that_is_cut_or_broken_is_taken_out():
    for told in ("x" * 380 + f" {SECRET}", f"{SECRET[:9]}\n  {SECRET[9:]}", " ".join(SECRET)):
        with endpoint([refuse(400, told)]) as script, pytest.raises(Unavailable) as refused:
            Caller(script, limits=LIMITS).ask()
        assert SECRET[:12] not in "".join(str(refused.value).split())
    censor = Censor({"API_KEY": "abcdefghijklmnopqrstuvwx"})
    assert censor("it is abcdefghijklmnop!") == "it is [removed]!"
    assert censor("it is abcdefgh") == "it is abcdefgh"
    assert Censor({"KEY_FILE": "/home/somebody/key"})("/home/somebody/else") == "/home/somebody/else"


def test_a_key_that_is_repeated_stands_in_no_reply():
    reply, _ = asked(say(f"The key is {SECRET}.", thoughts=f"Hm, {SECRET}."))
    assert (reply.text, reply.thoughts) == ("The key is [removed].", "Hm, [removed].")


@pytest.mark.parametrize(("tokens", "counted"), [((10**11, 50), "by length"), ((100, 10**11), "by length"),
                                                 ((9000, 6000), "as reported")])  # fmt: skip
def test_a_count_far_above_what_was_sent_or_asked_for_is_none(tokens, counted):
    _, caller = asked(say("Yes.", tokens=tokens))
    assert caller.exchanges[0].counted == counted
    assert caller.llm.spending.tokens_in + caller.llm.spending.tokens_out < 20_000


def test_a_body_without_an_end_is_given_up(monkeypatch):
    monkeypatch.setattr("agent.llm.completion.LONGEST_BODY", 1000)
    reply, caller = asked(body(*["data: x\n\n" * 10_000] * 10), say("Yes."))
    assert reply.text == "Yes."
    assert caller.exchanges[0].error == "its body is longer than 262,144 bytes"


@pytest.mark.parametrize("status", [500, 429, 404, 307])
def test_an_error_without_an_end_is_read_as_far_as_it_is_of_use(status):
    written = []

    def without_end(handler, request):
        handler.send_response(status)
        handler.send_header("connection", "close")
        if status == 307:
            handler.send_header("location", handler.path)
        handler.end_headers()
        handler.close_connection = True
        with suppress(OSError):
            for _ in range(2_000):
                handler.wfile.write(b"The server is full. " * 2_000)
                written.append(40_000)

    with endpoint([without_end, say("Yes.")]) as script:
        caller = Caller(script, limits=LIMITS)
        if status == 404:
            with pytest.raises(Unavailable):
                caller.ask()
        else:
            assert caller.ask().text == "Yes."
    told = caller.exchanges[0].error
    assert ("The server is full." in told) == (status != 307)  # there the answer is that of the other place
    assert len(told) < 500
    assert sum(written) < 30_000_000  # what the system holds between two programs, of 80 million that were to come


def test_what_an_endpoint_says_steers_no_terminal():
    with endpoint([refuse(401, "\x1b]0;owned\x07\x1b[31mred \u202e")]) as script, pytest.raises(Unavailable) as refused:
        Caller(script, limits=LIMITS).ask()
    assert "401: ]0;owned[31mred" in str(refused.value)
    assert json.dumps(str(refused.value)).count("\\u") == 0
