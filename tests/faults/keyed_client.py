"""Many connections in one thread. Each sends a request with its key, and waits for the answer."""

import re
import select
import socket
import time

import description
from faults.money_text import minor_of

HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked\r\n", re.IGNORECASE)
LOCATION = re.compile(rb"\r\nlocation: *([^\r]*)\r\n", re.IGNORECASE)
BATCH = re.compile(rb"\r\ncontent-type: *application/x-ndjson\r\n", re.IGNORECASE)
TAG = re.compile(rb'\r\netag: *"(\d+)"\r\n', re.IGNORECASE)
REPLAYED = re.compile(rb"\r\nidempotent-replayed: *true\r\n", re.IGNORECASE)
BALANCE = re.compile(r'"balance":([0-9.]+)')
PARTS = re.compile(r'"balance":([0-9.]+),"held":([0-9.]+),"available":([0-9.]+)')
MOST_S = 60  # to wait for anything
WAIT_S = 0.05
MORE_THAN_THERE_IS = "90000000000000000.0"
CHECKED_ONE_IN = 50  # of the replies, against the API's description
AGAIN_AFTER_S = 0.002  # repeats a request whose answer was not final


class Reply:
    """The complete reply at the beginning of these bytes."""

    def __init__(self, received, head_end, end):
        head = received[:head_end + 2]
        self.status = int(head[9:12])
        location = LOCATION.search(head)
        self.location = location[1].decode() if location else None
        self.is_of_batch = BATCH.search(head) is not None
        tag = TAG.search(head)
        self.sequence = int(tag[1]) if tag else None
        self.replayed = REPLAYED.search(head) is not None
        self.body = received[head_end + 4:end].decode()


def without_chunks(received, head_end):
    """The reply of these bytes as if it were not chunked."""
    body, at = b"", head_end + 4
    while True:
        line_end = received.index(b"\r\n", at)
        size = int(received[at:line_end], 16)
        if size == 0:
            return received[:head_end + 4] + body
        at = line_end + 2 + size + 2
        body += received[at - 2 - size:at - 2]


def whole_reply(received):
    """The reply in these bytes, and nothing after it; None while it is not complete."""
    head_end = received.find(HEAD_END)
    if head_end < 0:
        return None
    if CHUNKED.search(received, 0, head_end + 2):
        if not received.endswith(LAST_CHUNK):
            return None
        received = without_chunks(received, head_end)
        return Reply(received, head_end, len(received))
    length = LENGTH.search(received, 0, head_end + 2)
    end = head_end + 4 + (int(length[1]) if length else 0)
    return Reply(received, head_end, end) if len(received) >= end else None


def common_fields(history):
    return "".join(f"{name}: {value}\r\n"
                   for name, value in {"Host": "localhost", **history.headers()}.items())


def request_for(history, number):
    operation = history.requests[number]
    content_type = "Content-Type: application/json\r\n" if operation.body else ""
    return (f"POST {operation.path} HTTP/1.1\r\n{common_fields(history)}{content_type}"
            f"Idempotency-Key: {history.key_of(number)}\r\n"
            f"Content-Length: {len(operation.body)}\r\n\r\n{operation.body}").encode()


def batch_request_for(history, numbers):
    lines = "".join(f'{{{history.requests[number].batch_members()},'
                    f'"key":"{history.key_of(number)}"}}\n' for number in numbers)
    return (f"POST /batch HTTP/1.1\r\n{common_fields(history)}"
            "Content-Type: application/x-ndjson\r\n"
            f"Content-Length: {len(lines)}\r\n\r\n{lines}").encode()


def read_request(history, account):
    """Of an account's balance, or of all about it."""
    path = f"/accounts/{account}" + ("" if account % 2 else "/balance")
    return f"GET {path} HTTP/1.1\r\n{common_fields(history)}\r\n".encode()


def conditional_request(history, account, expected):
    """Is refused in any case: by the condition, or for want of money."""
    body = f'{{"amount":{MORE_THAN_THERE_IS}}}'
    return (f"POST /accounts/{account}/withdraw HTTP/1.1\r\n{common_fields(history)}"
            f'Content-Type: application/json\r\nIf-Match: "{expected}"\r\n'
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


class Connection:
    """A connection, and what it waits for: the numbers of requests, of several in a batch; or an
    account that it reads, or of which it expects a last posting."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=MOST_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.received = b""
        self.request = b""
        self.numbers = []
        self.reads = None
        self.expects = None  # account and sequence

    def send(self):
        # A request is far smaller than what a socket takes at once.
        if self.socket.send(self.request) != len(self.request):
            raise OSError("a request was not taken whole")


class Client:
    """Connections to one server. Every answer goes to `history`."""

    def __init__(self, port, connections, history):
        self.history = history
        self.poll = select.epoll()
        self.connections = {}
        self.open = set()  # descriptors of those that the server has not closed
        self.unanswered = []  # the numbers of requests to repeat
        self.is_lost = False  # the server has closed a connection
        self.answers = 0
        try:
            for _ in range(connections):
                one = Connection(port)
                self.connections[one.socket.fileno()] = one
                self.poll.register(one.socket, select.EPOLLIN)
                self.open.add(one.socket.fileno())
        except BaseException:
            self.close()
            raise

    def run(self, next_job):
        """Has each connection do what `next_job()` returns, ("post", number), ("batch", numbers),
        ("read", account) or ("condition", account).
        Ends when that is None and all are answered, or when the server has closed a connection."""
        idle = list(self.connections.values())
        self.is_lost = False
        give_up = time.monotonic() + MOST_S
        while not self.is_lost:
            idle = [one for one in idle if not self._begin(one, next_job)]
            if len(idle) == len(self.connections) or self.is_lost:
                break
            if time.monotonic() >= give_up:
                raise TimeoutError("the server does not answer")
            idle += self._receive(WAIT_S)

    def _begin(self, one, next_job):
        """Starts the next job on a connection. Returns False if there is none."""
        job = next_job()
        if job is None:
            return False
        kind, what = job
        if kind == "post":
            one.numbers, one.request = [what], request_for(self.history, what)
        elif kind == "batch":
            one.numbers, one.request = what, batch_request_for(self.history, what)
        elif kind == "condition":
            one.expects = what, self.history.sequences[what]
            one.request = conditional_request(self.history, *one.expects)
        else:
            one.reads, one.request = what, read_request(self.history, what)
        try:
            one.send()
        except OSError:
            self.is_lost = True
        return True

    def _receive(self, wait_s):
        """The connections whose request was answered."""
        answered = []
        for descriptor, _ in self.poll.poll(wait_s):
            one = self.connections[descriptor]
            try:
                more = one.socket.recv(65536)
            except BlockingIOError:
                continue
            except OSError:
                more = b""
            if not more:
                self.poll.unregister(descriptor)
                self.open.remove(descriptor)
                self.is_lost = True
                continue
            one.received += more
            reply = whole_reply(one.received)
            if reply is not None:
                self._check(one)
                one.received = b""
                self._take(one, reply)
                answered.append(one)
        return answered

    def _check(self, one):
        self.answers += 1
        if self.answers % CHECKED_ONE_IN == 0:
            description.check_bytes(one.request, one.received)

    def _take(self, one, reply):
        if reply.is_of_batch:
            numbers, one.numbers = one.numbers, []
            self._take_results(numbers, reply.body.splitlines())
        elif one.numbers:
            numbers, one.numbers = one.numbers, []
            for number in numbers:  # a batch may be refused as a whole
                if len(numbers) > 1 or not self.history.answer(
                        number, reply.status, reply.body, reply.replayed, reply.location):
                    self._not_yet(number, reply.status, reply.body)
        elif one.expects:
            (account, expected), one.expects = one.expects, None
            self._take_refusal(account, expected, reply)
        else:
            account, one.reads = one.reads, None
            if reply.status == 200:
                self.history.saw_sequence(account, reply.sequence)
                self._take_read(account, reply.body)

    def _take_results(self, numbers, results):
        if len(numbers) != len(results):
            self.history.complain("wrong", f"{len(numbers)} lines have {len(results)} results")
        for number, body in zip(numbers, results):
            status = int(body[body.rindex(":") + 1:-1])
            location = self.history.requests[number].location_in(body)
            if not self.history.answer(number, status, body, False, location):
                self._not_yet(number, status, body)

    def _take_refusal(self, account, expected, reply):
        """Of a conditional request: 412 shows that there is a later posting than the expected."""
        if reply.status == 412:
            self.history.saw_sequence(account, expected + 1)
        elif reply.status not in (400, 409, 503):
            self.history.complain("wrong", f"the condition of {account}: {reply.body}")

    def _take_read(self, account, body):
        self.history.books.saw(account, minor_of(BALANCE.search(body)[1]))
        if parts := PARTS.search(body):
            balance, held, available = map(minor_of, parts.groups())
            if balance != held + available:
                self.history.complain("wrong", f"available and held are not the balance: {body}")

    def _not_yet(self, number, status, body):
        if status not in (409, 503):
            self.history.complain("wrong", f"{self.history.key_of(number)}: {body}")
        time.sleep(AGAIN_AFTER_S)
        self.unanswered.append(number)

    def take_what_has_come(self):
        """Reads the replies that had been sent when the server ended. All other requests are
        unanswered."""
        give_up = time.monotonic() + MOST_S
        while self.open:
            self._receive(WAIT_S)
            if time.monotonic() >= give_up:
                raise TimeoutError("the server has ended, and its connections have not")
        self.unanswered += [number for one in self.connections.values() for number in one.numbers]

    def close(self):
        self.poll.close()
        for one in self.connections.values():
            one.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
