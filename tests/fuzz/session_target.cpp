// Whatever bytes a client sends, and in whatever pieces, a session
//
//   replies to each request what a slow reader of its own says is due, and posts that;
//   refuses what that refuses, with nothing after the last reply, and waits where it waits;
//   replies and posts the same when the same bytes come in other pieces;
//   takes nothing once it has closed, and closes when a deadline is over.
//
// In the input, 0xff parts two pieces. All limits are so small that a short input goes beyond them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/exact_amount.hpp"
#include "fuzz/exact_replies.hpp"
#include "fuzz/exact_request.hpp"
#include "fuzz/few_accounts.hpp"
#include "fuzz/few_routes.hpp"
#include "fuzz/require.hpp"
#include "http/parsed_replies.hpp"
#include "http/session_driver.hpp"

namespace {

using coffer::fuzz::exact_reply;
using coffer::fuzz::exact_request;
using coffer::fuzz::few_accounts;
using coffer::fuzz::few_routes;
using coffer::fuzz::known_keys;
using coffer::fuzz::known_ledger;
using coffer::fuzz::require;
using coffer::http::parsed_reply;
using coffer::http::session_driver;
using phase = coffer::http::session::phase;
using verdict = exact_request::verdict;

constexpr coffer::http::limits allowed = [] {
    coffer::http::limits tiny;
    tiny.target_bytes = 64;
    tiny.head_bytes = 256;
    tiny.body_bytes = 48;
    tiny.requests_per_wake = 3;
    tiny.output_bytes = 700;
    return tiny;
}();
static_assert(allowed.are_consistent());

// What a few requests take, beyond every limit of one.
constexpr std::size_t most_bytes = 2048;
constexpr std::size_t most_reply_bytes = 2048;

using pieces = std::vector<std::string_view>;

pieces cut(std::string_view bytes, std::size_t piece_bytes) {
    pieces all;
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes)
        all.push_back(bytes.substr(at, piece_bytes));
    return all;
}

known_ledger ledger_of(const session_driver& client) {
    known_ledger all;
    for (std::size_t i = 0; i != all.size(); ++i)
        all[i] = client.engine.ledger().balance(few_accounts[i].account).posting;
    return all;
}

bool are_same(const known_ledger& some, const known_ledger& others) {
    return std::equal(some.begin(), some.end(), others.begin(), [](const auto& one, const auto& b) {
        return one.balance == b.balance && one.sequence == b.sequence;
    });
}

/// Nothing is taken any more, not even what is well-formed.
void check_closed(session_driver& client) {
    const known_ledger before = ledger_of(client);
    const std::size_t replied = client.out.size();
    const std::string request = coffer::http::post("/accounts/10001/deposit", R"({"amount":0.01})");
    require(client.session.feed(request, client.out) == 0, "bytes taken after the end");
    require(client.out.size() == replied, "a reply after the last");
    require(are_same(before, ledger_of(client)), "a posting after the end");
}

void check_deadline(session_driver& client) {
    const bool began = client.session.now() == phase::head || client.session.now() == phase::body;
    client.out.clear();
    client.session.time_out({}, client.out);
    const auto replies = coffer::http::read_replies(client.out);
    require(replies.size() == (began ? 1 : 0), "a deadline is told if a request had begun");
    require(!began || (replies[0].status == 408 && replies[0].closes), "a deadline is 408");
    require(client.closed(), "a deadline closes");
}

struct heard {
    std::string bytes;
    bool closed;
    phase last;
    known_ledger after;
};

heard hear(const pieces& all) {
    session_driver client{allowed, coffer::fuzz::open_few_accounts(), few_routes};
    for (const std::string_view piece : all) {
        client.send(piece);
        require(client.out_once.size() <= allowed.output_bytes + most_reply_bytes,
                "replies beyond their limit");
    }
    heard told{client.out, client.closed(), client.session.now(), ledger_of(client)};
    if (!told.closed)
        check_deadline(client);
    check_closed(client);
    return told;
}

bool is_refusal(const parsed_reply& reply) {
    constexpr int statuses[] = {400, 413, 414, 417, 431, 501, 505};
    return reply.closes &&
           std::find(std::begin(statuses), std::end(statuses), reply.status) != std::end(statuses);
}

void check_reply(const parsed_reply& given, const exact_request& request, known_ledger& ledger,
                 known_keys& keys) {
    const bool is_ours = request.method == "GET" || request.method == "HEAD" ||
                         request.method == "POST" || request.method == "OPTIONS";
    if (!is_ours) {
        require(given.status == 404 || given.status == 405 || is_refusal(given),
                "a method that does something");
        return;
    }
    if (given.type == "invalid_amount" && coffer::fuzz::has_huge_exponent(request.body))
        return;
    if (given.type == "invalid_idempotency_key" && coffer::fuzz::has_key_parameters(request))
        return;
    const exact_reply due = reply_to(request, ledger, keys);
    require(
        exact_reply{given.status, given.type, given.account, given.balance, given.posted} == due,
        "another reply than is due");
    require(given.closes == !request.keep_alive, "it closes, or does not, against the request");
}

/// Checks the replies to bytes that came in one piece, and what was posted, against what is due.
void check_heard(std::string_view bytes, const heard& told) {
    known_ledger ledger = few_accounts;
    known_keys keys;
    bool closed = false;
    for (const parsed_reply& reply : coffer::http::read_replies(told.bytes)) {
        require(!closed, "a reply after the last");
        closed = reply.closes;
        while (bytes.starts_with("\r\n"))
            bytes.remove_prefix(2);
        require(!bytes.empty(), "a reply to nothing");
        const exact_request request = coffer::fuzz::read_request(bytes, allowed);
        if (request.what == verdict::refused)
            require(is_refusal(reply), "taken though it is to be refused");
        else if (request.what == verdict::partial)  // wrong already, or told before its body
            require(reply.closes && reply.status != 200, "a reply to part of a request");
        else
            check_reply(reply, request, ledger, keys);
        bytes.remove_prefix(closed ? bytes.size() : request.size);
    }
    require(closed == told.closed, "the end is not that of the last reply");
    while (bytes.starts_with("\r\n"))
        bytes.remove_prefix(2);
    require(bytes.empty() || coffer::fuzz::read_request(bytes, allowed).what == verdict::partial,
            "no reply to what could be answered");
    require(are_same(ledger, told.after), "the ledger is not what the requests make them");
}

/// A client that waits for 100 is told so; whether it waits depends on the pieces.
bool may_wait_for_continue(std::string_view bytes) {
    constexpr std::string_view expected = "100-continue";
    return std::search(bytes.begin(), bytes.end(), expected.begin(), expected.end(),
                       [](char found, char due) {
                           return found == due || (found >= 'A' && found + ('a' - 'A') == due);
                       }) != bytes.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), std::min(size, most_bytes)};
    pieces parted;
    std::string bytes;
    for (std::size_t at = 0; at <= input.size(); at += parted.back().size() + 1) {
        parted.push_back(input.substr(at, input.find('\xff', at) - at));
        bytes += parted.back();
    }
    const heard whole = hear({bytes});
    check_heard(bytes, whole);
    std::vector<pieces> other_ways{cut(bytes, 1)};
    if (parted.size() > 1)
        other_ways.push_back(parted);
    const bool is_comparable = !may_wait_for_continue(bytes);
    for (const pieces& others : other_ways) {
        const heard again = hear(others);
        if (!is_comparable)
            continue;
        require(again.bytes == whole.bytes, "other replies when cut otherwise");
        require(again.closed == whole.closed && again.last == whole.last,
                "another end when cut otherwise");
        require(are_same(again.after, whole.after), "other postings when cut otherwise");
    }
    return 0;
}
