#include "engine/request_key.hpp"

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"

namespace {

/// The key in a field; "(none)" if there is none.
std::string read(const std::string& field) {
    coffer::request_key_room room;
    return std::string{coffer::read_request_key(field, room).value_or("(none)")};
}

}  // namespace

TEST_CASE("read_request_key: takes visible characters as they are", "[engine]") {
    for (const std::string& key :
         {std::string{"abc"}, std::string{"8e03978e-40d5-43dd-bc93-6894a57f9324"},
          std::string{"!~"}, std::string{"'k'"}, std::string{":a2V5:"}, std::string{"a\"b"},
          std::string{"a\\x"}, std::string{"a;b=c"}, std::string(255, 'k')})
        CHECK(read(key) == key);
}

TEST_CASE("read_request_key: takes the text of a structured string", "[engine]") {
    CHECK(read(R"("abc")") == "abc");
    CHECK(read(R"("order 1")") == "order 1");
    CHECK(read(R"("a\"b")") == R"(a"b)");
    CHECK(read(R"("abc";version=1)") == "abc");
    CHECK(read('"' + std::string(255, 'k') + '"') == std::string(255, 'k'));
    std::string escapes;
    for (int i = 0; i != 255; ++i)
        escapes += "\\\\";
    CHECK(read('"' + escapes + '"') == std::string(255, '\\'));
    CHECK(read('"' + escapes + "\\\"\"") == "(none)");
}

TEST_CASE("read_request_key: refuses what is none", "[engine]") {
    for (const std::string& field :
         {std::string{}, std::string{"\"\""}, std::string{"\""}, std::string{"\"abc"},
          std::string{"\"a\"b"}, std::string{"a b"}, std::string{"a\tb"}, std::string{"a\x7f"},
          std::string{"caf\xc3\xa9"}, std::string(256, 'k'), '"' + std::string(256, 'k') + '"'})
        CHECK(read(field) == "(none)");
}

// They are in journals: a retry after an upgrade must be known.
TEST_CASE("fingerprint_of: is what it always was", "[engine]") {
    const std::array<std::uint64_t, 3> deposit{2, 10001, 20'000};
    const std::array<std::uint64_t, 3> withdrawal{3, 10001, 20'000};
    CHECK(coffer::fingerprint_of(deposit) ==
          coffer::journal::request_fingerprint{0x74cc67696363ae6f, 0x776ee042d6be4c53});
    CHECK(coffer::fingerprint_of(withdrawal) ==
          coffer::journal::request_fingerprint{0xa91f42ef3b7d32d9, 0xe319cce2d13a0e86});
}

TEST_CASE("fingerprint_of: tells apart kinds, numbers and their order", "[engine]") {
    const auto of = [](const std::vector<std::uint64_t>& words) {
        return coffer::fingerprint_of(words).first;
    };
    const std::set<std::uint64_t> found{
        of({4, 10001}),           of({5, 10001}),           of({6, 10001, 10002, 5}),
        of({6, 10002, 10001, 5}), of({7, 10001, 10002, 5}), of({7, 10001, 10002, 5, 0}),
        of({8, 10001, 5, 0, 0}),  of({8, 10001, 5, 1, 0}),  of({10, 10001, 5, 1})};
    CHECK(found.size() == 9);
}
