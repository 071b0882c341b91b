"""The forms in which endpoints and relays send a reply: what holds an answer is read, what holds none is told."""

import json
import time

import pytest
from scripted_endpoint import body, endpoint

from agent.llm.client import make_client
from agent.llm.completion import Completion, EndpointError, Limits, receive
from agent.llm.events import web_page
from agent.llm.transfer import BrokenReply

SAID = "The whole answer: 1 < 2, 好的."
DONE = "data: [DONE]\n\n"


def chunk(delta=None, finish=None, **more):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "tiny", "choices": [choice]} | more


def sse(*values, end="\n\n"):
    return "".join(f"data: {v if isinstance(v, str) else json.dumps(v, ensure_ascii=False)}{end}" for v in values)


def completion(message, finish="stop", **more):
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "tiny", "choices": [choice]} | more


FIRST, SECOND = chunk({"role": "assistant", "content": SAID[:9]}), chunk({"content": SAID[9:]})
END = chunk({}, "stop")
WHOLE = completion({"role": "assistant", "content": SAID})
PLAIN = sse(FIRST, SECOND, END) + DONE


@pytest.fixture(scope="module")
def received():
    """What is made of a body of these pieces, whatever was asked for."""
    with endpoint([]) as script:
        client = make_client("any", script.url)

        def received(*pieces, stream=True, answer=None):
            script.answers[:] = [answer or body(*pieces, kind="text/event-stream" if stream else "application/json")]
            request = {"model": "tiny", "messages": [{"role": "user", "content": "?"}], "stream": stream}
            completion = Completion()
            receive(client, request, Limits(5, 5, 5), lambda silent: None, completion)
            return completion

        yield received


def text_part(text):
    return {"type": "text", "text": text}


# Every one of these holds the same answer.
FORMS = {
    "plain": PLAIN,
    "without a blank after the colon": PLAIN.replace("data: ", "data:"),
    "line ends of Windows": PLAIN.replace("\n", "\r\n"),
    "line ends of old": PLAIN.replace("\n", "\r"),
    "a byte order mark": "\ufeff" + PLAIN,
    "no blank line between events": sse(FIRST, SECOND, END, "[DONE]", end="\n"),
    "no line end at the end": PLAIN.rstrip("\n"),
    "an empty data field": sse(FIRST) + "data:\n\n" + sse(SECOND, END) + DONE,
    "a data field of blanks": sse(FIRST) + "data:  \n\n" + sse(SECOND, END) + DONE,
    "a data field without a colon": sse(FIRST) + "data\n\n" + sse(SECOND, END) + DONE,
    "retry alone": sse(FIRST) + "retry: 3000\n\n" + sse(SECOND, END) + DONE,
    "an event without data": sse(FIRST) + "event: ping\n\n" + sse(SECOND, END) + DONE,
    "an id alone": sse(FIRST) + "id: 7\n\n" + sse(SECOND, END) + DONE,
    "an id for each": "".join(f"id: {n}\nevent: message\n{sse(v)}" for n, v in enumerate((FIRST, SECOND, END))) + DONE,
    "comments": ": hello\n\n" + sse(FIRST) + ": OPENROUTER PROCESSING\n\n" + sse(SECOND, END) + DONE,
    "comments as data": sse(": ping", FIRST, ":", SECOND, ": OPENROUTER PROCESSING", END) + DONE,
    "words as data": sse("ping", FIRST, "keep-alive", SECOND, "heartbeat", END) + DONE,
    "null as data": sse("null", FIRST, "null", SECOND, END) + DONE,
    "a number as data": sse(FIRST, "1", SECOND, END) + DONE,
    "an object without choices": sse({"type": "ping"}, FIRST, {}, SECOND, {"queue": 3}, END) + DONE,
    "choices that are empty": sse({"choices": [], "prompt_filter_results": []}, FIRST, SECOND, END) + DONE,
    "choices that are null": sse(FIRST, {"choices": None}, SECOND, END) + DONE,
    "a choice that is null": sse(FIRST, {"choices": [None]}, SECOND, END) + DONE,
    "a delta that is null": sse(chunk(None), FIRST, SECOND, END) + DONE,
    "a delta that is missing": sse({"choices": [{"index": 0}]}, FIRST, SECOND, END) + DONE,
    "a content that is null": sse(chunk({"role": "assistant", "content": None}), FIRST, SECOND, END) + DONE,
    "an error that is null": sse(FIRST | {"error": None}, SECOND | {"error": None}, END) + DONE,
    "a delta that is a string": sse(chunk(SAID[:9]), chunk(SAID[9:]), END) + DONE,
    "message instead of delta": sse(
        {"choices": [{"message": {"content": SAID[:9]}}]}, {"choices": [{"message": {"content": SAID[9:]}}]}, END
    ) + DONE,
    "the whole message once more at the end": sse(FIRST, SECOND, WHOLE) + DONE,
    "text instead of delta": sse({"choices": [{"text": SAID[:9]}]}, {"choices": [{"text": SAID[9:]}]}, END) + DONE,
    "a content in parts": sse(chunk({"content": [text_part(SAID[:9]), text_part(SAID[9:])]}), END) + DONE,
    "parts of strings": sse(chunk({"content": [SAID[:9], SAID[9:]]}), END) + DONE,
    "a part that is no list": sse(chunk({"content": text_part(SAID)}), END) + DONE,
    "parts that are empty": sse(chunk({"content": []}), chunk({"content": [None, {}, text_part(SAID)]}), END) + DONE,
    "a part of thoughts": sse(
        chunk({"content": [{"type": "thinking", "thinking": [text_part("Hm.")]}]}), FIRST, SECOND, END
    ) + DONE,
    "a part with a value": sse(chunk({"content": [{"type": "text", "text": {"value": SAID}}]}), END) + DONE,
    "thoughts in parts": sse(chunk({"reasoning_content": [text_part("Hm.")]}), FIRST, SECOND, END) + DONE,
    "thoughts that are true": sse(chunk({"reasoning": True}), FIRST, SECOND, END) + DONE,
    "details of thoughts": sse(
        chunk({"reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]}), FIRST, SECOND, END
    ) + DONE,
    "chunks in an array": sse([FIRST, SECOND], [], [END]) + DONE,
    "choices that are an object": sse({"choices": {"delta": {"content": SAID}, "finish_reason": "stop"}}) + DONE,
    "each text repeats the one before": sse(*(chunk({"content": SAID[:n]}) for n in (3, 9, 15, len(SAID))), END) + DONE,
    "an event within an event": sse(*(f"data: {json.dumps(v)}" for v in (FIRST, SECOND, END))) + DONE,
    "JSON within JSON": sse(*(json.dumps(json.dumps(v)) for v in (FIRST, SECOND, END))) + DONE,
    "an envelope": sse(*({"code": 0, "data": v} for v in (FIRST, SECOND, END))) + DONE,
    "no finish_reason, but the end": sse(FIRST, SECOND) + DONE,
    "the end in quotation marks": sse(FIRST, SECOND, '"[DONE]"'),
    "the end without its field": sse(FIRST, SECOND) + "[DONE]\n",
    "no end, but a finish_reason": sse(FIRST, SECOND, END),
    "a finish_reason of another name": sse(FIRST, SECOND, chunk({}, "eos_token")) + DONE,
    "a finish_reason that is an object": sse(FIRST, SECOND, chunk({}, {"type": "stop"})) + DONE,
    "the finish_reason with the last text": sse(FIRST, chunk({"content": SAID[9:]}, "stop")) + DONE,
    "the number of a choice as text": PLAIN.replace('"index": 0', '"index": "0"'),
    "another choice besides": sse(FIRST, {"choices": [{"index": 1, "delta": {"content": "No."}}]}, SECOND, END) + DONE,
    "usage in the choice": sse(FIRST, SECOND, {"choices": [{"delta": {}, "usage": {"prompt_tokens": 7}}]}, END) + DONE,
    "garbage after the end": PLAIN + "data: {torn",
    "an error after the end": sse(FIRST, SECOND, END, {"error": {"message": "too late"}}),
    "one JSON text": json.dumps(WHOLE),
    "one JSON text on many lines": json.dumps(WHOLE, indent=2),
    "one JSON text with blanks before": "\n \n" + json.dumps(WHOLE) + "\n",
    "JSON lines": "\n".join(json.dumps(v) for v in (FIRST, SECOND, END)),
    "one JSON text in an event": sse(WHOLE) + DONE,
    "one JSON text without finish_reason": json.dumps(completion({"content": SAID}, None)),
    "Ollama's own lines": "\n".join(
        json.dumps(v) for v in ({"message": {"content": SAID[:9]}, "done": False},
                                {"message": {"content": SAID[9:]}, "done": True, "done_reason": "stop"})
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_that_is_there_is_read(received, form):
    if form == "one JSON text without finish_reason":
        assert received(FORMS[form], stream=False).text == SAID
        return
    read = received(FORMS[form])
    assert (read.text, read.ending) == (SAID, "stop")


@pytest.mark.parametrize("form", [form for form in FORMS if "JSON text" in form] + ["plain", "JSON lines"])
def test_what_was_not_asked_for_as_a_stream_may_be_one(received, form):
    assert received(FORMS[form], stream=False).text == SAID


def test_bytes_may_come_in_any_pieces(received):
    whole = PLAIN.replace("\n", "\r\n").encode()
    assert received(*(whole[n : n + 1] for n in range(len(whole)))).text == SAID


def test_a_byte_that_is_no_text_costs_one_character(received):
    assert received(PLAIN.encode().replace(b"whole", b"wh\xffle")).text == SAID.replace("whole", "wh\ufffdle")


def test_thoughts_are_told_apart(received):
    parts = [{"type": "thinking", "thinking": [text_part("Hm."), "So."]}, text_part("Yes.")]
    read = received(sse(chunk({"content": parts}), END) + DONE)
    assert (read.text, read.thoughts) == ("Yes.", "Hm.So.")
    both = {"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}], "content": "Yes."}
    assert received(sse(chunk(both), END) + DONE).thoughts == "Hm."


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (sse("{not json"), "an event of the stream is no JSON: '{not json'"),
        (sse("{'choices': []}"), "an event of the stream is no JSON"),
        (sse("[" * 100_000), "an event of the stream is no JSON"),
        (sse([1, 2]), "an event is no part of a reply: [1, 2]"),
        (sse({"choices": 5}), "the choices of an event are 5"),
        (sse({"choices": ["text"]}), "a choice of an event is text"),
        (sse(chunk(5)), "a message is 5"),
        (sse(chunk({"content": 5})), "a content is 5"),
        (sse(chunk({"content": [5]})), "a content is 5"),
        (sse(FIRST), "the reply broke off"),
        (sse(FIRST, chunk({}, "error")), "the endpoint ended the reply with 'error'"),
        (sse(FIRST, chunk({}, "insufficient_system_resource")), "the endpoint ended the reply with 'insufficient_"),
        (sse("the queue is full"), "the answer holds no reply: 'the queue is full'"),
        (sse({"message": "the queue is full"}), "the answer holds no reply: 'the queue is full'"),
        ("", "the answer holds no reply"),
        ("\n\n", "the answer holds no reply"),
        ("Service Unavailable", "the answer is no completion: 'Service Unavailable'"),
        ("<!DOCTYPE html><html><title>Log in\n here</title>", "a web page (Log in here) came in place of a reply"),
        ("<html><h1>502 Bad Gateway</h1></html>", "a web page (502 Bad Gateway) came in place of a reply"),
        ("[]", "the answer holds no reply"),
        ("5", "the answer holds no reply"),
        ('{"id": "1"}', "the answer holds no reply"),
        ('{"id": ', "the answer is no completion"),
    ],
)
def test_what_holds_no_reply_is_broken_and_says_why(received, form, why):
    with pytest.raises(BrokenReply) as broken:
        received(form)
    assert why in str(broken.value)


@pytest.mark.parametrize(
    ("form", "code", "words"),
    [
        (json.dumps({"error": {"message": "Insufficient credits.", "code": 402}}), "402", "Insufficient credits."),
        (json.dumps({"error": "no such model"}), "", "no such model"),
        (json.dumps({"object": "error", "message": "too many", "code": 429}), "429", "too many"),
        (json.dumps({"code": "InvalidApiKey", "message": "wrong key", "type": "error"}), "InvalidApiKey", "wrong key"),
        (json.dumps({"code": 1113, "msg": "no balance"}), "1113", "no balance"),
        (json.dumps({"status": 401, "detail": "who are you"}), "401", "who are you"),
        (sse(FIRST, {"error": {"message": "the engine died", "code": 500}}), "500", "the engine died"),
        (f"event: error\n{sse({'message': 'the engine died', 'code': 500})}", "500", "the engine died"),
        (sse({"choices": [], "error": {"message": "the engine died"}}), "", "the engine died"),
    ],
)
def test_an_error_with_status_200_keeps_its_words_and_its_code(received, form, code, words):
    with pytest.raises(EndpointError) as error:
        received(form)
    assert words in str(error.value)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("finish", "ending"),
    [("length", "length"), ("max_tokens", "length"), ("MAX_TOKENS", "length"), ("content_filter", "filter"),
     ("SAFETY", "filter"), ("sensitive", "filter"), ("tool_calls", "tool call"), ("function_call", "tool call"),
     ("end_turn", "stop"), ("whatever", "stop")],
)  # fmt: skip
def test_what_ended_a_reply_is_known_by_its_many_names(received, finish, ending):
    assert received(sse(FIRST, chunk({}, finish)) + DONE).ending == ending


@pytest.mark.parametrize(
    "delta",
    [
        {"content": None, "tool_calls": [{"index": 0, "function": {"name": "write_file", "arguments": "{}"}}]},
        {"content": "", "tool_calls": [{"function": {"name": "write_file"}}, {"function": {"arguments": "{}"}}]},
        {"function_call": {"name": "write_file", "arguments": ""}},
        {"tool_calls": [{"name": "write_file"}]},
        {"tool_calls": {"function": {"name": "write_file"}}},
    ],
)
def test_a_tool_that_is_called_is_known_by_name(received, delta):
    read = received(sse(chunk(delta), END) + DONE)
    assert (read.tools, read.ending) == (["write_file"], "tool call")


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 5}, (7, 5)),
        ({"prompt_tokens": "7", "completion_tokens": 5.0}, (7, 5)),
        ({"input_tokens": 7, "output_tokens": 5}, (7, 5)),
        ({"prompt_tokens": 7, "completion_tokens": None}, (7, 0)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, (0, 0)),
        ({"prompt_tokens": -7, "completion_tokens": -5}, (0, 0)),
        ({"prompt_tokens": True, "completion_tokens": "many"}, (0, 0)),
        ({"prompt_tokens": float("nan"), "completion_tokens": float("inf")}, (0, 0)),
        ({"total_tokens": 12}, (0, 0)),
        ({}, (0, 0)), ([], (0, 0)), ("7", (0, 0)), (None, (0, 0)), ([7, 5], (0, 0)),
    ],
)  # fmt: skip
def test_tokens_are_counted_where_the_count_can_be_true(received, usage, counted):
    read = received(sse(FIRST, SECOND, END, {"choices": [], "usage": usage}) + DONE)
    assert (read.text, (read.usage.tokens_in, read.usage.tokens_out)) == (SAID, counted)


def test_what_follows_the_end_is_not_waited_for_long(received, monkeypatch):
    monkeypatch.setattr("agent.llm.completion.AFTER_THE_END", 0.3)

    def silent(handler, request):
        body(sse(FIRST, SECOND, END))(handler, request)
        time.sleep(2)

    began = time.monotonic()
    assert received(answer=silent).text == SAID
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("page", ["<title>" * 60_000, "<title " * 60_000, "<html><h1>" + "<title>x" * 60_000])
def test_no_page_takes_long_to_be_told_by_its_title(page):
    began = time.process_time()
    assert web_page(f"<html>{page}") == "a web page"
    assert time.process_time() - began < 1
