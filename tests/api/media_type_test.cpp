#include "api/media_type.hpp"

#include "catch.hpp"

using coffer::api::is_ndjson;
using coffer::api::prefers_ndjson;

TEST_CASE("is_ndjson: the type of lines, whatever its case and parameters", "[api]") {
    CHECK(is_ndjson("application/x-ndjson"));
    CHECK(is_ndjson("Application/X-NDJSON ; charset=utf-8"));
    for (const char* const type : {"", "application/json", "application/x-ndjson2", "x-ndjson"})
        CHECK_FALSE(is_ndjson(type));
}

TEST_CASE("prefers_ndjson: a client that names the type of lines gets lines", "[api]") {
    for (const char* const accept :
         {"application/x-ndjson", "APPLICATION/X-NDJSON", " application/x-ndjson ;q=0.001",
          "application/x-ndjson;q=1.000", "text/html, application/x-ndjson;v=1;q=0.5, */*",
          "application/json;q=0.5,application/x-ndjson;Q=0.5", "application/x-ndjson, */*;q=0.1",
          "application/json;q=0.899, application/x-ndjson;q=0.9", ",,application/x-ndjson,"}) {
        CAPTURE(accept);
        CHECK(prefers_ndjson(accept));
    }
}

TEST_CASE("prefers_ndjson: every other client gets a page", "[api]") {
    for (const char* const accept :
         {"", "*/*", "application/*", "application/json", "text/html;x=application/x-ndjson",
          "application/x-ndjson;q=0", "application/x-ndjson;q=0.000", "application/x-ndjsonx",
          "application/x-ndjson;q=0.4, application/json;q=0.5",
          "application/x-ndjson;q=0.9, application/json"}) {
        CAPTURE(accept);
        CHECK_FALSE(prefers_ndjson(accept));
    }
}

TEST_CASE("prefers_ndjson: a malformed quality is as if the type were not named", "[api]") {
    for (const char* const quality :
         {"", "2", "1.001", "0.1234", ".5", "-1", "0,5", "0.5x", "01", "1x", "q"}) {
        CAPTURE(quality);
        CHECK_FALSE(prefers_ndjson(std::string{"application/x-ndjson;q="} + quality));
    }
    CHECK(prefers_ndjson("application/x-ndjson;q=1."));  // no digits behind the point are needed
}
