#include "api/statement_cursor.hpp"

#include <string>

#include "catch.hpp"

using coffer::api::parse_cursor;
using coffer::api::statement_owner;
using coffer::api::to_cursor;

namespace {

const statement_owner owner{{std::byte{7}, std::byte{9}}, 10001};

}  // namespace

TEST_CASE("cursor: comes back as the sequence that it was made of", "[api]") {
    for (const std::uint64_t sequence :
         {std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{1'000'000}, UINT64_MAX}) {
        const std::string text = to_cursor(owner, sequence);
        CHECK(text.size() == 22);
        CHECK(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_") == text.npos);
        CHECK(parse_cursor(owner, text) == sequence);
    }
}

TEST_CASE("cursor: is of one account and one ledger", "[api]") {
    const std::string text = to_cursor(owner, 5);
    statement_owner other = owner;
    ++other.account;
    CHECK_FALSE(parse_cursor(other, text));
    other = owner;
    other.ledger[15] = std::byte{1};
    CHECK_FALSE(parse_cursor(other, text));
}

TEST_CASE("cursor: no other text is one, not by a single character", "[api]") {
    const std::string text = to_cursor(owner, 5);
    CHECK_FALSE(parse_cursor(owner, ""));
    CHECK_FALSE(parse_cursor(owner, text + "A"));
    CHECK_FALSE(parse_cursor(owner, text.substr(0, 21)));
    for (std::size_t i = 0; i != text.size(); ++i) {
        for (int c = 1; c != 256; ++c) {
            std::string changed = text;
            changed[i] = static_cast<char>(c);
            if (changed != text)
                CHECK_FALSE(parse_cursor(owner, changed));
        }
    }
}
