#include "api/percent_encoding.hpp"

#include <string>

#include "catch.hpp"

using coffer::api::path_segment;

TEST_CASE("path_segment: undoes percent-encoding once", "[api]") {
    CHECK(path_segment{"balance"}.text() == "balance");
    CHECK(path_segment{"%62alanc%65"}.text() == "balance");
    CHECK(path_segment{"%2F%2f"}.text() == "//");
    CHECK(path_segment{"%2541"}.text() == "%41");
    CHECK(path_segment{"%00"}.text() == std::string_view{"\0", 1});
    CHECK(path_segment{""}.text().empty());
}

TEST_CASE("path_segment: leaves what is malformed or too long as it is", "[api]") {
    for (const std::string bad : {"%", "a%", "%4", "%4x", "%x4", "%41%"}) {
        CAPTURE(bad);
        CHECK(path_segment{bad}.text() == bad);
    }
    const std::string most(path_segment::max_bytes - 1, 'a');
    CHECK(path_segment{most + "%41"}.text() == most + "A");
    CHECK(path_segment{most + "a%41"}.text() == most + "a%41");
}
