#include "snapshot/accounts_reader.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"

using coffer::money;
using coffer::posting;
using coffer::snapshot::accounts_error;
using coffer::snapshot::accounts_parser;

namespace {

constexpr std::size_t all_at_once = std::numeric_limits<std::size_t>::max();

std::optional<std::string> accept(const posting&) {
    return std::nullopt;
}

void parse(std::string_view text, std::size_t part_chars, coffer::snapshot::account_sink sink) {
    accounts_parser parser{"FILE", std::move(sink)};
    while (!text.empty()) {
        // A copy of its own, so that the sanitizer sees who looks beyond the part.
        const std::string part{text.substr(0, part_chars)};
        parser.write(part);
        text.remove_prefix(part.size());
    }
    parser.finish();
}

/// The accounts as "number/sequence/balance", the document coming in parts of that size.
std::vector<std::string> read(std::string_view text, std::size_t part_chars = all_at_once) {
    std::vector<std::string> accounts;
    parse(text, part_chars, [&accounts](const posting& each) {
        accounts.push_back(std::to_string(each.account) + '/' + std::to_string(each.sequence) +
                           '/' + to_string(each.balance));
        return accept(each);
    });
    return accounts;
}

/// What is said of a document, the same in whatever parts it comes.
std::string fault(std::string_view text) {
    const auto said = [text](std::size_t part_chars) -> std::string {
        try {
            parse(text, part_chars, accept);
        } catch (const accounts_error& error) {
            return error.what();
        }
        return "nothing";
    };
    const std::string whole = said(all_at_once);
    for (const std::size_t part_chars : {1U, 2U, 5U, 16U})
        CHECK(said(part_chars) == whole);
    return whole;
}

/// What is said of the one account with these members, on line 2.
std::string account_fault(std::string_view members) {
    std::string said = fault("{\"accounts\":[\n{" + std::string{members} + "}\n]}\n");
    const std::string before = "FILE: line 2: ";
    CHECK(said.substr(0, before.size()) == before);
    return said.substr(std::min(before.size(), said.size()));
}

using accounts = std::vector<std::string>;

}  // namespace

TEST_CASE("accounts: each is handed on with its number, sequence and exact balance", "[snapshot]") {
    CHECK(read(R"({"accounts":[
        {"account_number":"20001","balance":50.0},
        {"balance":92233720368547758.07,"sequence":7,"account_number":"18446744073709551615"},
        {"account_number":"20003","balance":1.5e3,"sequence":4398046511103},
        {"account_number":"20004","balance":0},
        {"account_number":"20005","balance":-0.0},
        {"account_number":"20006","balance":9007199254740993}
    ]})") == accounts{"20001/1/50.0", "18446744073709551615/7/92233720368547758.07",
                      "20003/4398046511103/1500.0", "20004/1/0.0", "20005/1/0.0",
                      "20006/1/9007199254740993.0"});
}

TEST_CASE("accounts: a sequence holds for its own account alone", "[snapshot]") {
    CHECK(read(R"({"accounts":[{"account_number":"1","balance":1,"sequence":9},
                               {"account_number":"2","balance":2}]})") ==
          accounts{"1/9/1.0", "2/1/2.0"});
}

TEST_CASE("accounts: a list of none is a document too", "[snapshot]") {
    CHECK(read(R"({"accounts":[]})").empty());
}

TEST_CASE("accounts: the document may come in parts of any size", "[snapshot]") {
    const std::string_view text =
        "{\"note\":\"\\u00e9\\ud83d\\ude00\",\"accounts\":[\r\n"
        "{\"account_number\":\"20001\",\"balance\":12345678901234567.8900,\"sequence\":12},\r\n"
        "{\"account_number\":\"2000\\u0032\",\"balanc\\u0065\":-0.0,\"more\":[1,{\"balance\":2}]},"
        "\n{\"account_number\":\"20003\",\"balance\":1.25E+2}],\"total\":1.00}";
    const accounts expected{"20001/12/12345678901234567.89", "20002/1/0.0", "20003/1/125.0"};
    for (std::size_t part_chars = 1; part_chars <= text.size(); ++part_chars)
        CHECK(read(text, part_chars) == expected);
}

TEST_CASE("accounts: a key is the same key however it is written", "[snapshot]") {
    CHECK(read(R"({"\u0061ccounts":[{"account\u005fnumber":"\u0031","balanc\u0065":2}]})") ==
          accounts{"1/1/2.0"});
    CHECK(account_fault(R"("account_number":"1","balance":1,"balanc\u0065":1)") ==
          R"("balance" stands twice)");
}

TEST_CASE("accounts: members that are not theirs are passed over at any depth", "[snapshot]") {
    CHECK(read(R"({"format":1,"accounts_before":[{"account_number":5}],"x":{"accounts":[1]},
        "accounts":[{"account_number":"1","x":[[{"balance":"no","sequence":0}]],"balance":1,
                     "y":{"account_number":"2","accounts":3},"z":null,"":true,"name":"A\nB",
                     "long":123456789012345678901234567890.5e-7,"accounts":[]}],
        "balance":-1,"count":1,"total":0,"account_number":1,"sequence":0})") ==
          accounts{"1/1/1.0"});
    const std::string long_name(100'000, 'b');
    CHECK(read(R"({")" + long_name + R"(":1,"accounts":[{")" + long_name + R"(":2,"x":")" +
                   long_name + R"(","account_number":"1","balance":1}]})",
               1000) == accounts{"1/1/1.0"});
}

TEST_CASE("accounts: digits count beyond what a number type holds", "[snapshot]") {
    const std::string zeros(900, '0');
    CHECK(read(R"({"accounts":[{"account_number":"1","balance":1.5)" + zeros + "}]}", 7) ==
          accounts{"1/1/1.5"});
    CHECK(account_fault(R"("account_number":"1","balance":1.5)" + zeros + "1") ==
          "balance 1.5" + zeros.substr(0, 37) + "... has more than 2 decimals");
    CHECK(account_fault(R"("account_number":"1","balance":1.5)" + zeros + zeros) ==
          R"("balance" is too long)");
}

TEST_CASE("accounts: an account without its number or balance is refused", "[snapshot]") {
    CHECK(account_fault("") == R"(the account has no "account_number")");
    CHECK(account_fault(R"("balance":1)") == R"(the account has no "account_number")");
    CHECK(account_fault(R"("account_number":"1")") == R"(the account has no "balance")");
    CHECK(account_fault(R"("account_number":"1","balance":1},{"account_number":"2")") ==
          R"(the account has no "balance")");
}

TEST_CASE("accounts: a member that stands twice is refused", "[snapshot]") {
    CHECK(account_fault(R"("account_number":"1","account_number":"1","balance":1)") ==
          R"("account_number" stands twice)");
    CHECK(account_fault(R"("account_number":"1","balance":1,"sequence":1,"sequence":1)") ==
          R"("sequence" stands twice)");
    CHECK(fault("{\"accounts\":[],\n\"accounts\":[]}") ==
          R"(FILE: line 2: "accounts" stands twice)");
}

TEST_CASE("accounts: a number that is not an account's is refused", "[snapshot]") {
    for (const char* text : {"", "0", "01", "-1", "18446744073709551616", "abc"})
        CHECK(account_fault(R"("account_number":")" + std::string{text} + R"(","balance":1)") ==
              "account_number \"" + std::string{text} +
                  "\" is not a whole number from 1 to 18446744073709551615, in digits alone");
    CHECK(account_fault(R"("account_number":"1\n2","balance":1)").substr(0, 20) ==
          R"(account_number "1?2")");
    CHECK(account_fault("\"account_number\":\"1\u00e9\",\"balance\":1").substr(0, 20) ==
          "account_number \"1\u00e9\"");
    CHECK(account_fault(R"("account_number":")" + std::string(5000, '9') + R"(","balance":1)") ==
          R"("account_number" is too long)");
}

TEST_CASE("accounts: a balance that no account can have is refused", "[snapshot]") {
    const auto said = [](const std::string& balance) {
        return account_fault(R"("account_number":"1","balance":)" + balance);
    };
    CHECK(said("-0.01") == "balance -0.01 is below zero");
    CHECK(said("1.005") == "balance 1.005 has more than 2 decimals");
    CHECK(said("1e-3") == "balance 1e-3 has more than 2 decimals");
    CHECK(said("92233720368547758.08") == "balance 92233720368547758.08 is out of range");
    CHECK(said("1e300") == "balance 1e300 is out of range");
    CHECK(said("1e99999999999") == "the exponent of a number is out of range");
}

TEST_CASE("accounts: a format that is not known is refused by name", "[snapshot]") {
    CHECK(read(R"({"format":1,"accounts":[]})").empty());
    CHECK(read(R"({"format":2,"accounts":[]})").empty());
    CHECK(fault("{\"format\":4,\n\"accounts\":[]}") ==
          "FILE: line 1: format 4 is not one that this version reads");
    CHECK(fault(R"({"format":"1","accounts":[]})") == "FILE: line 1: format is not a number");
    CHECK(fault(R"({"format":1,"format":1,"accounts":[]})") ==
          "FILE: line 1: \"format\" stands twice");
}

TEST_CASE("accounts: a sequence is a whole number an account can have", "[snapshot]") {
    for (const char* text : {"0", "-1", "1.0", "1e2", "4398046511104", "99999999999999999999"})
        CHECK(
            account_fault(R"("account_number":"1","balance":1,"sequence":)" + std::string{text}) ==
            "sequence " + std::string{text} + " is not a whole number from 1 to 4398046511103");
}

TEST_CASE("accounts: a value of another kind is refused", "[snapshot]") {
    for (const char* other : {"5", "1.5", "18446744073709551615", "null", "true", "[]", "{}"})
        CHECK(account_fault(R"("balance":1,"account_number":)" + std::string{other}) ==
              "account_number is not a string");
    for (const char* other : {"\"5\"", "null", "false", "[5]", "{}"}) {
        CHECK(account_fault(R"("account_number":"1","balance":)" + std::string{other}) ==
              "balance is not a number");
        CHECK(account_fault(R"("account_number":"1","sequence":)" + std::string{other}) ==
              "sequence is not a number");
    }
    for (const char* other : {"5", "\"5\"", "null", "[5]"})
        CHECK(fault("{\"accounts\":[\n" + std::string{other} + "]}") ==
              "FILE: line 2: an account is not an object");
    for (const char* other : {"5", "\"5\"", "null", "{}"})
        CHECK(fault("{\"accounts\":\n" + std::string{other} + "}") ==
              "FILE: line 2: accounts is not an array");
    for (const char* other : {"5 ", "\"5\"", "null", "[]"})
        CHECK(fault(other) == "FILE: line 1: the document is not an object");
}

TEST_CASE("accounts: a document without the list is refused", "[snapshot]") {
    CHECK(fault("{}") == R"(FILE: line 1: there is no "accounts")");
    CHECK(fault("{\"x\":{\"accounts\":[]}\n\n}") == R"(FILE: line 3: there is no "accounts")");
}

TEST_CASE("accounts: what is not JSON is refused at its line", "[snapshot]") {
    const std::string syntax = "malformed JSON: syntax error";
    CHECK(fault("x") == "FILE: line 1: " + syntax);
    CHECK(fault("{\"accounts\":[\n{\"account_number\":\"1\",\"balance\":1}\n{}]}") ==
          "FILE: line 3: " + syntax);
    CHECK(fault("{\"accounts\":[\r\n\r\n{'a':1}]}") == "FILE: line 3: " + syntax);
    CHECK(fault("{\"accounts\":[{\"account_number\":\"1\",\n\"balance\":01}]}") ==
          "FILE: line 2: " + syntax);
    CHECK(fault("{\"accounts\":[],\n\"x\":\"a\nb\"}") == "FILE: line 2: " + syntax);
    CHECK(fault("{\"accounts\":[],\n\"x\":\"\xff\"}") == "FILE: line 2: " + syntax);
    CHECK(fault("{\"accounts\":[],\n\"x\":\"\\ud83dx\"}").substr(0, 14) == "FILE: line 2: ");
    CHECK(fault("{\"accounts\":[\n],}") == "FILE: line 2: " + syntax);
    CHECK(fault("{\"accounts\":[\n] // none\n}") == "FILE: line 2: " + syntax);
}

TEST_CASE("accounts: a document that ends too early is refused at its last line", "[snapshot]") {
    const std::string early = "the document ends too early";
    CHECK(fault("") == "FILE: line 1: " + early);
    CHECK(fault("\n\n") == "FILE: line 2: " + early);
    CHECK(fault("{\"accounts\":[\n{\"account_number\":\"1\",\"balance\":1},\n") ==
          "FILE: line 2: " + early);
    const std::string whole = "{\"accounts\":[{\"account_number\":\"1\",\"balance\":1}]}";
    for (std::size_t size = 0; size != whole.size(); ++size)
        CHECK(fault(whole.substr(0, size)) == "FILE: line 1: " + early);
}

TEST_CASE("accounts: nothing but white space stands behind the document", "[snapshot]") {
    CHECK(read("{\"accounts\":[]} \t\r\n\n", 1).empty());
    const std::string behind = "something stands behind the end of the document";
    CHECK(fault("{\"accounts\":[]}]") == "FILE: line 1: " + behind);
    CHECK(fault("{\"accounts\":[]}\n\n{\"accounts\":[]}") == "FILE: line 3: " + behind);
    CHECK(fault(std::string{"{\"accounts\":[]}\n\0", 17}) == "FILE: line 2: " + behind);
}

TEST_CASE("accounts: brackets may be open to some depth and no deeper", "[snapshot]") {
    const auto nested = [](std::size_t depth) {
        return "{\"accounts\":[],\n\"x\":" + std::string(depth, '[') + std::string(depth, ']') +
               '}';
    };
    CHECK(fault(nested(63)) == "nothing");
    CHECK(fault(nested(64)) == "FILE: line 2: more than 64 brackets are open");
}

TEST_CASE("accounts: what the sink has against an account is said at its line", "[snapshot]") {
    std::vector<coffer::account_number> taken;
    const auto once = [&taken](const posting& each) -> std::optional<std::string> {
        if (std::find(taken.begin(), taken.end(), each.account) != taken.end())
            return "account " + std::to_string(each.account) + " is listed twice";
        taken.push_back(each.account);
        return std::nullopt;
    };
    const std::string_view text =
        "{\"accounts\":[\n{\"account_number\":\"1\",\"balance\":1},\n"
        "{\"account_number\":\"2\",\"balance\":1},\n{\"account_number\":\"1\",\"balance\":1},\n"
        "{\"account_number\":\"3\",\"balance\":1}]}";
    CHECK_THROWS_WITH(parse(text, all_at_once, once), "FILE: line 4: account 1 is listed twice");
    CHECK(taken == std::vector<coffer::account_number>{1, 2});
}
