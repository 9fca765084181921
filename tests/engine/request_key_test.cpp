#include "engine/request_key.hpp"

#include <string>

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
