"""A language model that says what a test has written: a real server on loopback that speaks chat completions."""

import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler", dict], None]


@dataclass
class Script:
    """What is answered to one request after the other, the last for ever; and every request that came."""

    answers: list[Answer]
    url: str = ""
    requests: list[dict] = field(default_factory=list)
    headers: list[dict] = field(default_factory=list)
    models: tuple[str, ...] = ("tiny",)
    listing: Answer | None = None  # what is answered where the models should be listed
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, request, headers):
        with self.lock:
            self.requests.append(request)
            self.headers.append(headers)
            return self.answers[min(len(self.requests), len(self.answers)) - 1]

    def said(self, number):
        """The last turn of a request."""
        return self.requests[number]["messages"][-1]["content"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.script.listing:
            return self.server.script.listing(self, {})
        self.json(
            200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self.server.script.models]}
        )

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.script.next(request, {name.lower(): value for name, value in self.headers.items()})(self, request)

    def json(self, status, body, **headers):
        self.body(status, json.dumps(body).encode(), "application/json", **headers)

    def body(self, status, body, kind="text/html", **headers):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self, kind="text/event-stream"):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, data):
        self.wfile.write(f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def chunk(self, finish=None, **delta):
        self.event({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "tiny",
                    "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})  # fmt: skip

    def log_message(self, *arguments):
        pass


@contextmanager
def endpoint(answers: Iterable[Answer], **facts):
    """A script that is being played."""
    script = Script(list(answers), **facts)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.script = script
    script.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def say(text, finish="stop", thoughts="", tokens=(100, 50), pieces=3):
    """A reply, streamed in pieces if that is asked for; `text` may be a function of the request."""

    def answer(handler, request):
        words = text(request) if callable(text) else text
        usage = None if tokens is None else {
            "prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens),
        }  # fmt: skip
        if not request.get("stream"):
            message = {"role": "assistant", "content": words, "reasoning_content": thoughts}
            choice = {"index": 0, "message": message, "finish_reason": finish}
            completion = {"id": "1", "object": "chat.completion", "created": 1, "model": "tiny", "choices": [choice]}
            return handler.json(200, completion | ({"usage": usage} if usage else {}))
        handler.begin_stream()
        if thoughts:
            handler.chunk(reasoning_content=thoughts)
        size = max(1, -(-len(words) // pieces))
        for start in range(0, len(words), size):
            handler.chunk(content=words[start : start + size])
        handler.chunk(finish=finish)
        if usage and request.get("stream_options"):
            handler.event({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "tiny", "choices": [],
                           "usage": usage})  # fmt: skip
        handler.event("[DONE]")

    return answer


def refuse(status, message, code=None, **headers):
    """An error in the endpoint's own words."""
    return lambda handler, request: handler.json(
        status, {"error": {"message": message, "type": "error", "param": None, "code": code}}, **headers
    )


def raw(body, kind="text/html", status=200):
    return lambda handler, request: handler.body(status, body.encode(), kind)


def body(*pieces, kind="text/event-stream"):
    """A reply of just these bytes, sent piece by piece."""

    def answer(handler, request):
        handler.begin_stream(kind)
        for piece in pieces:
            handler.wfile.write(piece if isinstance(piece, bytes) else piece.encode())
            handler.wfile.flush()

    return answer


def events(*data):
    """A stream of whatever data, and its end."""

    def answer(handler, request):
        handler.begin_stream()
        for each in data:
            handler.event(each)

    return answer


def stall(text="", signs_of_life=0.0, seconds=30.0):
    """Says something and then nothing more, or nothing but comments that keep the connection open."""

    def answer(handler, request):
        handler.begin_stream()
        if text:
            handler.chunk(content=text)
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                time.sleep(signs_of_life or 0.05)
                if signs_of_life:
                    handler.wfile.write(b": still here\n\n")
                    handler.wfile.flush()
                elif handler.server.script.lock.locked():
                    continue
        except OSError:
            pass

    return answer


def break_off(text):
    """Says half of it and closes the connection."""

    def answer(handler, request):
        handler.begin_stream()
        handler.chunk(content=text)

    return answer
