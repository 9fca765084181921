"""The contract of the endpoints: statuses, types, key order, exact money."""

import email.utils
import time
import unittest

from server import Server, balance, curl, get, post

JSON = "Content-Type: application/json"


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())

    def assert_refused(self, reply, status, error_type, *members):
        self.assertEqual((status, error_type), (reply.status, reply.error_type()), reply.body)
        self.assertEqual(["success", "error", "code"], list(reply.json()))
        self.assertEqual(["type", "message", *members], list(reply.json()["error"]))
        self.assertIs(reply.json()["success"], False)
        self.assertEqual(status, reply.json()["code"])
        self.assertTrue(reply.json()["error"]["message"])
        self.assertEqual("application/json", reply.fields["content-type"])
        self.assertEqual(str(len(reply.body)), reply.fields["content-length"])

    def test_the_sample_accounts_are_there(self):
        with Server() as server:
            for i in range(1, 10):
                reply = get(server, f"/accounts/{10000 + i}/balance")
                self.assertEqual(reply.body, '{"success":true,"data":{"account_number":"'
                                 f'{10000 + i}","balance":{i}000.0}},"code":200}}')
            self.assertEqual("10000.0", balance(server, 100000))

    def test_balance_withdraw_and_deposit_answer_as_documented(self):
        withdrawn = post(self.server, "/accounts/10001/withdraw", '{"amount":100.0}')
        self.assertEqual(200, withdrawn.status)
        self.assertEqual(withdrawn.body, '{"success":true,"data":{"account_number":"10001",'
                         '"new_balance":900.0},"code":200}')
        deposited = post(self.server, "/accounts/10001/deposit", '{"amount":200.0}')
        self.assertEqual(deposited.body, '{"success":true,"data":{"account_number":"10001",'
                         '"new_balance":1100.0},"code":200}')
        self.assertEqual(get(self.server, "/accounts/10001/balance").body,
                         '{"success":true,"data":{"account_number":"10001","balance":1100.0},'
                         '"code":200}')

    def test_a_tenth_deposited_ten_times_is_exactly_one(self):
        for _ in range(10):
            self.assertEqual(200, post(self.server, "/accounts/10002/deposit",
                                       '{"amount":0.1}').status)
        self.assertEqual("2001.0", balance(self.server, 10002))

    def test_money_is_read_and_written_exactly(self):
        self.assertEqual("3000.0", balance(self.server, 10003))
        for amount, expected in (("0.01", "3000.01"), ("0.09", "3000.1"), ("1e2", "3100.1"),
                                 ("1E-1", "3100.2"), ("1.500", "3101.7"), ("99.99", "3201.69"),
                                 ("90000000000000000.0", "90000000000003201.69")):
            reply = post(self.server, "/accounts/10003/deposit", f'{{"amount":{amount}}}')
            self.assertIn(f'"new_balance":{expected}}}', reply.body)
        reply = post(self.server, "/accounts/10003/withdraw", '{"amount":90000000000003201.69}')
        self.assertIn('"new_balance":0.0}', reply.body)

    def test_invalid_amounts_are_refused_and_change_nothing(self):
        bodies = ['{"amount":%s}' % amount for amount in (
            "1.005", '"5"', "-1", "0", "0.0", "-0", "null", "true", "[]", "{}", "1e400", "1e-400",
            "0.001", "92233720368547758.08")]
        bodies += ['{"amount":1,"amount":2}', "{}", '{"Amount":1}', "[]", "1", "null", '"amount"']
        before = balance(self.server, 10004)
        for path in ("/accounts/10004/withdraw", "/accounts/10004/deposit"):
            for body in bodies:
                with self.subTest(path=path, body=body):
                    self.assert_refused(post(self.server, path, body), 400, "invalid_amount")
        self.assertEqual(before, balance(self.server, 10004))

    def test_more_than_the_balance_is_refused(self):
        reply = post(self.server, "/accounts/10004/withdraw", '{"amount":4000.01}')
        self.assert_refused(reply, 400, "insufficient_funds", "available")
        self.assertEqual(4000.0, reply.json()["error"]["available"])
        self.assertEqual("4000.0", balance(self.server, 10004))

    def test_a_balance_never_leaves_its_range(self):
        reply = post(self.server, "/accounts/10004/deposit", '{"amount":92233720368547758.07}')
        self.assert_refused(reply, 400, "invalid_amount")
        self.assertEqual("4000.0", balance(self.server, 10004))

    def test_account_numbers_are_digits_in_range(self):
        for number in ("0", "010001", "-1", "+1", "1.0", "abc", "", "18446744073709551616", "0x1",
                       "1%2F2", "%2531", "999999999999999999999999"):
            with self.subTest(number=number):
                self.assert_refused(get(self.server, f"/accounts/{number}/balance"), 400,
                                    "invalid_account_number")
                self.assert_refused(post(self.server, f"/accounts/{number}/deposit",
                                         '{"amount":1}'), 400, "invalid_account_number")

    def test_unknown_accounts_are_not_found(self):
        for number in ("1", "10010", "18446744073709551615"):
            with self.subTest(number=number):
                self.assert_refused(get(self.server, f"/accounts/{number}/balance"), 404,
                                    "no_such_account")
                self.assert_refused(post(self.server, f"/accounts/{number}/withdraw",
                                         '{"amount":1}'), 404, "no_such_account")

    def test_unknown_paths_are_not_found(self):
        for path in ("/", "/accounts/10001/", "/nothing", "/accounts/10001/balance/",
                     "/accounts/10001/closed", "/transactions/", "/ACCOUNTS/10001/balance"):
            with self.subTest(path=path):
                self.assert_refused(get(self.server, path), 404, "no_such_route")

    def test_a_query_is_no_part_of_the_path(self):
        self.assertEqual(200, get(self.server, "/accounts/10005/balance?x=1").status)

    def test_percent_encoding_is_undone_once(self):
        plain = get(self.server, "/accounts/10005/balance").body
        for path in ("/accounts/1%30005/balance", "/%61ccounts/10005/%62alance"):
            self.assertEqual(plain, get(self.server, path).body, path)
        self.assert_refused(get(self.server, "/accounts%2F10005/balance"), 404, "no_such_route")
        for path in ("/accounts/%/balance", "/accounts/1%0/balance", "/%00", "/%7f"):
            self.assert_refused(get(self.server, path), 400, "bad_request")

    def test_options_names_the_methods(self):
        for path, target, allowed in (("/accounts/10001/balance", [], "GET, HEAD, OPTIONS"),
                                      ("/accounts/10001/deposit", [], "POST, OPTIONS"),
                                      ("/", ["--request-target", "*"],
                                       "GET, HEAD, POST, OPTIONS")):
            reply = get(self.server, path, "--request", "OPTIONS", *target)
            self.assertEqual((204, ""), (reply.status, reply.body))
            self.assertEqual(allowed, reply.fields["allow"])
            self.assertNotIn("content-length", reply.fields)

    def test_other_methods_are_named_and_refused(self):
        for path, method, allowed in (("balance", "POST", "GET, HEAD, OPTIONS"),
                                      ("balance", "DELETE", "GET, HEAD, OPTIONS"),
                                      ("withdraw", "GET", "POST, OPTIONS"),
                                      ("deposit", "PUT", "POST, OPTIONS")):
            with self.subTest(path=path, method=method):
                reply = get(self.server, f"/accounts/10001/{path}", "--request", method)
                self.assert_refused(reply, 405, "method_not_allowed")
                self.assertEqual(allowed, reply.fields["allow"])

    def test_only_well_formed_json_is_a_body(self):
        url = self.server.url("/accounts/10006/deposit")
        good = '{"amount":1}'
        for reason, arguments in {
                "no type": ["--header", "Content-Type:", "--data", good],
                "a form": ["--data", good],
                "another type": ["--header", "Content-Type: text/plain", "--data", good],
                "no body": ["--header", JSON, "--request", "POST"],
                "an empty body": ["--header", JSON, "--data", ""],
                "half a body": ["--header", JSON, "--data", '{"amount":1'],
                "no JSON": ["--header", JSON, "--data", "amount=1"],
                "more than JSON": ["--header", JSON, "--data", good + "x"],
                "no JSON number": ["--header", JSON, "--data", '{"amount":+1}'],
                "a leading zero": ["--header", JSON, "--data", '{"amount":01}'],
                "not a number at all": ["--header", JSON, "--data", '{"amount":NaN}'],
        }.items():
            with self.subTest(reason):
                self.assert_refused(curl(*arguments, url), 415, "unsupported_media_type")
        self.assertEqual("6000.0", balance(self.server, 10006))

    def test_the_media_type_may_have_parameters_and_any_case(self):
        for content_type in ("application/json; charset=utf-8", "Application/JSON"):
            reply = post(self.server, "/accounts/10007/deposit", '{"amount":1}',
                         content_type=content_type)
            self.assertEqual(200, reply.status, content_type)

    def test_other_members_are_passed_over(self):
        reply = post(self.server, "/accounts/10008/deposit",
                     ' {"note":{"amount":[7]}, "amount" : 1.5 , "x":null}\n')
        self.assertIn('"new_balance":8001.5', reply.body)

    def test_replies_carry_date_type_and_length(self):
        reply = get(self.server, "/accounts/10009/balance")
        self.assertEqual("HTTP/1.1", reply.version)
        self.assertEqual("application/json", reply.fields["content-type"])
        self.assertEqual(str(len(reply.body)), reply.fields["content-length"])
        self.assertRegex(reply.fields["date"], r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|"
                         r"Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$")
        age_s = time.time() - email.utils.parsedate_to_datetime(reply.fields["date"]).timestamp()
        self.assertLess(abs(age_s), 5)

    def test_head_is_get_without_the_body(self):
        whole = get(self.server, "/accounts/10009/balance")
        head = get(self.server, "/accounts/10009/balance", "--head")
        self.assertEqual((200, ""), (head.status, head.body))
        self.assertEqual(whole.fields["content-length"], head.fields["content-length"])


if __name__ == "__main__":
    unittest.main()
