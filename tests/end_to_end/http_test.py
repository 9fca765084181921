"""The bytes on the wire: what one connection may do, and what is refused as malformed."""

import json
import unittest

from server import Server, balance, curl, exchange

GET = b"GET /accounts/10001/balance HTTP/1.1\r\nHost: localhost\r\n\r\n"


def post_bytes(body, account=10002, fields=b"", path=b"deposit"):
    return (b"POST /accounts/%d/%s HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
            % (account, path, fields, len(body), body))


def split(received):
    """The replies in a stream of bytes, as (status, head, body)."""
    replies = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"Content-Length", 0))
        replies.append((int(head.split(b" ")[1]), head, rest[:length]))
        received = rest[length:]
    return replies


class Http(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())

    def refused(self, request, status, error_type, closed=True):
        received, was_closed = exchange(self.server, request)
        (found, _, body), = split(received)
        self.assertEqual((status, error_type), (found, json.loads(body)["error"]["type"]), request)
        self.assertEqual(status, json.loads(body)["code"])
        if closed:
            self.assertTrue(was_closed, "the connection stays open")

    def test_a_connection_is_kept_for_the_next_request(self):
        reply = curl(self.server.url("/accounts/10001/balance"), "--next", "--silent",
                     "--write-out", "%{num_connects}", self.server.url("/accounts/10001/balance"))
        self.assertTrue(reply.body.endswith("}0"), reply.body)  # no connect for the second

    def test_connection_close_is_honoured(self):
        received, closed = exchange(self.server, GET.replace(b"Host", b"Connection: close\r\nHost"))
        self.assertTrue(closed)
        self.assertIn(b"\r\nConnection: close\r\n", received)

    def test_twenty_pipelined_requests_get_twenty_replies_in_order(self):
        request = b"".join(post_bytes(b'{"amount":%d}' % (i + 1), 10003) for i in range(20))
        replies = split(exchange(self.server, request)[0])
        self.assertEqual([200] * 20, [status for status, _, _ in replies])
        balances = [json.loads(body)["data"]["new_balance"] for _, _, body in replies]
        self.assertEqual([3000.0 + (i + 1) * (i + 2) / 2 for i in range(20)], balances)

    def test_requests_may_come_byte_by_byte(self):
        request = post_bytes(b'{"amount":0.5}', 10004) + GET
        replies = split(exchange(self.server, request, parts=1)[0])
        self.assertEqual([200, 200], [status for status, _, _ in replies])
        self.assertEqual("4000.5", balance(self.server, 10004))

    def test_http_1_0_is_answered_and_closed(self):
        received, closed = exchange(self.server, b"GET /accounts/10001/balance HTTP/1.0\r\n\r\n")
        self.assertEqual(200, split(received)[0][0])
        self.assertTrue(closed)

    def test_http_1_0_keep_alive_is_kept(self):
        request = b"GET /accounts/10001/balance HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        received, closed = exchange(self.server, request * 2)
        self.assertEqual([200, 200], [status for status, _, _ in split(received)])
        self.assertFalse(closed)

    def test_a_chunked_body_is_read(self):
        coding = b"Transfer-Encoding: chunked"
        request = post_bytes(b"", 10005).replace(b"Content-Length: 0", coding)
        request += b"7\r\n{\"amoun\r\n5\r\nt\":1}\r\n0\r\n\r\n"
        self.assertEqual(200, split(exchange(self.server, request)[0])[0][0])
        self.assertEqual("5001.0", balance(self.server, 10005))

    def test_expect_100_continue_is_met(self):
        reply = curl("--header", "Expect: 100-continue", "--header",
                     "Content-Type: application/json", "--data", '{"amount":1}',
                     self.server.url("/accounts/10006/deposit"))
        self.assertEqual(200, reply.status)
        request = post_bytes(b"{}", fields=b"Expect: 100-continue\r\n")
        self.assertTrue(exchange(self.server, request[:-2])[0].startswith(b"HTTP/1.1 100 "))

    def test_a_body_is_not_asked_for_where_the_head_is_refused(self):
        request = post_bytes(b"{}", fields=b"Expect: 100-continue\r\n")
        for head, status in ((request.replace(b"deposit", b"nothing"), 404),
                             (request.replace(b"application/json", b"text/plain"), 415),
                             (request.replace(b"/10002/", b"/x/"), 400)):
            received, closed = exchange(self.server, head[:-2])
            (found, _, _), = split(received)
            self.assertEqual(status, found)
            self.assertTrue(closed)

    def test_malformed_requests_are_refused_and_the_connection_closed(self):
        line = b"GET /accounts/10001/balance HTTP/1.1\r\n"
        host = b"Host: localhost\r\n"
        body = b"POST /accounts/10001/deposit HTTP/1.1\r\n" + host
        for request in (
                b"nonsense\r\n\r\n",
                b"GET / \r\n\r\n",
                b"GET  / HTTP/1.1\r\n" + host + b"\r\n",
                b"GET /\x01 HTTP/1.1\r\n" + host + b"\r\n",
                b"GET accounts HTTP/1.1\r\n" + host + b"\r\n",
                line + b"\r\n",
                line + host + host + b"\r\n",
                line + b"Host: a b\r\n\r\n",
                line + host + b" folded: x\r\n\r\n",
                line + host + b"no colon\r\n\r\n",
                line + host + b"spaced : x\r\n\r\n",
                line + host + b"nul: a\0b\r\n\r\n",
                body + b"Content-Length: -1\r\n\r\n",
                body + b"Content-Length: 1x\r\n\r\n",
                body + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n12",
                body + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                body + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
                body + b"Transfer-Encoding: gzip\r\n\r\n",
                body + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
                b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
            with self.subTest(request=request):
                self.refused(request, 400, "bad_request")

    def test_limits_have_statuses_of_their_own(self):
        line = b"GET /accounts/10001/balance HTTP/1.1\r\nHost: localhost\r\n"
        self.refused(b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414,
                     "uri_too_long")
        self.refused(line + b"Long: " + b"x" * 70_000 + b"\r\n\r\n", 431,
                     "request_header_fields_too_large")
        self.refused(post_bytes(b"").replace(b"Length: 0", b"Length: 9999999999"), 413,
                     "content_too_large")
        self.refused(line + b"Expect: miracles\r\n\r\n", 417, "expectation_failed", closed=False)
        self.refused(b"BREW" + line[3:] + b"\r\n", 501, "not_implemented", closed=False)
        coding = b"Transfer-Encoding: gzip, chunked"
        self.refused(post_bytes(b"").replace(b"Content-Length: 0", coding), 501, "not_implemented")
        self.refused(line.replace(b"/1.1", b"/2.0") + b"\r\n", 505, "http_version_not_supported")

    def test_good_requests_before_a_malformed_one_are_answered(self):
        received, closed = exchange(self.server, GET + GET + b"nonsense\r\n\r\n")
        self.assertEqual([200, 200, 400], [status for status, _, _ in split(received)])
        self.assertTrue(closed)


if __name__ == "__main__":
    unittest.main()
