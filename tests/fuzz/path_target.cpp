// Whatever target a request has, it reaches an account exactly if a check that knows nothing of the
// server's code says so, and then that account and no other.
//
// The input is the beginning of a request line: "GET /accounts/10001/balance".
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/exact_replies.hpp"
#include "fuzz/exact_target.hpp"
#include "fuzz/few_accounts.hpp"
#include "fuzz/few_routes.hpp"
#include "fuzz/require.hpp"
#include "fuzz/text.hpp"
#include "http/parsed_replies.hpp"
#include "http/session_driver.hpp"

namespace {

using coffer::fuzz::exact_reply;
using coffer::fuzz::exact_target;
using coffer::fuzz::few_routes;
using coffer::fuzz::require;
using coffer::fuzz::take_until;

constexpr std::size_t most_bytes = 4096;  // what is too long is another target's concern
constexpr std::string_view amount = R"({"amount":0.01})";

exact_reply due_to(const std::string& method, const std::string& target) {
    const auto what = coffer::fuzz::read_target(target).what;
    if (what == exact_target::kind::malformed ||
        (what == exact_target::kind::asterisk && method != "OPTIONS"))
        return {400, "bad_request", "", "", false};
    coffer::fuzz::exact_request request;
    request.method = method;
    request.target = target;
    request.content_type = "application/json";
    request.body = amount;
    coffer::fuzz::known_ledger ledger = coffer::fuzz::few_accounts;
    coffer::fuzz::known_keys keys;
    return reply_to(request, ledger, keys);
}

exact_reply given_to(const std::string& method, const std::string& target) {
    coffer::http::session_driver client{coffer::http::default_limits,
                                        coffer::fuzz::open_few_accounts(), few_routes};
    client.send(method == "POST" ? coffer::http::post(target, amount)
                                 : method + " " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto replies = coffer::http::read_replies(client.out);
    require(replies.size() == 1, "not one reply to one request");
    return {replies[0].status, replies[0].type, replies[0].account, replies[0].balance,
            replies[0].posted};
}

std::string text_of(const exact_reply& reply) {
    return std::to_string(reply.status) + " " + reply.type + reply.account + " " + reply.balance;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input{reinterpret_cast<const char*>(data), std::min(size, most_bytes)};
    const std::string method{take_until(input, " ")};
    if ((method != "GET" && method != "POST" && method != "OPTIONS") || input.empty())
        return 0;
    const std::string target{input.substr(1)};
    // A space, an end of line or nothing makes another request line of it.
    if (target.empty() || target.find_first_of(" \r\n") != std::string::npos)
        return 0;
    const exact_reply due = due_to(method, target);
    const exact_reply given = given_to(method, target);
    require(given == due, ("due is " + text_of(due) + ", given is " + text_of(given)).c_str());
    return 0;
}
