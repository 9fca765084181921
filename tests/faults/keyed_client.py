"""Many connections in one thread. Each sends a request with its key, and waits for the answer."""

import re
import select
import socket
import time

from faults.money_text import minor_of, text_of

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
REPLAYED = re.compile(rb"\r\nidempotent-replayed: *true\r\n", re.IGNORECASE)
BALANCE = re.compile(r'"balance":([0-9.]+)')
MOST_S = 60  # to wait for anything
WAIT_S = 0.05
AGAIN_AFTER_S = 0.002  # repeats a request whose answer was not final


class Reply:
    """The complete reply at the beginning of these bytes."""

    def __init__(self, received, head_end, end):
        head = received[:head_end + 2]
        self.status = int(head[9:12])
        self.replayed = REPLAYED.search(head) is not None
        self.body = received[head_end + 4:end].decode()


def whole_reply(received):
    """The reply in these bytes; None while it is not complete."""
    head_end = received.find(HEAD_END)
    if head_end < 0:
        return None
    length = LENGTH.search(received, 0, head_end + 2)
    end = head_end + 4 + (int(length[1]) if length else 0)
    return Reply(received, head_end, end) if len(received) >= end else None


def request_for(history, number):
    effect = history.effect[number]
    operation = "deposit" if effect > 0 else "withdraw"
    body = f'{{"amount":{text_of(abs(effect))}}}'
    return (f"POST /accounts/{history.account[number]}/{operation} HTTP/1.1\r\nHost: coffer\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {history.key_of(number)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def balance_request(account):
    return f"GET /accounts/{account}/balance HTTP/1.1\r\nHost: coffer\r\n\r\n".encode()


class Connection:
    """A connection, and what it waits for: the number of a request, or an account that it reads."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=MOST_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.received = b""
        self.number = None
        self.reads = None

    def send(self, request):
        # A request is far smaller than what a socket takes at once.
        if self.socket.send(request) != len(request):
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
        """Has each connection do what `next_job()` returns, ("post", number) or ("read", account).
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
            one.number, request = what, request_for(self.history, what)
        else:
            one.reads, request = what, balance_request(what)
        try:
            one.send(request)
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
                one.received = b""
                self._take(one, reply)
                answered.append(one)
        return answered

    def _take(self, one, reply):
        if one.number is not None:
            number, one.number = one.number, None
            if not self.history.answer(number, reply.status, reply.body, reply.replayed):
                self._not_yet(number, reply)
        else:
            account, one.reads = one.reads, None
            if reply.status == 200:
                self.history.saw(account, minor_of(BALANCE.search(reply.body)[1]))

    def _not_yet(self, number, reply):
        if reply.status not in (409, 503):
            self.history.complain("wrong", f"{self.history.key_of(number)}: {reply.body}")
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
        self.unanswered += [one.number for one in self.connections.values()
                            if one.number is not None]

    def close(self):
        self.poll.close()
        for one in self.connections.values():
            one.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def balances(port, accounts):
    """Reads the balances of these accounts over one connection."""
    found = {}
    with socket.create_connection(("127.0.0.1", port), timeout=MOST_S) as one:
        for account in accounts:
            one.sendall(balance_request(account))
            received, reply = b"", None
            while reply is None:
                more = one.recv(65536)
                if not more:
                    raise OSError("the server closed the connection")
                received += more
                reply = whole_reply(received)
            found[account] = minor_of(BALANCE.search(reply.body)[1])
    return found
