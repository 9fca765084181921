#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "http/malformed_cases.hpp"
#include "http/parsed_replies.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;

namespace {

// A request that would post, for after the bytes of a case: where nothing may be taken for a
// request any more, this must not be either.
std::string further_request() {
    return post("/accounts/10009/deposit", R"({"amount":0.01})",
                "Authorization: Bearer poster\r\n");
}

/// Where the cases of a folder are sent to.
enum class setting : std::uint8_t { open, loopback, tokens };

/// What a server has beside its sessions.
struct front_door {
    explicit front_door(setting where) {
        using namespace coffer::api;
        client.via.checks_hosts = where == setting::loopback;
        rules.names = {*parse_host_name("x"), *parse_host_name("https://bank.example")};
        const auto token = [](const char* text, scope_set scopes, account_ranges accounts = {}) {
            return known_token{.hash = hash_of_token(text), .who = {text, scopes, accounts}};
        };
        const account_ranges two{{{10001, 10002}}};
        if (where == setting::tokens)
            rules.tokens.publish(
                token_set{{token("reader", {scope::read}), token("poster", {scope::post}),
                           token("ten", {scope::read, scope::post}, two)}});
        client.context.guard = &guard;
    }

    session_driver client;
    coffer::api::access_rules rules;
    coffer::api::access_control guard{rules};
};

std::uint64_t postings(const session_driver& client) {
    constexpr std::array<coffer::account_number, 10> sample{10001, 10002, 10003, 10004, 10005,
                                                            10006, 10007, 10008, 10009, 100000};
    std::uint64_t sum = 0;
    for (const auto number : sample)
        sum += client.engine.ledger().balance(number).posting.sequence - 1;  // opening is the first
    return sum;
}

struct result {
    std::vector<std::string> replies;
    std::uint64_t postings = 0;
    bool last_closes = false;

    bool operator==(const result&) const = default;
};

result result_of(session_driver& client) {
    result found{.replies = {}, .postings = postings(client)};
    for (const parsed_reply& one : read_replies(client.replies())) {
        found.replies.push_back(std::to_string(one.status) + (one.type.empty() ? "" : " ") +
                                one.type);
        found.last_closes = one.closes;
    }
    return found;
}

result expected_of(const malformed_case& one) {
    result due{one.replies, one.postings, one.ending == ending::closed};
    if (one.ending == ending::open) {
        due.replies.emplace_back("200");
        ++due.postings;
    }
    if (one.ending == ending::waits) {
        due.replies.emplace_back("408 request_timeout");
        due.last_closes = true;
    }
    return due;
}

template <class Send>
void check(malformed_case one, setting where, const Send& send) {
    front_door door{where};
    session_driver& client = door.client;
    const bool waits = one.ending == ending::waits;
    send(client, waits ? one.bytes : one.bytes + further_request());
    if (one.ending == ending::either)
        one.ending = client.closed() ? ending::closed : ending::open;
    CHECK(client.closed() == (one.ending == ending::closed));
    if (waits) {
        client.session.time_out({}, client.out);
        client.send(further_request());
    }
    const result found = result_of(client);
    const result due = expected_of(one);
    CHECK(found.replies == due.replies);
    CHECK(found.postings == due.postings);
    CHECK(found.last_closes == due.last_closes);
}

// Each place as released. Under the sanitizers, where all would take minutes, one of so many.
#if defined(COFFER_SAMPLED_SPLIT)
constexpr std::size_t sampled_split = COFFER_SAMPLED_SPLIT;
#else
constexpr std::size_t sampled_split = 1;
#endif

// Of long bytes, only the places near both ends, where something begins or is decided.
bool is_worth_a_split(std::size_t at, std::size_t size) {
    constexpr std::size_t near = 250;
    return at < near || size - at < near;
}

struct set_of_cases {
    std::filesystem::path folder;
    setting where;
};

std::vector<set_of_cases> all_sets() {
    const std::filesystem::path folder = COFFER_MALFORMED_REQUESTS;
    return {{folder, setting::open},
            {folder / "access", setting::loopback},
            {folder / "tokens", setting::tokens}};
}

}  // namespace

TEST_CASE("malformed requests: each is answered as due when all comes at once", "[http]") {
    for (const set_of_cases& set : all_sets())
        for (const malformed_case& one : read_all_cases(set.folder)) {
            INFO(one.name);
            check(one, set.where,
                  [](session_driver& client, std::string_view bytes) { client.send(bytes); });
        }
}

TEST_CASE("malformed requests: each is answered as due when it comes byte by byte", "[http]") {
    for (const set_of_cases& set : all_sets())
        for (const malformed_case& one : read_all_cases(set.folder)) {
            INFO(one.name);
            check(one, set.where, [](session_driver& client, std::string_view bytes) {
                client.send_byte_by_byte(bytes);
            });
        }
}

TEST_CASE("malformed requests: each is answered as due wherever two pieces part", "[http]") {
    std::size_t first = 0;  // another in each case, so that all kinds of places are in a sample
    for (const set_of_cases& set : all_sets())
        for (const malformed_case& one : read_all_cases(set.folder)) {
            INFO(one.name);
            first = first % sampled_split + 1;
            for (std::size_t at = first; at < one.bytes.size(); at += sampled_split) {
                if (!is_worth_a_split(at, one.bytes.size()))
                    continue;
                INFO("parted at byte " << at);
                check(one, set.where, [at](session_driver& client, std::string_view bytes) {
                    client.send(bytes.substr(0, at));
                    client.send(bytes.substr(at));
                });
            }
        }
}

TEST_CASE("malformed requests: there are at least 225", "[http]") {
    std::size_t count = 0;
    for (const set_of_cases& set : all_sets())
        count += read_all_cases(set.folder).size();
    CHECK(count >= 225);
}
