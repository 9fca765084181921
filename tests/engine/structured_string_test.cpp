#include "engine/structured_string.hpp"

#include <array>
#include <string>

#include "catch.hpp"

namespace {

/// The text of a structured string in a room of 8 characters; "(none)" if there is none.
std::string read(std::string_view field) {
    std::array<char, 8> room{};
    return std::string{coffer::read_structured_string(field, room).value_or("(none)")};
}

}  // namespace

TEST_CASE("read_structured_string: takes what stands between the quotes", "[engine]") {
    CHECK(read(R"("abc")") == "abc");
    CHECK(read(R"("")") == "");
    CHECK(read(R"(" a  b ")") == " a  b ");
    CHECK(read(R"("longer than the room")") == "longer than the room");
}

TEST_CASE("read_structured_string: undoes escapes", "[engine]") {
    CHECK(read(R"("a\"b")") == R"(a"b)");
    CHECK(read(R"("a\\")") == R"(a\)");
    CHECK(read(R"("\"\\\"")") == R"("\")");
    CHECK(read(R"("1234567\"")") == R"(1234567")");
    CHECK(read(R"("12345678\"")") == "(none)");
}

TEST_CASE("read_structured_string: refuses what is no string or does not end", "[engine]") {
    for (const char* const field :
         {"", "abc", "\"", "\"abc", "\"abc\\\"", "\"a\"b", "\"a\"b\"", "\"a\\x\"", "\"a\\",
          "\"a\" ", "\"a\", \"b\"", "\"a\tb\"", "\"caf\xc3\xa9\"", "\"a\x7f\"", " \"a\""}) {
        INFO(field);
        CHECK(read(field) == "(none)");
    }
}

TEST_CASE("read_structured_string: ignores parameters that are well-formed", "[engine]") {
    for (const char* const parameters :
         {";a", ";a;b", "; a", ";  a=1", ";a=-1.5", ";a=token", ";a=*t/u:v", ";a=\"x;y\\\"\"",
          ";a=:YQ==:", ";a=::", ";a=?0;b=?1", ";*a-b_c.d=1", ";a=999999999999999"}) {
        INFO(parameters);
        CHECK(read("\"k\"" + std::string{parameters}) == "k");
    }
}

TEST_CASE("read_structured_string: refuses parameters that are not", "[engine]") {
    for (const char* const parameters : {";",
                                         " ;a",
                                         ";A",
                                         ";1",
                                         ";a=",
                                         ";a= 1",
                                         ";a =1",
                                         ";a=-",
                                         ";a=1.",
                                         ";a=1.2345",
                                         ";a=1234567890123456",
                                         ";a=\"x",
                                         ";a=:YQ==",
                                         ";a=?2",
                                         ";a=?",
                                         ";a=(1)",
                                         ";a,b",
                                         ";;a",
                                         ";a=1 ",
                                         ";a=\xc3\xa9"}) {
        INFO(parameters);
        CHECK(read("\"k\"" + std::string{parameters}) == "(none)");
    }
}
