#include "replication/base64.hpp"

#include <string>

#include "catch.hpp"

using coffer::replication::append_base64;
using coffer::replication::from_base64;

namespace {

std::string encoded(std::string_view bytes) {
    std::string out;
    append_base64(out, bytes);
    return out;
}

}  // namespace

TEST_CASE("base64: is as RFC 4648 has it", "[replication]") {
    CHECK(encoded("").empty());
    CHECK(encoded("f") == "Zg==");
    CHECK(encoded("fo") == "Zm8=");
    CHECK(encoded("foo") == "Zm9v");
    CHECK(encoded("foobar") == "Zm9vYmFy");
    CHECK(encoded("\xFB\xFF\xBF") == "+/+/");
    std::string out{"before "};
    append_base64(out, "f");
    CHECK(out == "before Zg==");
}

TEST_CASE("base64: bytes of any length come back", "[replication]") {
    std::string bytes;
    for (int size = 0; size < 300; ++size) {
        CHECK(from_base64(encoded(bytes)) == bytes);
        bytes += static_cast<char>(size * 37);
    }
}

TEST_CASE("base64: what is not exactly the text of some bytes is refused", "[replication]") {
    for (const char* text :
         {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "=Zg=", "Zg==Zg==", "Zm9v\n",
          "Zm 9v", "Zm9-", "Zm_v", "Zm9v====", "Zm9\xE4"}) {
        INFO(text);
        CHECK_FALSE(from_base64(text));
    }
}
