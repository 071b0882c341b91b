"""A language model behind an endpoint: a real server on loopback that keeps a script."""

import json
import re
import threading
import time
from dataclasses import replace

import pytest
from caller import HELLO, SECRET, Caller
from replay import Replay
from scripted_endpoint import break_off, endpoint, events, raw, refuse, say, stall

from agent.core.errors import Unavailable, UsageError
from agent.llm import Conversation, Interrupted, Message, PromptTooLong
from agent.llm.completion import Limits
from agent.llm.dialect import Dialect
from agent.llm.secrets import Censor
from agent.llm.spending import OutOfMoney, Spending
from agent.llm.tokens import at_most, cut, estimate
from agent.llm.transcript import read_transcript, transcript_line


@pytest.fixture
def calling():
    """Play a script and ask once: the reply or the error, the caller and the script."""

    def calling(*answers, **facts):
        with endpoint(answers) as script:
            caller = Caller(script, **facts)
            try:
                return caller.ask(), caller, script
            except (Unavailable, OutOfMoney) as error:
                return error, caller, script

    return calling


def test_a_reply_is_heard_counted_and_taken_down(calling):
    reply, caller, script = calling(say("Good day.", tokens=(1000, 500)))
    assert (reply.text, reply.cut) == ("Good day.", False)
    spending = caller.llm.spending
    assert (spending.tokens_in, spending.tokens_out, spending.calls) == (1000, 500, 1)
    assert spending.spent == pytest.approx((1000 * 1 + 500 * 2) / 1e6)
    assert spending.set_aside == 0
    (exchange,) = caller.exchanges
    assert exchange.messages == script.requests[0]["messages"]
    assert (exchange.reply, exchange.counted, exchange.dollars) == ("Good day.", "as reported", spending.spent)
    assert script.headers[0]["authorization"] == f"Bearer {SECRET}"


def test_thoughts_are_no_part_of_the_reply(calling):
    reply, caller, _ = calling(say("<think>Hm.\n</think>\nYes.", thoughts="Long."))
    assert reply.text == "Yes."
    assert caller.exchanges[0].thoughts == "Long."


@pytest.mark.parametrize(
    "trouble",
    [
        refuse(429, "slow down"),
        refuse(500, "oh no"),
        refuse(503, "busy"),
        break_off("half of"),
        raw("<html>a proxy's page</html>"),
        events("{not json"),
        events({"error": {"message": "the engine died"}}),
        say(""),
        say("<think>nothing but thoughts</think>"),
    ],
    ids=["429", "500", "503", "closed", "html", "garbage", "error in the stream", "empty", "thoughts alone"],
)
def test_what_passes_is_tried_again(calling, trouble):
    reply, caller, script = calling(trouble, say("Yes."))
    assert reply.text == "Yes."
    assert len(script.requests) == 2
    first, second = script.requests
    assert first["messages"] == second["messages"]
    assert len(caller.exchanges) == 2


def test_a_wait_is_as_long_as_the_endpoint_asks_and_is_told(calling):
    _, caller, _ = calling(refuse(429, "slow down", retry_after="1.3"), say("Yes."))
    gap = caller.exchanges[1].at - caller.exchanges[0].at
    assert gap >= 1.3
    assert "429: slow down; again in 1 s" in caller.lines[0]


@pytest.mark.parametrize(
    "asked",
    ["0", "-5", "nan", "inf", "0.0", "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "soon", ""],
)
def test_a_wait_is_never_shorter_than_the_back_off(calling, asked):
    error, _, script = calling(refuse(429, "slow down", retry_after=asked), limits=Limits(5, 20, 1.4))
    assert "429: slow down" in str(error)
    assert len(script.requests) in (2, 3)


def test_a_wait_of_hours_is_told_and_patience_alone_decides(calling):
    error, caller, script = calling(refuse(429, "slow down", retry_after="7200"), limits=Limits(5, 20, 1.5))
    assert isinstance(error, Unavailable)
    assert len(script.requests) == 2  # once more at the end of the patience, and not before
    (line,) = caller.lines
    until = re.search(r"429: slow down; it asks to wait 2\.0 h, until \d\d:\d\d; again in (\d) s", line)
    assert until
    assert "it asks to wait 2.0 h, until" in str(error)
    assert "tried again and again for 1.5 seconds" in str(error)


@pytest.mark.parametrize("asked", ["1e308", "99999999999"])
def test_a_wait_that_no_calendar_holds_is_told_in_a_few_digits(calling, asked):
    error, _, _ = calling(refuse(429, "slow down", retry_after=asked), limits=Limits(5, 20, 0.1))
    assert "it asks to wait 8784.0 h, until 20" in str(error)


def test_an_endpoint_that_asked_for_hours_is_left_alone_for_a_while():
    with endpoint([refuse(429, "slow down", retry_after="7200"), say("Yes.")]) as script:
        caller = Caller(script, limits=Limits(5, 20, 0.1))
        for _ in range(3):
            with pytest.raises(Unavailable, match="it asks to wait"):
                caller.ask()
        assert len(script.requests) == 1
        caller.llm._not_before = 0.0  # a quarter of an hour later
        assert caller.ask().text == "Yes."


def test_after_an_unreadable_stream_the_answer_is_asked_for_as_one_text(calling):
    def unreadable(handler, request):
        (events("{not json") if request["stream"] else say("Yes."))(handler, request)

    reply, caller, script = calling(unreadable)
    assert reply.text == "Yes."
    assert [request["stream"] for request in script.requests] == [True, False]
    with endpoint([unreadable]) as script:  # and from the second such stream on for good
        caller = Caller(script)
        for _ in range(4):
            caller.ask()
        assert [request["stream"] for request in script.requests] == [True, False, True, False, False, False]


def test_an_answer_in_another_form_than_was_asked_for_is_used(calling):
    def contrary(handler, request):
        say("Yes.")(handler, request | {"stream": not request["stream"]})

    reply, _, script = calling(contrary)
    assert (reply.text, len(script.requests)) == ("Yes.", 1)


@pytest.mark.parametrize(
    ("body", "told", "tries"),
    [
        ({"error": {"message": "Insufficient credits.", "code": 402}}, "402: Insufficient credits.", 1),
        ({"error": {"message": "No such model.", "code": 404}}, "404: No such model.", 1),
        ({"error": {"message": "Quota.", "code": "insufficient_quota"}}, "Quota.", 1),
        ({"object": "error", "message": "Wrong key.", "code": 401}, "401: Wrong key.", 1),
        ({"error": {"message": "Busy.", "code": 503}}, "503: Busy.", 2),
        ({"error": "Busy."}, "Busy.", 2),
    ],
)
def test_an_error_with_status_200_is_told_in_its_words(calling, body, told, tries):
    error, _, script = calling(raw(json.dumps(body), "application/json"), limits=Limits(5, 20, 1.4))
    assert told in str(error)
    assert min(len(script.requests), 2) == tries


def test_a_web_page_is_told_by_its_title_and_what_to_look_at(calling):
    error, _, _ = calling(raw("<!doctype html><title>Open WebUI</title>"), limits=Limits(5, 20, 0.1))
    assert "a web page (Open WebUI) came in place of a reply: is OPENAI_BASE_URL right? it usually ends in /v1" in str(
        error
    )


def test_a_prompt_beyond_the_context_is_named_and_replies_stay_as_long(calling):
    refusal = refuse(400, "request (9437 tokens) exceeds the available context size (8192 tokens), try increasing it")
    error, caller, script = calling(refusal, say("Yes."))
    assert isinstance(error, PromptTooLong)
    assert (error.context, error.prompt, len(script.requests)) == (8192, 9437, 1)
    assert "lower prompt_tokens, or start the model with a longer context" in str(error)
    assert caller.llm.dialect.reply_tokens == 4096
    assert caller.llm.spending.spent == 0


def test_a_reply_that_does_not_fit_beside_the_prompt_is_asked_for_shorter(calling):
    refusal = refuse(400, "This model's maximum context length is 8192 tokens. However, you requested 9096 tokens "
                          "(5000 in the messages, 4096 in the completion).")  # fmt: skip
    reply, caller, script = calling(refusal, say("Yes."))
    assert reply.text == "Yes."
    assert script.requests[1]["max_completion_tokens"] == 3072  # three quarters, which leave some for the template
    assert caller.llm.dialect.reply_tokens == 4096  # it was of this prompt alone


def test_a_refusal_without_numbers_halves_this_reply_and_gives_up_on_the_prompt(calling):
    error, caller, script = calling(refuse(400, "the request exceeds the available context size"))
    assert isinstance(error, PromptTooLong)
    assert [request["max_completion_tokens"] for request in script.requests] == [4096, 2048, 1024]
    assert caller.llm.dialect.reply_tokens == 4096


@pytest.mark.parametrize("tokens", [(0, 0), (-5, -7), (0, 50), (100, 0)])
def test_counts_that_cannot_be_true_are_made_by_length(calling, tokens):
    _, caller, script = calling(say("Grüße", tokens=tokens))
    (exchange,) = caller.exchanges
    assert exchange.counted == "by length"
    assert exchange.tokens_out == (tokens[1] if tokens[1] > 0 else 2 * 8 + len("Grüße".encode()))
    most = sum(at_most(message["content"]) for message in script.requests[0]["messages"])
    assert exchange.tokens_in == (tokens[0] if tokens[0] > 0 else most)


def test_a_person_who_stops_need_not_wait_for_a_silent_endpoint(monkeypatch):
    monkeypatch.setattr("agent.llm.endpoint.SILENCE", 0.2)
    for silent in (stall(), stall(signs_of_life=0.05), stall("<name>so far")):
        with endpoint([silent]) as script:
            caller = Caller(script)
            stopped = threading.Event()
            caller.llm.interrupted = stopped.is_set
            threading.Timer(0.3, stopped.set).start()
            began = time.monotonic()
            with pytest.raises(Interrupted):
                caller.ask()
            assert time.monotonic() - began < 3
            assert caller.exchanges[0].error == "you stopped it"


def test_a_person_who_stops_need_not_wait_between_two_tries():
    with endpoint([refuse(503, "busy", retry_after="60")]) as script:
        caller = Caller(script)
        stopped = threading.Event()
        caller.llm.interrupted = stopped.is_set
        threading.Timer(0.3, stopped.set).start()
        began = time.monotonic()
        with pytest.raises(Interrupted):
            caller.ask()
        assert time.monotonic() - began < 3


def test_a_reply_that_is_coming_is_heard_to_its_end_though_a_person_stops():
    def slowly(handler, request):
        handler.begin_stream()
        for letter in "Yes.":
            handler.chunk(content=letter)
            time.sleep(0.1)
        handler.chunk(finish="stop")

    with endpoint([slowly]) as script:
        caller = Caller(script)
        calls = iter([False, False])
        caller.llm.interrupted = lambda: next(calls, True)
        assert caller.ask().text == "Yes."


def test_a_stall_is_cut_off(calling):
    reply, caller, _ = calling(stall("Well"), say("Yes."), limits=Limits(0.3, 20, 30))
    assert reply.text == "Yes."
    assert caller.exchanges[0].error == "it was silent for too long"
    assert caller.exchanges[0].counted == "in full"


def test_signs_of_life_alone_do_not_keep_a_call_alive(calling):
    reply, caller, _ = calling(stall("Well", signs_of_life=0.1), say("Yes."), limits=Limits(5, 0.5, 30))
    assert reply.text == "Yes."
    assert caller.exchanges[0].reply is None


def test_patience_ends(calling):
    error, _, script = calling(refuse(500, "oh no"), limits=Limits(5, 20, 1.2))
    assert isinstance(error, Unavailable)
    assert "500: oh no" in str(error)
    assert len(script.requests) in (2, 3)


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (404, "The model `tiny` does not exist.", "model_not_found"),
        (401, f"Incorrect API key provided: {SECRET}.", "invalid_api_key"),
        (429, "You exceeded your current quota.", "insufficient_quota"),
        (400, "I do not like this.", None),
    ],
)
def test_what_does_not_pass_is_said_in_the_endpoints_words_and_without_the_key(calling, status, message, code):
    error, caller, script = calling(refuse(status, message, code))
    assert isinstance(error, Unavailable)
    assert f"{status}: {message.replace(SECRET, '[removed]')}" in str(error)
    assert SECRET not in str(error)
    assert len(script.requests) == 1
    assert caller.llm.spending.spent == 0


def test_other_servers_words_for_an_error_are_found(calling):
    vllm = raw('{"object":"error","message":"The model `x` does not exist.","code":404}', "application/json", 404)
    assert "404: The model `x` does not exist. (model tiny)" in str(calling(vllm)[0])
    assert "404: nobody here" in str(calling(raw('{"detail":"nobody here"}', "application/json", 404))[0])
    assert "404: <p>nginx</p>" in str(calling(raw("<p>nginx</p>", status=404))[0])


def test_nobody_there(calling):
    with endpoint([say("x")]) as script:
        pass
    caller = Caller(script, limits=Limits(5, 20, 0.1))
    with pytest.raises(Unavailable, match="the connection failed"):
        caller.ask()
    assert caller.llm.spending.spent == 0  # nobody can have been asked


def test_a_cut_reply_is_asked_for_once_more_with_twice_the_length(calling):
    reply, _, script = calling(say("half of", finish="length"), say("All of it."))
    assert (reply.text, reply.cut) == ("All of it.", False)
    assert [request["max_completion_tokens"] for request in script.requests] == [4096, 8192]
    reply, _, script = calling(say("half of", finish="length"))
    assert (reply.text, reply.cut, len(script.requests)) == ("half of", True, 2)
    # Where twice as much is more than the model takes, what there is is all there is.
    refusal = refuse(400, "maximum context length is 5000 tokens")
    reply, caller, _ = calling(say("half of", finish="length"), refusal)
    assert (reply.text, reply.cut, caller.llm.dialect.reply_tokens) == ("half of", True, 4096)


@pytest.mark.parametrize(
    ("dialect", "refusal", "gone", "now"),
    [
        (Dialect(4096, 0.7), "Unsupported value: 'temperature' does not support 0.7.", "temperature", None),
        (Dialect(4096), "Unknown parameter: 'max_completion_tokens'.", "max_completion_tokens", ("max_tokens", 4096)),
        (
            Dialect(4096, limit="max_tokens"),
            "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            "max_tokens",
            ("max_completion_tokens", 4096),
        ),
        (Dialect(4096), "Unrecognized request argument supplied: stream_options", "stream_options", ("stream", True)),
        (Dialect(4096), "Your organization must be verified to stream it.", "stream_options", ("stream", False)),
        (Dialect(4096), "max_tokens is too large: at most 2048.", None, ("max_completion_tokens", 2048)),
    ],
)  # fmt: skip
def test_a_refusal_teaches_how_to_ask(calling, dialect, refusal, gone, now):
    dialect = replace(dialect)
    reply, _, script = calling(refuse(400, refusal), say("Yes."), dialect=dialect)
    assert reply.text == "Yes."
    before, after = script.requests
    assert gone is None or (gone in before and gone not in after)
    assert now is None or after[now[0]] == now[1]
    with endpoint([say("Yes.")]) as script:  # and it is remembered
        Caller(script, dialect=dialect).ask()
        assert script.requests[0].keys() == after.keys()


def test_a_model_without_system_messages_gets_the_rules_with_the_question(calling):
    reply, _, script = calling(refuse(400, "System role not supported"), say("Yes."))
    assert reply.text == "Yes."
    assert script.requests[1]["messages"] == [{"role": "user", "content": "Be brief.\n\nHello?"}]


def test_a_refusal_that_teaches_nothing_is_not_repeated_for_ever(calling):
    error, _, script = calling(refuse(400, "temperature, max_tokens, stream: no"), dialect=Dialect(4096, 0.5))
    assert isinstance(error, Unavailable)
    assert len(script.requests) <= 6


def test_without_a_report_tokens_are_counted_by_length_and_never_too_few(calling):
    _, caller, script = calling(say("Grüße, 世界", tokens=None))
    (exchange,) = caller.exchanges
    assert exchange.counted == "by length"
    assert exchange.tokens_out >= len("Grüße, 世界".encode())
    assert exchange.tokens_in == sum(at_most(message["content"]) for message in script.requests[0]["messages"])


def test_the_cap_holds_before_a_call_and_for_calls_in_flight():
    spending = Spending(limit=1.0, price_in=100, price_out=100)
    with spending.call(2000, 3000) as first:
        assert spending.set_aside == pytest.approx(0.5)
        dear = pytest.raises(OutOfMoney, match=r"may cost 0\.6000 dollars, and of 1 there are 0\.5000 left")
        with dear, spending.call(3000, 3000):
            raise AssertionError("it was not to be made")
        with spending.call(2000, 3000) as second:
            second.settle(1000, 1000)
        first.cancel()
    assert (spending.spent, spending.set_aside) == (pytest.approx(0.2), pytest.approx(0.0))
    with spending.call(4000, 4000):
        pass  # nobody knows what it took, so it counts in full
    assert spending.spent == pytest.approx(1.0)


def test_many_callers_never_spend_more_than_the_cap():
    """Each reserves what a call may take at most; the endpoint then reports just that."""
    most_in = sum(at_most(message.content) for message in HELLO)
    with endpoint([say("Yes.", tokens=(most_in, 4096))]) as script:
        each = (most_in + 4096) / 1e6
        spending = Spending(limit=3.5 * each, price_in=1, price_out=1)
        caller = Caller(script, spending=spending)
        outcomes = []

        def ask():
            try:
                outcomes.append(caller.ask().text)
            except OutOfMoney:
                outcomes.append("out of money")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes.count("Yes.") == len(script.requests) == 3
        assert outcomes.count("out of money") == 5
        assert spending.spent == pytest.approx(3 * each)


def test_nothing_is_sent_that_could_be_too_dear(calling):
    error, _, script = calling(say("Yes."), spending=Spending(limit=0.001, price_in=1, price_out=2))
    assert isinstance(error, OutOfMoney)
    assert script.requests == []


def test_a_closed_connection_ends_a_wait():
    with endpoint([refuse(500, "oh no")]) as script:
        caller = Caller(script)
        threading.Timer(0.3, caller.llm.close).start()
        with pytest.raises(Unavailable):
            caller.ask()


@pytest.mark.parametrize("key", [f"sk\n{SECRET[3:]}", f"“{SECRET}”", f"{SECRET}\t", f"a/{SECRET}+=", f'"{SECRET}'])
def test_a_secret_is_found_however_a_message_has_escaped_it(key):
    censor = Censor({"OPENAI_API_KEY": key})
    header = {"Authorization": f"Bearer {key}"}
    for told in (
        key,
        repr(key),
        repr(header),
        json.dumps(header),
        repr(key.encode()),
        str(ValueError(key)),
        key.strip(),
    ):
        assert SECRET[3:] not in censor(f"it says: {told}!")


def test_a_transcript_holds_no_secret_and_every_control_character_is_spelt_out():
    with endpoint([say(f"My key is {SECRET}, \x1b[2J and https://me:pass@host/.")]) as script:
        caller = Caller(script)
        caller.ask([Message("user", f"{SECRET} Bearer abcdefgh12345678")])
        line = transcript_line(caller.exchanges[0], caller.llm.censor)
    assert SECRET not in line
    assert "pass@" not in line
    assert "abcdefgh12345678" not in line
    assert "\x1b" not in line
    assert line.count("\n") == 1


def test_a_recorded_conversation_is_replayed_exactly():
    with endpoint([refuse(500, "no"), say("One.<br>\n"), say("<think>2</think>Two.", finish="length")]) as script:
        caller = Caller(script)
        talk = Conversation(caller.llm, "test", caller.exchanges.append, "", [HELLO[0]])
        first = [talk.say("1?"), talk.say("2?")]
    text = "".join(map(transcript_line, caller.exchanges))
    replay = Replay(read_transcript(text))
    taken = []
    again = Conversation(replay, "test", taken.append, "", [HELLO[0]])
    assert [again.say("1?"), again.say("2?")][0] == first[0]
    assert again.messages[2].content == "One.<br>"
    assert taken == [exchange for exchange in caller.exchanges if exchange.reply is not None][:2]
    with pytest.raises(UsageError, match="the transcript was recorded of another conversation: turn 2"):
        Conversation(Replay(read_transcript(text)), "test", taken.append, "", [HELLO[0]]).say("something else?")


def test_halves_of_a_character_are_joined_or_replaced(calling):
    reply, caller, _ = calling(say("a\ud83d\ude00b\ud83d", thoughts="\ude00", pieces=5))
    assert reply.text == "a😀b\ufffd"
    assert "\ufffd" in transcript_line(caller.exchanges[0])
    refused, _, _ = calling(refuse(400, "no \ud83d"))
    assert "no \ufffd" in str(refused)


def test_what_else_ends_a_line_ends_none_of_a_transcript(calling):
    _, caller, _ = calling(say("One.\u2028Two.\u2029Three.\x85"))
    assert read_transcript(transcript_line(caller.exchanges[0]) * 2) == caller.exchanges * 2
    assert read_transcript("") == []


def test_a_transcript_with_a_torn_last_line_is_read_up_to_it(calling):
    _, caller, _ = calling(say("Yes."))
    line = transcript_line(caller.exchanges[0])
    assert read_transcript(line + line[:40]) == caller.exchanges
    with pytest.raises(ValueError, match="line 1 of the transcript is no exchange"):
        read_transcript(line[:40] + "\n" + line)


def test_an_estimate_of_tokens_is_never_far_below():
    """Counts of the tokenizers of GPT-4, GPT-4o, Qwen and DeepSeek, the highest of the four; see docs/model.md."""
    assert estimate("The memory is corrected by the delta rule.") >= 9
    assert estimate("拟议变更的技术理由") >= 8
    assert estimate("0.487037 0.999515 0.189705") >= 25  # 26 for Qwen, to which each digit is a token
    assert cut("word " * 1000, 50).endswith(" …")
    assert estimate(cut("word " * 1000, 50)) <= 51
