#include "api/json_object.hpp"

#include <array>
#include <chrono>
#include <string>

#include "catch.hpp"

using coffer::api::json_room;
using coffer::api::member;
using coffer::api::member_kind;
using coffer::api::member_problem;
using coffer::api::member_value;
using coffer::api::problem;
using coffer::api::read_object;

namespace {

struct amount_read {
    problem why;
    coffer::money amount;
};

amount_read read_amount(std::string_view body) {
    constexpr std::array members{member{"amount", member_kind::amount}};
    std::array<member_value, 1> values;
    json_room room;
    const member_problem wrong = read_object(body, members, values, room);
    return {wrong.problem, values[0].amount};
}

std::int64_t minor_of(std::string_view body) {
    const amount_read read = read_amount(body);
    CHECK(read.why == problem::none);
    return read.amount.minor();
}

/// An object of every kind of member, the last of them optional.
struct payment {
    static constexpr std::array members{
        member{"amount", member_kind::amount}, member{"to", member_kind::account},
        member{"note", member_kind::text}, member{"days", member_kind::integer},
        member{"final", member_kind::boolean, false}};
    std::string body;  // the values are views into it
    std::array<member_value, members.size()> values;
    json_room room;
    member_problem wrong;

    explicit payment(std::string text)
        : body{std::move(text)}, wrong{read_object(body, members, values, room)} {}
};

/// A payment's body with one member's value replaced by another, or with more members.
std::string with(std::string_view name, std::string_view value, std::string_view more = {}) {
    std::string body = R"({"x":1)";
    const auto add = [&](std::string_view one, std::string_view usual) {
        body.append(",\"").append(one).append("\":").append(one == name ? value : usual);
    };
    add("amount", "5");
    add("to", R"("10002")");
    add("note", R"("rent")");
    add("days", "30");
    add("final", "true");
    return body.append(more).append("}");
}

std::string nested(int depth) {
    return R"({"amount":1,"x":)" + std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']') + "}";
}

}  // namespace

TEST_CASE("read_object: an amount is read from its digits", "[api]") {
    CHECK(minor_of(R"({"amount":100.0})") == 10000);
    CHECK(minor_of(R"({"amount":0.1})") == 10);
    CHECK(minor_of(R"({"amount":1e2})") == 10000);
    CHECK(minor_of(R"({"amount":1E-2})") == 1);
    CHECK(minor_of(R"({"amount":1.500})") == 150);
    CHECK(minor_of(R"({"amount":92233720368547758.07})") == 9223372036854775807);
    // Two doubles away from its neighbours: a reader through doubles would give 9007199254740992.0.
    CHECK(minor_of(R"({"amount":9007199254740993})") == 900719925474099300);
}

TEST_CASE("read_object: takes white space, other members and escapes in the key", "[api]") {
    CHECK(minor_of(" \r\n\t{ \"amount\" : 5 } \n") == 500);
    CHECK(minor_of(R"({"note":"amount","amount":5,"more":{"amount":6},"list":[{"amount":7}]})") ==
          500);
    CHECK(minor_of(R"({"amounts":1,"amoun":2,"Amount":3,"":4,"amount":5})") == 500);
    CHECK(minor_of(R"({"\u0061mount":5})") == 500);
    CHECK(minor_of(R"({"amo\u0075nt":5})") == 500);
    CHECK(minor_of(R"({"amoun\u0074":5,"amoun\u0074s":6,"\u0061moun":7})") == 500);
}

TEST_CASE("read_object: says why there is no amount", "[api]") {
    const auto why = [](std::string_view body) { return read_amount(body).why; };
    CHECK(why("{}") == problem::amount_missing);
    CHECK(why("[]") == problem::amount_missing);
    CHECK(why(R"([{"amount":1}])") == problem::amount_missing);
    CHECK(why(R"(["amount",1])") == problem::amount_missing);
    CHECK(why("5") == problem::amount_missing);
    CHECK(why("null") == problem::amount_missing);
    CHECK(why(R"({"x":{"amount":1}})") == problem::amount_missing);
    CHECK(why(R"({"amount":1,"amount":2})") == problem::amount_twice);
    CHECK(why(R"({"amount":1,"amount":1})") == problem::amount_twice);
    CHECK(why(R"({"amount":1,"\u0061mount":1})") == problem::amount_twice);
    CHECK(why(R"({"amount":null,"amount":1})") == problem::amount_twice);
    CHECK(why(R"({"amount":{"amount":1}})") == problem::amount_not_a_number);
    CHECK(why(R"({"amount":[1]})") == problem::amount_not_a_number);
    CHECK(why(R"({"amount":"5"})") == problem::amount_not_a_number);
    CHECK(why(R"({"amount":true})") == problem::amount_not_a_number);
    CHECK(why(R"({"amount":null})") == problem::amount_not_a_number);
    CHECK(why(R"({"amount":0})") == problem::amount_not_positive);
    CHECK(why(R"({"amount":-0.0})") == problem::amount_not_positive);
    CHECK(why(R"({"amount":-1})") == problem::amount_not_positive);
    CHECK(why(R"({"amount":1.005})") == problem::amount_too_many_decimals);
    CHECK(why(R"({"amount":1e-3})") == problem::amount_too_many_decimals);
    CHECK(why(R"({"amount":1e400})") == problem::amount_out_of_range);
    CHECK(why(R"({"amount":92233720368547758.08})") == problem::amount_out_of_range);
    CHECK(why(R"({"amount":1e99999999999})") == problem::amount_out_of_reach);
}

TEST_CASE("read_object: refuses what is not well-formed JSON", "[api]") {
    for (const std::string_view body : {"",
                                        " ",
                                        "{",
                                        "}",
                                        R"({"amount":})",
                                        R"({"amount":1)",
                                        R"({"amount":1}})",
                                        R"({"amount":1} {})",
                                        R"({amount:1})",
                                        R"({'amount':1})",
                                        R"({"amount":01})",
                                        R"({"amount":+1})",
                                        R"({"amount":.5})",
                                        R"({"amount":5.})",
                                        R"({"amount":1e})",
                                        R"({"amount":NaN})",
                                        R"({"amount":Infinity})",
                                        R"({"amount":0x10})",
                                        R"({"amount":1,})",
                                        R"({"amount":1}//x)",
                                        "amount=1",
                                        "\xef\xbb\xbf{\"amount\":1}",
                                        "{\"amount\":1,\"x\":\"\xff\"}",
                                        "{\"amount\":1,\"x\":\"\n\"}"}) {
        CAPTURE(body);
        CHECK(read_amount(body).why == problem::body_malformed);
    }
}

TEST_CASE("read_object: refuses bodies nested too deeply, and no others", "[api]") {
    CHECK(minor_of(nested(500)) == 100);
    CHECK(read_amount(nested(60'000)).why == problem::amount_out_of_reach);
}

TEST_CASE("read_object: a body cut short anywhere is malformed", "[api]") {
    const std::string_view whole = R"({"note":["a",{"b":null}],"amount":12.50})";
    for (std::size_t size = 0; size != whole.size(); ++size) {
        CAPTURE(whole.substr(0, size));
        CHECK(read_amount(whole.substr(0, size)).why == problem::body_malformed);
    }
}

TEST_CASE("read_object: reads members of every kind, in any order and among others", "[api]") {
    const payment read{R"({"final":false,"x":{"to":"3","days":[1]},"days":18446744073709551615,)"
                       R"("note":"rent","to":"10002","amount":12.5,"Note":7})"};
    REQUIRE(read.wrong.problem == problem::none);
    CHECK(read.values[0].amount == coffer::money::from_minor(1250));
    CHECK(read.values[1].account == 10002);
    CHECK(read.values[2].text == "rent");
    CHECK(read.values[3].integer == 18446744073709551615U);
    CHECK(read.values[4].is_present());
    CHECK_FALSE(read.values[4].boolean);
}

TEST_CASE("read_object: a member that is optional may be missing, and no other", "[api]") {
    const payment without{R"({"amount":5,"to":"1","note":"","days":0})"};
    CHECK(without.wrong.problem == problem::none);
    CHECK_FALSE(without.values[4].is_present());
    const payment missing{R"({"amount":5,"note":"","days":0})"};
    CHECK(missing.wrong.problem == problem::account_number_missing);
    CHECK(missing.wrong.name == "to");
    const payment unnamed{R"({"amount":5,"to":"1","days":0})"};
    CHECK(unnamed.wrong.problem == problem::parameter_missing);
    CHECK(unnamed.wrong.name == "note");
    const payment null{with("final", "null")};
    CHECK(null.wrong.problem == problem::none);
    CHECK_FALSE(null.values[4].is_present());
}

TEST_CASE("read_object: strings have their escapes resolved, each of its own", "[api]") {
    const payment read{with("note", R"("a\"\u00e9\n\ud83d\ude00")", R"(,"\u0074o":"2")")};
    CHECK(read.values[2].text == "a\"\xc3\xa9\n\xf0\x9f\x98\x80");
    CHECK(read.wrong.problem == problem::parameter_twice);
    const payment both{with("to", R"("1000\u0032")")};
    CHECK(both.wrong.problem == problem::none);
    CHECK(both.values[1].account == 10002);
    CHECK(both.values[2].text == "rent");
}

TEST_CASE("read_object: a string with escapes that does not fit its room is refused", "[api]") {
    const std::string fits(json_room{}.bytes.size() - 1, 'a');
    const payment read{with("note", R"("\n)" + fits + '"')};
    CHECK(read.wrong.problem == problem::none);
    CHECK(read.values[2].text == '\n' + fits);
    const payment refused{with("note", R"("\n)" + fits + R"(a")")};
    CHECK(refused.wrong.problem == problem::parameter_invalid);
    CHECK(refused.wrong.name == "note");
    const payment plain{with("note", '"' + fits + fits + '"')};
    CHECK(plain.values[2].text == fits + fits);
}

TEST_CASE("read_object: a value of another kind is refused by its member's name", "[api]") {
    const auto check = [](const std::string& name, const std::string& value, problem due) {
        CAPTURE(name, value);
        const payment read{with(name, value)};
        CHECK(read.wrong.problem == due);
        CHECK(read.wrong.name == name);
    };
    check("amount", R"("5")", problem::amount_not_a_number);
    for (const char* const value : {"10002", R"("")", R"("0")", R"("+1")", R"("1 ")", "null", "{}"})
        check("to", value, problem::account_number_invalid);
    for (const char* const value : {"1", "null", "[]", R"(["a"])", "true"})
        check("note", value, problem::parameter_invalid);
    for (const char* const value :
         {"-1", "-0", "1.0", "1e2", "18446744073709551616", R"("30")", "null", "[30]"})
        check("days", value, problem::parameter_invalid);
    for (const char* const value : {"1", R"("true")", "{}", "[true]"})
        check("final", value, problem::parameter_invalid);
}

TEST_CASE("read_object: a member that appears twice is refused, whatever its kind", "[api]") {
    for (const auto& one : payment::members) {
        CAPTURE(one.name);
        const payment read{with("", "", ",\"" + std::string{one.name} + "\":null")};
        CHECK(read.wrong.problem ==
              (one.kind == member_kind::amount ? problem::amount_twice : problem::parameter_twice));
        CHECK(read.wrong.name == one.name);
    }
}

TEST_CASE("read_object: an amount may have a sign, or be zero, where its kind says so", "[api]") {
    const auto read = [](member_kind kind, std::string_view amount) {
        const std::array members{member{"amount", kind}};
        std::array<member_value, 1> values;
        json_room room;
        const std::string body = std::string{R"({"amount":)"}.append(amount).append("}");
        const member_problem wrong = read_object(body, members, values, room);
        return amount_read{wrong.problem, values[0].amount};
    };
    CHECK(read(member_kind::signed_amount, "-0.5").amount.minor() == -50);
    CHECK(read(member_kind::signed_amount, "0.5").amount.minor() == 50);
    CHECK(read(member_kind::signed_amount, "-92233720368547758.08").amount.minor() == INT64_MIN);
    CHECK(read(member_kind::signed_amount, "-0.0").why == problem::amount_zero);
    CHECK(read(member_kind::signed_amount, R"("1")").why == problem::amount_not_a_number);
    CHECK(read(member_kind::balance, "0").why == problem::none);
    CHECK(read(member_kind::balance, "-0").why == problem::none);
    CHECK(read(member_kind::balance, "12.5").amount.minor() == 1250);
    CHECK(read(member_kind::balance, "-0.01").why == problem::amount_negative);
}

TEST_CASE("read_object: a duration is a string above zero", "[api]") {
    using namespace std::chrono_literals;
    const auto read = [](std::string_view duration) {
        constexpr std::array members{member{"expires_in", member_kind::duration, false}};
        std::array<member_value, 1> values;
        json_room room;
        const std::string body = std::string{R"({"expires_in":)"}.append(duration).append("}");
        const member_problem wrong = read_object(body, members, values, room);
        return wrong.problem == problem::none ? values[0].duration : -1ns;
    };
    CHECK(read(R"("500ms")") == 500ms);
    CHECK(read(R"("30s")") == 30s);
    CHECK(read(R"("\u0035m")") == 5min);
    CHECK(read(R"("876000h")") == 876'000h);
    CHECK(read("null") == 0ns);
    for (const char* const wrong :
         {R"("876001h")", R"("0s")", R"("0")", R"("-1s")", R"("1")", R"("")", "1", "true", "{}"}) {
        CAPTURE(wrong);
        CHECK(read(wrong) == -1ns);
    }
}

namespace {

/// An object with an array of objects that have a number and a note, with room for three of them.
struct shopping {
    static constexpr std::array members{member{"items", member_kind::objects, false},
                                        member{"note", member_kind::text, false}};
    static constexpr std::array members_of_item{member{"count", member_kind::integer},
                                                member{"note", member_kind::text, false}};
    std::string body;
    std::array<member_value, members.size()> values;
    std::array<member_value, 3 * members_of_item.size()> item_values;
    coffer::api::object_list items{members_of_item, item_values};
    json_room room;
    member_problem wrong;

    explicit shopping(std::string text)
        : body{std::move(text)}, wrong{read_object(body, members, values, room, &items)} {}

    std::uint64_t count_of(std::size_t item) {
        CHECK(check_members(members_of_item, items.values_of(item)).problem == problem::none);
        return items.values_of(item)[0].integer;
    }
};

}  // namespace

TEST_CASE("read_object: reads an array of objects beside other members", "[api]") {
    shopping read{R"({"note":"a","items":[{"note":"b","count":1},{"x":[{"count":9}],"count":2},)"
                  R"({"count":3,"items":[{"count":8}]}],"x":{"items":[{"count":7}]}})"};
    CHECK(read.wrong.problem == problem::none);
    REQUIRE(read.items.size == 3);
    CHECK(read.values[1].text == "a");
    CHECK(read.count_of(0) == 1);
    CHECK(read.items.values_of(0)[1].text == "b");
    CHECK(read.count_of(1) == 2);
    CHECK(read.count_of(2) == 3);
    CHECK_FALSE(read.items.values_of(2)[1].is_present());
}

TEST_CASE("read_object: objects beyond the room are counted, and change nothing", "[api]") {
    shopping read{R"({"items":[{"count":1},{"count":2},{"count":3},{"count":4},{"count":"5"}],)"
                  R"("note":"a"})"};
    CHECK(read.wrong.problem == problem::none);
    CHECK(read.items.size == 5);
    CHECK(read.count_of(2) == 3);
    CHECK(read.values[1].text == "a");
    CHECK(shopping{"{}"}.items.size == 0);
    CHECK(shopping{R"({"items":[]})"}.items.size == 0);
}

TEST_CASE("read_object: an array of anything but objects is refused by its name", "[api]") {
    for (const char* const items : {"[1]", R"(["a"])", R"(["\n"])", "[null]", "[true]", "[[]]",
                                    "[[{}]]", "[{},1]", "{}", "1", R"({"count":1})"}) {
        CAPTURE(items);
        const shopping read{std::string{R"({"items":)"}.append(items).append("}")};
        CHECK(read.wrong.problem == problem::parameter_invalid);
        CHECK(read.wrong.name == "items");
    }
}

TEST_CASE("check_members: names the member of an object that is wrong", "[api]") {
    shopping read{R"({"items":[{"count":1},{"note":"a"},{"count":1,"count":1}]})"};
    REQUIRE(read.items.size == 3);
    const auto check = [&read](std::size_t item) {
        return check_members(read.members_of_item, read.items.values_of(item));
    };
    CHECK(check(0).problem == problem::none);
    CHECK(check(1).problem == problem::parameter_missing);
    CHECK(check(1).name == "count");
    CHECK(check(2).problem == problem::parameter_twice);
}

TEST_CASE("read_object: a body that is not an object is refused, whatever it lacks", "[api]") {
    for (const char* const body : {"[]", "1", "null", R"("a")", R"([{"note":"a"}])"}) {
        CAPTURE(body);
        CHECK(shopping{body}.wrong.problem == problem::body_not_an_object);
    }
}
