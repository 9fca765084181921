#include "api/token_file.hpp"

#include <array>
#include <string>
#include <string_view>

#include "catch.hpp"

using namespace coffer::api;
using coffer::test::Contains;

namespace {

// SHA-256 of "abc", from FIPS 180-2.
constexpr std::string_view hash_of_abc =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string line(std::string_view before, std::string_view behind = "",
                 std::string_view hash = hash_of_abc) {
    return std::string{before} + " " + std::string{hash} + std::string{behind} + "\n";
}

std::string another_hash(char digit) {
    return std::string{"sha256:"}.append(64, digit);
}

}  // namespace

TEST_CASE("token file: a line has a name, scopes, the hash, and perhaps accounts", "[api]") {
    const token_set tokens = parse_token_file(
        "# the tellers\n"
        "\n" +
        line("teller-7 read,post", " accounts=10001-10009,20001") + "   \t# nothing here\n" +
        line("ops@bank.example admin", "\t # all accounts", another_hash('0')));
    CHECK(tokens.size() == 2);
    const known_token* const found = tokens.find("abc");
    REQUIRE(found != nullptr);
    CHECK(found->who.name == "teller-7");
    CHECK(found->who.scopes == scope_set{scope::read, scope::post});
    CHECK(found->who.accounts.has(10001));
    CHECK(found->who.accounts.has(10009));
    CHECK(found->who.accounts.has(20001));
    CHECK_FALSE(found->who.accounts.has(10010));
    CHECK_FALSE(found->who.accounts.has(20002));
    CHECK_FALSE(found->who.accounts.has_all());
    CHECK(tokens.find("abd") == nullptr);
    CHECK(tokens.find("") == nullptr);
}

TEST_CASE("token file: lines may end in CR LF, and the last one without an end", "[api]") {
    std::string text = line("a read") + line("b read", "", another_hash('1'));
    CHECK(parse_token_file(text.substr(0, text.size() - 1)).size() == 2);
    for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos; at += 2)
        text.insert(at, 1, '\r');
    CHECK(parse_token_file(text).size() == 2);
}

TEST_CASE("token file: digits of the hash may be of either case", "[api]") {
    std::string upper{hash_of_abc};
    for (char& c : upper)
        c = c >= 'a' && c <= 'f' && &c - upper.data() > 7 ? static_cast<char>(c - 32) : c;
    CHECK(parse_token_file(line("a read", "", upper)).find("abc") != nullptr);
}

TEST_CASE("token file: whatever is wrong is refused with its line", "[api]") {
    struct wrong_line {
        std::string text;
        std::string_view why;
    };
    const std::string good = line("a read");
    const std::array cases{
        wrong_line{"a\n", "line 2: is not: NAME SCOPES"},
        wrong_line{"a read\n", "line 2: is not: NAME SCOPES"},
        wrong_line{line("b read", " accounts=1 more"), "line 2: is not: NAME SCOPES"},
        wrong_line{line("-b read"), "line 2: the name is not"},
        wrong_line{line("b/c read"), "line 2: the name is not"},
        wrong_line{line(std::string(65, 'n') + " read"), "line 2: the name is not"},
        wrong_line{line("\xef\xbb\xbf"
                        "b read"),
                   "line 2: the name is not"},
        wrong_line{line("b write"), "line 2: the scopes are not"},
        wrong_line{line("b anyone"), "line 2: the scopes are not"},
        wrong_line{line("b read,"), "line 2: the scopes are not"},
        wrong_line{line("b ,read"), "line 2: the scopes are not"},
        wrong_line{line("b read,read"), "line 2: the scopes are not"},
        wrong_line{line("b Read"), "line 2: the scopes are not"},
        wrong_line{line("b read", "", "sha256:12"), "line 2: the hash is not"},
        wrong_line{line("b read", "0"), "line 2: the hash is not"},
        wrong_line{line("b read", "", std::string{"sha512:"}.append(64, '0')),
                   "line 2: the hash is not"},
        wrong_line{line("b read", "", std::string{"sha256:"}.append(63, '0') + "g"),
                   "line 2: the hash is not"},
        wrong_line{line("b read", " 10001"), "line 2: what follows the hash"},
        wrong_line{line("b read", " accounts="), "line 2: the accounts are not"},
        wrong_line{line("b read", " accounts=0"), "line 2: the accounts are not"},
        wrong_line{line("b read", " accounts=10009-10001"), "line 2: the accounts are not"},
        wrong_line{line("b read", " accounts=1,"), "line 2: the accounts are not"},
        wrong_line{line("b read", " accounts=1,,2"), "line 2: the accounts are not"},
        wrong_line{line("b read", " accounts=1-2-3"), "line 2: the accounts are not"},
        wrong_line{line("b read", " accounts=010"), "line 2: the accounts are not"},
        wrong_line{line("b read", " accounts=18446744073709551616"),
                   "line 2: the accounts are not"},
        wrong_line{line("a post", "", another_hash('0')), "line 2: the name is that of line 1"},
        wrong_line{line("b post"), "line 2: the token is that of line 1"},
        wrong_line{line("b read", std::string(1, '\0'), another_hash('0')),
                   "line 2: has a control character"},
        wrong_line{line("b\rread", "", another_hash('0')), "line 2: has a control character"},
        wrong_line{std::string{"#"}.append(max_token_line_bytes, 'x') + "\n",
                   "line 2: is longer than"},
    };
    for (const wrong_line& one : cases) {
        CAPTURE(one.text);
        CHECK_THROWS_WITH(parse_token_file(good + one.text), Contains(std::string{one.why}));
    }
}

TEST_CASE("token file: one without tokens, or too long, is refused", "[api]") {
    for (const char* const text : {"", "\n", "# all are gone\n", "\r\n \t\r\n"})
        CHECK_THROWS_WITH(parse_token_file(text), Contains("no token"));
    CHECK_THROWS_WITH(parse_token_file(line("a read") + std::string(max_token_file_bytes, '\n')),
                      Contains("longer"));
}

TEST_CASE("token file: a refusal does not repeat what stands in the file", "[api]") {
    // What is in the wrong place may be the token itself.
    CHECK_THROWS_WITH(parse_token_file("b read coffer_secret\n"), !Contains("secret"));
    CHECK_THROWS_WITH(parse_token_file("coffer_secret/ read x\n"), !Contains("secret"));
}

TEST_CASE("account ranges: they may overlap, and stand in any order", "[api]") {
    const auto ranges = parse_account_ranges("30-40,1-5,3-9,35-50,10,60");
    REQUIRE(ranges);
    for (const coffer::account_number in : {1, 5, 9, 10, 30, 45, 50, 60})
        CHECK(ranges->has(in));
    for (const coffer::account_number out : {11, 29, 51, 59, 61})
        CHECK_FALSE(ranges->has(out));
    const auto all = parse_account_ranges("1-18446744073709551615");
    REQUIRE(all);
    CHECK(all->has(18446744073709551615U));
}

TEST_CASE("make_token: each is new, and its line is one that is read", "[api]") {
    const std::string one = make_token();
    const std::string other = make_token();
    CHECK(one != other);
    CHECK(one.size() == 50);
    CHECK(one.substr(0, 7) == "coffer_");
    CHECK(one.find_first_not_of(
              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == one.npos);
    const std::string text = token_line("a", "read,post", hash_of_token(one), "") +
                             token_line("b", "open", hash_of_token(other), "1-5");
    CHECK(text.find(one) == text.npos);
    const token_set tokens = parse_token_file(text);
    REQUIRE(tokens.find(one) != nullptr);
    CHECK(tokens.find(one)->who.name == "a");
    CHECK(tokens.find(one)->who.accounts.has_all());
    REQUIRE(tokens.find(other) != nullptr);
    CHECK(tokens.find(other)->who.name == "b");
    CHECK_FALSE(tokens.find(other)->who.accounts.has(6));
}
