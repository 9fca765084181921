// Whatever bytes a client sends, and in whatever pieces, a session
//
//   replies with well-formed replies, at most one a request, and with nothing after the last;
//   replies and posts the same when the same bytes come in other pieces;
//   posts exactly what its replies say, and leaves every other account as it was;
//   takes nothing once it has closed, and closes when a deadline is over.
//
// In the input, 0xff parts two pieces, and 0xfe and a byte n after it repeat the byte before them
// 1024 times n more: so a short input can go beyond the limits.
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

using coffer::account_number;
using coffer::money;
using coffer::fuzz::require;
using coffer::http::read_replies;
using coffer::http::session_driver;
using coffer::http::told_reply;
using phase = coffer::http::session::phase;

constexpr std::array<account_number, 10> sample{10001, 10002, 10003, 10004, 10005,
                                                10006, 10007, 10008, 10009, 100000};

// Beyond every limit of a session, so that more would show nothing.
constexpr std::size_t most_bytes = 160 * 1024;

/// A request cannot be shorter: GET / HTTP/1.1, Host: and the ends of three lines.
constexpr std::size_t least_request_bytes = 18;
constexpr std::size_t most_reply_bytes = 512;

std::vector<std::string> pieces_of(std::string_view input) {
    std::vector<std::string> pieces(1);
    std::size_t total = 0;
    for (std::size_t i = 0; i != input.size() && total < most_bytes; ++i) {
        std::string& piece = pieces.back();
        if (input[i] == '\xff') {
            pieces.emplace_back();
        } else if (input[i] == '\xfe' && i + 1 != input.size() && !piece.empty()) {
            const std::size_t times = static_cast<unsigned char>(input[++i]) * std::size_t{1024};
            piece.append(std::min(times, most_bytes - total), piece.back());
            total += std::min(times, most_bytes - total);
        } else {
            piece += input[i];
            ++total;
        }
    }
    return pieces;
}

std::vector<std::string> cut(std::string_view bytes, std::size_t piece_bytes) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes)
        pieces.emplace_back(bytes.substr(at, piece_bytes));
    return pieces;
}

/// What is known of every account, in the order of `sample`.
using books = std::array<coffer::posting, sample.size()>;

books books_of(const session_driver& client) {
    books all;
    for (std::size_t i = 0; i != sample.size(); ++i)
        all[i] = client.books->balance(sample[i]).posting;
    return all;
}

bool are_same(const books& some, const books& others) {
    for (std::size_t i = 0; i != some.size(); ++i) {
        if (some[i].balance != others[i].balance || some[i].sequence != others[i].sequence)
            return false;
    }
    return true;
}

/// Puts one reply that reports a balance into the books, and checks that it may report that.
void book(const told_reply& reply, books& all) {
    const auto found = std::find_if(all.begin(), all.end(), [&reply](const coffer::posting& one) {
        return std::to_string(one.account) == reply.account;
    });
    require(found != all.end(), "a balance of an account that is not there");
    const money::parsed balance = money::parse(reply.balance);
    require(static_cast<bool>(balance), "a balance that is no money");
    require(balance.value >= money{}, "a balance below zero");
    if (reply.posted) {
        require(balance.value != found->balance, "a posting of nothing");
        found->balance = balance.value;
        ++found->sequence;
    }
    require(balance.value == found->balance, "a balance that no posting has made");
}

void check_replies(std::string_view bytes_out, std::size_t bytes_in, bool closed, books before,
                   const books& after) {
    const std::vector<told_reply> replies = read_replies(bytes_out);
    require(replies.size() <= bytes_in / least_request_bytes + 1, "more replies than requests");
    require(bytes_out.size() <=
                (replies.size() + bytes_in / least_request_bytes + 1) * most_reply_bytes,
            "replies without bound");
    for (const told_reply& one : replies) {
        require(one.closes == (closed && &one == &replies.back()),
                "only the last reply closes, and the session with it");
        if (one.status == 200 && one.has_body)
            book(one, before);
    }
    require(are_same(before, after), "the books are not what the replies say");
}

/// Nothing is taken any more, not even what is well-formed.
void check_closed(session_driver& client) {
    const books before = books_of(client);
    const std::size_t replied = client.out.size();
    const std::string request = coffer::http::post("/accounts/10001/deposit", R"({"amount":0.01})");
    require(client.session.feed(request, client.out) == 0, "bytes taken after the end");
    require(client.out.size() == replied, "a reply after the last");
    require(are_same(before, books_of(client)), "a posting after the end");
}

void check_deadline(session_driver& client) {
    const bool began = client.session.now() == phase::head || client.session.now() == phase::body;
    client.out.clear();
    client.session.time_out(client.out);
    const auto replies = read_replies(client.out);
    require(replies.size() == (began ? 1 : 0), "a deadline is told if a request had begun");
    require(!began || (replies[0].status == 408 && replies[0].closes), "a deadline is 408");
    require(client.closed(), "a deadline closes");
}

struct heard {
    std::string replies;
    bool closed;
    phase last;
    books after;
};

heard hear(const std::vector<std::string>& pieces) {
    session_driver client;
    const books before = books_of(client);
    std::size_t bytes_in = 0;
    for (const std::string& piece : pieces) {
        client.send(piece);
        bytes_in += piece.size();
    }
    heard all{client.out, client.closed(), client.session.now(), books_of(client)};
    check_replies(all.replies, bytes_in, all.closed, before, all.after);
    if (!all.closed)
        check_deadline(client);
    check_closed(client);
    return all;
}

/// A client that waits for 100 is told so; whether it waits depends on the pieces.
bool may_wait_for_continue(std::string bytes) {
    std::transform(bytes.begin(), bytes.end(), bytes.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return bytes.find("100-continue") != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::vector<std::string> pieces = pieces_of({reinterpret_cast<const char*>(data), size});
    std::string bytes;
    for (const std::string& piece : pieces)
        bytes += piece;
    const bool is_comparable = !may_wait_for_continue(bytes);
    const std::size_t drip_bytes = bytes.size() > 4096 ? 1021 : 1;
    std::vector<std::vector<std::string>> other_ways{cut(bytes, drip_bytes)};
    if (pieces.size() > 1)
        other_ways.push_back({bytes});
    const heard in_pieces = hear(pieces);
    for (const auto& others : other_ways) {
        const heard again = hear(others);
        if (!is_comparable)
            continue;
        require(again.replies == in_pieces.replies, "other replies when cut otherwise");
        require(again.closed == in_pieces.closed && again.last == in_pieces.last,
                "another end when cut otherwise");
        require(are_same(again.after, in_pieces.after), "other postings when cut otherwise");
    }
    return 0;
}
