#include "api/media_type.hpp"

#include <array>
#include <string>
#include <string_view>

#include "catch.hpp"

using coffer::api::is_ndjson;
using coffer::api::preferred;

namespace {

bool prefers_ndjson(std::string_view accept) {
    static constexpr std::array<std::string_view, 2> offered{coffer::api::json,
                                                             coffer::api::ndjson};
    return preferred(accept, offered) == 1;
}

std::string_view of_three(std::string_view accept) {
    static constexpr std::array<std::string_view, 3> offered{coffer::api::json, coffer::api::csv,
                                                             coffer::api::ndjson};
    return offered[preferred(accept, offered)];
}

}  // namespace

TEST_CASE("is_ndjson: the type of lines, whatever its case and parameters", "[api]") {
    CHECK(is_ndjson("application/x-ndjson"));
    CHECK(is_ndjson("Application/X-NDJSON ; charset=utf-8"));
    for (const char* const type : {"", "application/json", "application/x-ndjson2", "x-ndjson"})
        CHECK_FALSE(is_ndjson(type));
}

TEST_CASE("preferred: a client that names the type of lines gets lines", "[api]") {
    for (const char* const accept :
         {"application/x-ndjson", "APPLICATION/X-NDJSON", " application/x-ndjson ;q=0.001",
          "application/x-ndjson;q=1.000", "text/html, application/x-ndjson;v=1;q=0.5, */*;q=0.5",
          "application/json;q=0.5,application/x-ndjson;Q=0.5", "application/x-ndjson, */*;q=0.1",
          "application/json;q=0.899, application/x-ndjson;q=0.9", ",,application/x-ndjson,"}) {
        CAPTURE(accept);
        CHECK(prefers_ndjson(accept));
    }
}

TEST_CASE("preferred: every other client gets a page", "[api]") {
    for (const char* const accept :
         {"", "*/*", "application/*", "application/json", "text/html;x=application/x-ndjson",
          "application/x-ndjson;q=0", "application/x-ndjson;q=0.000", "application/x-ndjsonx",
          "application/x-ndjson;q=0.4, application/json;q=0.5",
          "application/x-ndjson;q=0.9, application/json"}) {
        CAPTURE(accept);
        CHECK_FALSE(prefers_ndjson(accept));
    }
}

TEST_CASE("preferred: a page has the quality of the range that covers it most exactly", "[api]") {
    for (const char* const accept :
         {"application/x-ndjson;q=0.2, */*", "application/x-ndjson;q=0.2, application/*;q=0.3",
          "application/x-ndjson;q=0.2, Application/*;q=0.3, */*;q=0.1",
          "application/x-ndjson;q=0.2, application/json;q=0.3, */*;q=0.1",
          "*/*;q=0.1, application/json;q=0.3, application/*;q=0, application/x-ndjson;q=0.2",
          "application/x-ndjson;q=0.2, application/json;q=x, */*;q=0.3"}) {
        CAPTURE(accept);
        CHECK_FALSE(prefers_ndjson(accept));
    }
    for (const char* const accept :
         {"application/x-ndjson;q=0.2, application/json;q=0.1, */*",
          "application/x-ndjson;q=0.2, application/*;q=0.1, */*",
          "*/*, application/*, application/json;q=0.1, application/x-ndjson;q=0.2",
          "application/x-ndjson;q=0.2, text/*, applications/*, */json, *, /*"}) {
        CAPTURE(accept);
        CHECK(prefers_ndjson(accept));
    }
}

TEST_CASE("preferred: a malformed quality is as if the type were not named", "[api]") {
    for (const char* const quality :
         {"", "2", "1.001", "0.1234", ".5", "-1", "0,5", "0.5x", "01", "1x", "q"}) {
        CAPTURE(quality);
        CHECK_FALSE(prefers_ndjson(std::string{"application/x-ndjson;q="} + quality));
    }
    CHECK(prefers_ndjson("application/x-ndjson;q=1."));  // no digits behind the point are needed
}

TEST_CASE("preferred: of several streams the one of the highest quality", "[api]") {
    CHECK(of_three("text/csv, application/x-ndjson;q=0.9") == "text/csv");
    CHECK(of_three("text/csv;q=0.8, application/x-ndjson;q=0.9") == "application/x-ndjson");
    CHECK(of_three("Text/CSV;header=present") == "text/csv");
    CHECK(of_three("application/x-ndjson;q=0.5, application/json;q=0.6, text/csv;q=0.7") ==
          "text/csv");
    CHECK(of_three("application/x-ndjson;q=0.5, application/json;q=0.6, text/csv;q=0.5") ==
          "application/json");
}

TEST_CASE("preferred: of the same quality the first that is offered, but a page last", "[api]") {
    CHECK(of_three("application/x-ndjson, text/csv") == "text/csv");
    CHECK(of_three("application/json, application/x-ndjson") == "application/x-ndjson");
    CHECK(of_three("text/*, */*") == "application/json");
    CHECK(of_three("") == "application/json");
    CHECK(of_three("text/csv;q=0, application/x-ndjson;q=0") == "application/json");
}

TEST_CASE("prefers_problem_json: a client that names it, beside other types or alone", "[api]") {
    using coffer::api::prefers_problem_json;
    for (const char* const accept :
         {"application/problem+json", "Application/Problem+JSON;q=0.1",
          "application/json, application/problem+json", "text/csv, application/problem+json, */*",
          "image/svg+xml, a+b, application/problem+json"})
        CHECK(prefers_problem_json(accept));
    for (const char* const accept :
         {"", "*/*", "application/json", "application/*;version=0000000000",
          "application/problem+json;q=0", "application/json, application/problem+json;q=0.9",
          "application/problem+json;q=0.2, */*", "application/ld+json", "application/xhtml+xml",
          "application/problem+jso", "+"})
        CHECK_FALSE(prefers_problem_json(accept));
}
