#include "http/request_syntax.hpp"

#include <string>

#include "catch.hpp"

using namespace coffer::http;

TEST_CASE("is_target: takes paths, URLs and the asterisk, and nothing else", "[http]") {
    for (const char* const good : {"/", "/accounts/1/balance", "/a?b=c&d=[e]", "/%41:@!$&'()*+,;=~",
                                   "*", "http://x", "http://x/y", "HTTPS://x:1/y?z",
                                   "http://[::1]:80/", "http://x?y", "http://[fe80::1%25lo]/"}) {
        CAPTURE(good);
        CHECK(is_target(good));
    }
    for (const char* const bad :
         {"",        "a",         "accounts/1",  "**",          "x:80",      "http:/x",
          "http://", "http:///x", "ftp://x/",    "/#a",         "/\"",       "/<",
          "/>",      "/\\",       "/^",          "/`",          "/{",        "/|",
          "/\x80",   "/\x7f",     "http://a@b/", "http://:80/", "http://[]/"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_target(bad));
    }
}

TEST_CASE("is_target: takes percent-encoding by the rules and no control character in a path",
          "[http]") {
    for (const char* const good :
         {"/%41", "/%2f%2F", "/%7e%20", "/%80%FF", "/?%00%0a", "http://x/%31", "/?%", "/?a=%2"}) {
        CAPTURE(good);
        CHECK(is_target(good));
    }
    for (const char* const bad :
         {"/%", "/%4", "/%4g", "/%g4", "/%%41", "/a%", "/%00", "/%0a", "/%0D", "/%1f", "/%7f",
          "/a%7F?b", "/%+1", "http://x/%00", "http://x/%"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_target(bad));
    }
}

TEST_CASE("is_target: takes in a query all that URLs leave raw there, and nothing else", "[http]") {
    for (int c = 0; c != 256; ++c) {
        const std::string target = std::string{"/?a="} + static_cast<char>(c);
        const bool encoded = c <= 0x20 || c == 0x7f || c == '"' || c == '#' || c == '<' || c == '>';
        CAPTURE(c);
        CHECK(is_target(target) != encoded);
        CHECK(is_target("http://x" + target) != encoded);
    }
    CHECK(is_target("/a?%zz%%4"));
    CHECK(is_target("/a??b?c"));
    CHECK_FALSE(is_target("/a|?b"));
    CHECK_FALSE(is_target("/\xc3\xa9?b"));
    CHECK_FALSE(is_target("http://x|?b"));
}

TEST_CASE("path_of: is the path and the query of whatever form", "[http]") {
    CHECK(path_of("/a/b?c") == "/a/b?c");
    CHECK(path_of("http://x/a?b") == "/a?b");
    CHECK(path_of("HttpS://x:1/") == "/");
    CHECK(path_of("http://x") == "/");
    CHECK(path_of("http://x?y/z") == "/");
    CHECK(path_of("*") == "*");
}

TEST_CASE("is_host: takes names and addresses with a port or without", "[http]") {
    for (const char* const good :
         {"", "x", "example.com", "example.com:80", "127.0.0.1:5000", "[::1]", "[::1]:5000",
          "x:", "a_b-c~d", "%41:80", "[fe80::1%25lo]", "[fe80::1%25eth0.1]:80", "[::1%2525]",
          "[fe80::1%25a%20b]"}) {
        CAPTURE(good);
        CHECK(is_host(good));
    }
    for (const char* const bad : {"a b",
                                  "a/b",
                                  "a@b",
                                  "a,b:c",
                                  "x:y",
                                  "x:1:2",
                                  "[::1",
                                  "[x]",
                                  "[]",
                                  "[]:80",
                                  "[::1]x",
                                  "::1",
                                  "a?b",
                                  "a#b",
                                  "\"a\"",
                                  "a\x80",
                                  "%",
                                  "a%4:80",
                                  "%00",
                                  "a%0d%0a",
                                  "[%25lo]",
                                  "[fe80::1%25]",
                                  "[fe80::1%lo]",
                                  "[fe80::1%25a%]",
                                  "[fe80::1%25a%00]",
                                  "[fe80::1%25a:b]",
                                  "[fe80::1%25a]b]",
                                  "fe80::1%25lo"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_host(bad));
    }
}
