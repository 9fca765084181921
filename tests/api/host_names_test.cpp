#include "api/host_names.hpp"

#include "catch.hpp"

using namespace coffer::api;

namespace {

std::vector<host_name> names(std::initializer_list<const char*> texts) {
    std::vector<host_name> all;
    for (const char* const text : texts)
        all.push_back(parse_host_name(text).value());
    return all;
}

}  // namespace

TEST_CASE("host names: a name may have a scheme and a port", "[api]") {
    CHECK(parse_host_name("Bank.Example") == host_name{"", "bank.example", ""});
    CHECK(parse_host_name("bank.example:8443") == host_name{"", "bank.example", "8443"});
    CHECK(parse_host_name("https://bank.example") == host_name{"https", "bank.example", ""});
    CHECK(parse_host_name("http://10.0.0.7:80") == host_name{"http", "10.0.0.7", "80"});
    CHECK(parse_host_name("https://[fd00::1]:443") == host_name{"https", "[fd00::1]", "443"});
}

TEST_CASE("host names: what is no name is refused", "[api]") {
    for (const char* const text :
         {"", ":80", "bank.example:", "bank.example:http", "bank.example:123456", "a b", "a/b",
          "ftp://bank.example", "https://", "https://bank.example/", "https://a@b", "[::1", "[]",
          "[x]", "::1", "*.example", "bank.example,other", "null"}) {
        CAPTURE(text);
        CHECK(parse_host_name(text).has_value() == (std::string_view{text} == "null"));
    }
}

TEST_CASE("host names: an address and localhost need no name", "[api]") {
    for (const char* const host :
         {"127.0.0.1", "127.0.0.1:5000", "10.1.2.3:", "0.0.0.0", "[::1]", "[::1]:5000",
          "[fe80::1%25lo]:5000", "[::ffff:127.0.0.1]", "localhost", "LocalHost:5000"}) {
        CAPTURE(host);
        CHECK(is_address_or_localhost(host));
    }
    for (const char* const host :
         {"", "x", "evil.example", "evil.example:5000", "127.0.0.1.evil.example",
          "localhost.evil.example", "evil.localhost", "localhost.", "127.0.0.1.", "127.1",
          "2130706433", "0x7f.0.0.1", "127.0.0.256", "127.0.0.1%00", "[::1].evil.example",
          "[evil.example]", "localhost@evil.example", ":5000", "localhost,evil.example"}) {
        CAPTURE(host);
        CHECK_FALSE(is_address_or_localhost(host));
    }
}

TEST_CASE("host names: a Host is compared without its port, and without case", "[api]") {
    const auto ours = names({"bank.example:8443", "https://other.example"});
    for (const char* const host :
         {"bank.example", "bank.example:5000", "BANK.example:8443", "other.example:443"})
        CHECK(names_host(ours, host));
    for (const char* const host :
         {"", "bank", "xbank.example", "bank.example.evil", "bank.example.", ":8443"})
        CHECK_FALSE(names_host(ours, host));
}

TEST_CASE("host names: an Origin must have the name's scheme and port", "[api]") {
    const auto ours = names({"https://bank.example", "desk.example:8080", "open.example"});
    for (const char* const origin :
         {"https://bank.example", "https://bank.example:443", "HTTPS://Bank.Example",
          "http://desk.example:8080", "https://desk.example:8080", "http://open.example",
          "https://open.example", "http://open.example:80"}) {
        CAPTURE(origin);
        CHECK(names_origin(ours, origin));
    }
    for (const char* const origin :
         {"", "null", "bank.example", "http://bank.example", "https://bank.example:8443",
          "http://desk.example", "http://open.example:8080", "https://evil.example",
          "https://bank.example.evil.example", "https://evil.example/https://bank.example",
          "https://bank.example/", "https://bank.example, https://evil.example",
          "https://evil@bank.example", "https://bank.example:", "ftp://open.example"}) {
        CAPTURE(origin);
        CHECK(names_origin(ours, origin) == (std::string_view{origin} == "https://bank.example:"));
    }
}

TEST_CASE("host names: the server's own Origin is what the request was sent to", "[api]") {
    CHECK(is_own_origin("http://127.0.0.1:5000", "127.0.0.1:5000", false));
    CHECK(is_own_origin("http://Localhost", "localhost:80", false));
    CHECK(is_own_origin("https://bank.example", "bank.example", true));
    CHECK(is_own_origin("https://[::1]:5443", "[::1]:5443", true));
    CHECK_FALSE(is_own_origin("https://127.0.0.1:5000", "127.0.0.1:5000", false));
    CHECK_FALSE(is_own_origin("http://127.0.0.1:5443", "127.0.0.1:5443", true));
    CHECK_FALSE(is_own_origin("http://127.0.0.1:8000", "127.0.0.1:5000", false));
    CHECK_FALSE(is_own_origin("http://127.0.0.1", "127.0.0.1:5000", false));
    CHECK_FALSE(is_own_origin("http://localhost:5000", "127.0.0.1:5000", false));
    CHECK_FALSE(is_own_origin("null", "127.0.0.1:5000", false));
    CHECK_FALSE(is_own_origin("http://", "", false));
    CHECK_FALSE(is_own_origin("", "", false));
}
