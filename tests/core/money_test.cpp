#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <system_error>

#include <coffer/money.hpp>
#include "catch.hpp"

namespace {

using coffer::money;
using coffer::money_error;

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

std::int64_t minor_of(std::string_view text) {
    INFO("text: " << text);
    const money::parsed found = money::parse(text);
    REQUIRE(found.error == money_error::none);
    return found.value.minor();
}

void require_error(std::string_view text, money_error expected) {
    INFO("text: " << text.substr(0, 80));
    const money::parsed found = money::parse(text);
    REQUIRE_FALSE(found);
    REQUIRE(found.error == expected);
    REQUIRE(found.value.minor() == 0);
}

std::string format(std::int64_t minor_units) {
    return coffer::to_string(money::from_minor(minor_units));
}

/// The same question answered by other means: the point is moved through the text, place by place.
money::parsed parse_by_hand(bool negative, std::string whole, std::string fraction, int exponent) {
    for (exponent += 2; exponent > 0; --exponent) {
        whole += fraction.empty() ? '0' : fraction.front();
        fraction.erase(0, 1);
    }
    for (; exponent < 0; ++exponent) {
        fraction.insert(fraction.begin(), whole.empty() ? '0' : whole.back());
        if (!whole.empty())
            whole.pop_back();
    }
    if (fraction.find_first_not_of('0') != std::string::npos)
        return {money{}, money_error::too_many_decimals};
    whole.erase(0, whole.find_first_not_of('0'));
    const std::string limit = negative ? "9223372036854775808" : "9223372036854775807";
    if (whole.size() > limit.size() || (whole.size() == limit.size() && whole > limit))
        return {money{}, money_error::out_of_range};
    std::uint64_t minor_units = whole.empty() ? 0 : std::stoull(whole);
    if (negative)
        minor_units = 0 - minor_units;
    return {money::from_minor(static_cast<std::int64_t>(minor_units)), money_error::none};
}

template <class Random>
std::string random_digits(Random& random, std::size_t count) {
    // Many zeros, since those are what the grammar and the scale turn on.
    constexpr std::string_view alphabet = "0000000123456789";
    std::string digits;
    for (std::size_t i = 0; i != count; ++i)
        digits += alphabet[random() % alphabet.size()];
    return digits;
}

}  // namespace

TEST_CASE("money: is zero by default and ordered by its cents", "[core]") {
    STATIC_REQUIRE(money{}.minor() == 0);
    STATIC_REQUIRE(money::from_minor(-1) < money{});
    STATIC_REQUIRE(money::from_minor(least) < money::from_minor(most));
    STATIC_REQUIRE(money::from_minor(7) == money::from_minor(7));
}

TEST_CASE("parse: is exact where doubles are not", "[core]") {
    REQUIRE(minor_of("0.1") + minor_of("0.2") == minor_of("0.3"));
    REQUIRE(minor_of("1.10") == 110);
    REQUIRE(minor_of("4.35") == 435);
    REQUIRE(minor_of("90071992547409.93") == 9'007'199'254'740'993);
    REQUIRE(minor_of("0.07") * 100 == minor_of("7"));
}

TEST_CASE("parse: reads every form of a JSON number", "[core]") {
    REQUIRE(minor_of("0") == 0);
    REQUIRE(minor_of("-0") == 0);
    REQUIRE(minor_of("-0.0e-0") == 0);
    REQUIRE(minor_of("5") == 500);
    REQUIRE(minor_of("100.5") == 10'050);
    REQUIRE(minor_of("-0.50") == -50);
    REQUIRE(minor_of("1e2") == 10'000);
    REQUIRE(minor_of("1E2") == 10'000);
    REQUIRE(minor_of("1e+2") == 10'000);
    REQUIRE(minor_of("1E-2") == 1);
    REQUIRE(minor_of("1e000000000000000000000000002") == 10'000);
    REQUIRE(minor_of("0.0125e4") == 12'500);
    REQUIRE(minor_of("12500e-4") == 125);
}

TEST_CASE("parse: trailing zeros are no decimals", "[core]") {
    REQUIRE(minor_of("1.500") == 150);
    REQUIRE(minor_of("1.0000000000000000000000000000000000") == 100);
    REQUIRE(minor_of("100e-4") == 1);
    REQUIRE(minor_of("0.000") == 0);
}

TEST_CASE("parse: refuses a third decimal", "[core]") {
    for (const char* text : {"0.001", "1.005", "-1.005", "1e-3", "1e-400", "123.4560001", "10e-4",
                             "99999999999999999999999999.001"})
        require_error(text, money_error::too_many_decimals);
}

TEST_CASE("parse: reaches both ends of the range and not a cent further", "[core]") {
    REQUIRE(minor_of("92233720368547758.07") == most);
    REQUIRE(minor_of("9223372036854775807e-2") == most);
    REQUIRE(minor_of("92233720368547758.070e0") == most);
    REQUIRE(minor_of("-92233720368547758.08") == least);
    REQUIRE(minor_of("-0.9223372036854775808e17") == least);
    for (const char* text : {"92233720368547758.08", "-92233720368547758.09", "92233720368547759",
                             "100000000000000000", "99999999999999999.99", "184467440737095516.16",
                             "184467440737095516.17", "1e17", "1e18", "1e19", "1e400", "-1e400"})
        require_error(text, money_error::out_of_range);
}

TEST_CASE("parse: zero is zero whatever its exponent", "[core]") {
    const std::string nines(500, '9');
    REQUIRE(minor_of("0e400") == 0);
    REQUIRE(minor_of("0.00e-400") == 0);
    REQUIRE(minor_of("-0e" + nines) == 0);
    REQUIRE(minor_of("0e-" + nines) == 0);
}

TEST_CASE("parse: an exponent of hundreds of digits is read for what it is", "[core]") {
    const std::string nines(500, '9');
    const std::string zeros(500, '0');
    require_error("1e" + nines, money_error::out_of_range);
    require_error("1e-" + nines, money_error::too_many_decimals);
    require_error("1e18446744073709551616", money_error::out_of_range);  // 0 if it wrapped
    require_error("1e-18446744073709551616", money_error::too_many_decimals);
    REQUIRE(minor_of("1e" + zeros + "1") == 1'000);
    REQUIRE(minor_of("1e-" + zeros + "1") == 10);
}

TEST_CASE("parse: an exponent makes up for 60,000 zeros", "[core]") {
    const std::string zeros(60'000, '0');
    REQUIRE(minor_of("0." + zeros + "125e60003") == 12'500);
    REQUIRE(minor_of("125" + zeros + "e-60001") == 1'250);
    REQUIRE(minor_of("1." + zeros + "e1") == 1'000);
    require_error("0." + zeros + "125e60000", money_error::too_many_decimals);
    require_error("1" + zeros, money_error::out_of_range);
    require_error("1" + zeros + "1e-60001", money_error::too_many_decimals);
}

TEST_CASE("parse: refuses what is not a JSON number", "[core]") {
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {""sv,      "-"sv,        "+1"sv,        ".5"sv,    "1."sv,    "-.5"sv,      " 1"sv,
          "1 "sv,    "01"sv,       "00"sv,        "-01"sv,   "00.5"sv,  "--1"sv,      "1..2"sv,
          "1.2.3"sv, "1e"sv,       "1e+"sv,       "1e-"sv,   "e1"sv,    "1.e1"sv,     "1e1.5"sv,
          "1e1e1"sv, "0x1"sv,      "1f"sv,        "1,000"sv, "1_0"sv,   "NaN"sv,      "nan"sv,
          "inf"sv,   "Infinity"sv, "-Infinity"sv, "null"sv,  "\"5\""sv, "\xd9\xa1"sv, "1\0"sv,
          "\0"sv,    "1\n"sv,      "\t1"sv,       "1-1"sv,   "- 1"sv,   "1e 2"sv})
        require_error(text, money_error::not_a_number);
}

TEST_CASE("parse: agrees with arithmetic by hand on random numbers", "[core]") {
    std::mt19937_64 random{20'240'229};  // NOLINT: the same numbers every time
    for (int i = 0; i != 20'000; ++i) {
        const bool negative = random() % 2 == 0;
        std::string whole = random_digits(random, 1 + random() % 24);
        whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
        const std::string fraction = random_digits(random, random() % 24);
        const int exponent = static_cast<int>(random() % 61) - 30;
        std::string text = negative ? "-" : "";
        text += whole;
        if (!fraction.empty())
            text.append(".").append(fraction);
        if (exponent != 0)
            text.append("e").append(std::to_string(exponent));
        const money::parsed expected = parse_by_hand(negative, whole, fraction, exponent);
        const money::parsed found = money::parse(text);
        if (found.error != expected.error || found.value != expected.value)
            FAIL(text << " is " << expected.value.minor() << ", error "
                      << static_cast<int>(expected.error) << "; found " << found.value.minor()
                      << ", error " << static_cast<int>(found.error));
    }
}

TEST_CASE("format: is the shortest decimal with at least one decimal place", "[core]") {
    REQUIRE(format(0) == "0.0");
    REQUIRE(format(1) == "0.01");
    REQUIRE(format(10) == "0.1");
    REQUIRE(format(-1) == "-0.01");
    REQUIRE(format(-10) == "-0.1");
    REQUIRE(format(99) == "0.99");
    REQUIRE(format(100) == "1.0");
    REQUIRE(format(105) == "1.05");
    REQUIRE(format(9'999) == "99.99");
    REQUIRE(format(10'050) == "100.5");
    REQUIRE(format(500'000) == "5000.0");
    REQUIRE(format(most) == "92233720368547758.07");
    REQUIRE(format(least) == "-92233720368547758.08");
}

TEST_CASE("to_chars: writes nothing to a range one character too short", "[core]") {
    for (const std::int64_t minor_units : {std::int64_t{0}, std::int64_t{-1}, most, least}) {
        const std::string expected = format(minor_units);
        std::string text(expected.size(), '?');
        char* const begin = text.data();
        char* const end = begin + text.size();

        const auto fits = coffer::to_chars(begin, end, money::from_minor(minor_units));
        REQUIRE(fits.ec == std::errc{});
        REQUIRE(fits.ptr == end);
        REQUIRE(text == expected);

        text.assign(expected.size(), '?');
        const auto too_short = coffer::to_chars(begin, end - 1, money::from_minor(minor_units));
        REQUIRE(too_short.ec == std::errc::value_too_large);
        REQUIRE(too_short.ptr == end - 1);
        REQUIRE(text == std::string(expected.size(), '?'));
    }
    REQUIRE(coffer::to_chars(nullptr, nullptr, money{}).ec == std::errc::value_too_large);
    REQUIRE(format(least).size() == coffer::money_max_chars);
}

TEST_CASE("format: is undone by parse on every value", "[core]") {
    const auto require_round_trip = [](std::int64_t minor_units) {
        const money::parsed found = money::parse(format(minor_units));
        if (!found || found.value.minor() != minor_units)
            FAIL(minor_units << " became " << format(minor_units));
    };
    for (std::int64_t i = 0; i <= 200; ++i)
        for (const std::int64_t minor_units : {i, -i, most - i, least + i})
            require_round_trip(minor_units);
    std::mt19937_64 random{1};  // NOLINT: the same numbers every time
    for (int i = 0; i != 20'000; ++i)
        require_round_trip(static_cast<std::int64_t>(random()) >> (random() % 64));
}

TEST_CASE("money: is for constant expressions too", "[core]") {
    STATIC_REQUIRE(money::parse("1.5").value == money::from_minor(150));
    STATIC_REQUIRE(money::parse("1.005").error == money_error::too_many_decimals);
    constexpr auto formatted_size = [] {
        char text[coffer::money_max_chars] = {};
        return coffer::to_chars(text, text + sizeof text, money::from_minor(150)).ptr - text;
    };
    STATIC_REQUIRE(formatted_size() == 3);
}
