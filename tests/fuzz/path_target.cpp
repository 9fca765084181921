// Whatever target a request has, it reaches an account exactly if a check that knows nothing of the
// server's code says so, and then that account and no other.
//
// The input is the beginning of a request line: "GET /accounts/10001/balance".
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/require.hpp"
#include "http/session_driver.hpp"
#include "http/told_replies.hpp"

namespace {

using coffer::fuzz::require;

constexpr std::size_t most_bytes = 4096;  // what is too long is another target's concern
constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view digits = "0123456789";
constexpr std::string_view name_signs = "-._~!$&'()*+,;=";

struct answer {
    std::string status;  // with the type of a failure
    std::string account;

    bool operator==(const answer&) const = default;
};

bool consists_of(std::string_view text, std::initializer_list<std::string_view> kinds) {
    return std::all_of(text.begin(), text.end(), [kinds](char c) {
        return std::any_of(kinds.begin(), kinds.end(), [c](std::string_view kind) {
            return kind.find(c) != std::string_view::npos;
        });
    });
}

/// Takes what stands before the first of `ends`, or all, from the front.
std::string_view take_until(std::string_view& text, std::string_view ends) {
    const std::string_view found = text.substr(0, text.find_first_of(ends));
    text.remove_prefix(found.size());
    return found;
}

/// A host that is not empty, and perhaps a port (RFC 9110, section 4.2).
bool is_authority(std::string_view text) {
    if (text.starts_with('[')) {
        text.remove_prefix(1);
        const std::string_view address = take_until(text, "]");
        if (address.empty() || text.empty() || !consists_of(address, {digits, "abcdefABCDEF:."}))
            return false;
        text.remove_prefix(1);
    } else {
        const std::string_view name = take_until(text, ":");
        if (name.empty() || !consists_of(name, {letters, digits, name_signs}))
            return false;
    }
    return text.empty() || (text[0] == ':' && consists_of(text.substr(1), {digits}));
}

/// Removes scheme and authority from the front; false if they are not as they should be.
bool take_authority(std::string_view& target) {
    std::string scheme{take_until(target, ":")};
    for (char& c : scheme)
        c = static_cast<char>(c | 0x20);
    if ((scheme != "http" && scheme != "https") || !target.starts_with("://"))
        return false;
    target.remove_prefix(3);
    return is_authority(take_until(target, "/?"));
}

bool is_account_number(std::string_view text) {
    constexpr std::string_view most = "18446744073709551615";
    if (text.empty() || text[0] == '0' || !consists_of(text, {digits}))
        return false;
    return text.size() < most.size() || (text.size() == most.size() && text <= most);
}

/// What stands between the slashes, before the first and behind the last too.
std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments{take_until(path, "/")};
    while (!path.empty()) {
        path.remove_prefix(1);
        segments.push_back(take_until(path, "/"));
    }
    return segments;
}

answer due_to(std::string_view method, std::string_view target) {
    if (target.empty() || !consists_of(target, {letters, digits, name_signs, "/:@?[]"}))
        return {"400 bad_request", ""};
    if (target == "*")
        return {"404 no_such_route", ""};
    if (target[0] != '/' && !take_authority(target))
        return {"400 bad_request", ""};
    const auto segments = segments_of(take_until(target, "?"));
    if (segments.size() != 4 || segments[1] != "accounts")
        return {"404 no_such_route", ""};
    const std::string_view account = segments[2];
    const bool is_balance = segments[3] == "balance";
    if (!is_balance && segments[3] != "deposit" && segments[3] != "withdraw")
        return {"404 no_such_route", ""};
    if ((method == "GET") != is_balance)
        return {"405 method_not_allowed", ""};
    if (!is_account_number(account))
        return {"400 invalid_account_number", ""};
    constexpr std::array<std::string_view, 10> sample{"10001", "10002", "10003", "10004", "10005",
                                                      "10006", "10007", "10008", "10009", "100000"};
    if (std::find(sample.begin(), sample.end(), account) == sample.end())
        return {"404 no_such_account", ""};
    return {"200 ", std::string{account}};
}

answer given_to(std::string_view method, std::string_view target) {
    coffer::http::session_driver client;
    const std::string line{target};
    client.send(method == "GET" ? coffer::http::get(line)
                                : coffer::http::post(line, R"({"amount":0.01})"));
    const auto replies = coffer::http::read_replies(client.out);
    require(replies.size() == 1, "not one reply to one request");
    return {std::to_string(replies[0].status) + " " + replies[0].type, replies[0].account};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view target{reinterpret_cast<const char*>(data), std::min(size, most_bytes)};
    const std::string_view method = take_until(target, " ");
    if ((method != "GET" && method != "POST") || target.empty())
        return 0;
    target.remove_prefix(1);
    // A space, an end of line or nothing makes another request line of it, and percent-encoding is
    // no part of this check.
    if (target.empty() || target.find_first_of(" \r\n%") != std::string_view::npos)
        return 0;
    const answer due = due_to(method, target);
    const answer given = given_to(method, target);
    const std::string told =
        "due is " + due.status + due.account + ", given is " + given.status + given.account;
    require(given == due, told.c_str());
    return 0;
}
