#include "fuzz/exact_amount.hpp"

namespace coffer::fuzz {
namespace {

using kind = exact_amount::kind;

/// The digits of a number that follows the grammar, and where the point stands among them.
struct decimal {
    bool negative = false;
    std::string digits;  // without zeros at either end
    long point = 0;      // this many of the digits, or zeros beyond them, stand before the point
};

decimal take_apart(const std::string& text) {
    decimal number;
    std::size_t at = text[0] == '-' ? 1 : 0;
    number.negative = at == 1;
    bool before_point = true;
    for (; at != text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
        if (text[at] == '.') {
            before_point = false;
            continue;
        }
        number.digits += text[at];
        number.point += before_point ? 1 : 0;
    }
    if (at != text.size()) {
        // Longer exponents are out of any range; those of zero make no difference.
        const std::string exponent = text.substr(at + 1);
        const bool down = exponent[0] == '-';
        const std::size_t first = exponent.find_first_of("123456789");
        const std::string digits = first == std::string::npos ? "0" : exponent.substr(first);
        const long size = digits.size() > 9 ? 1'000'000'000 : std::stol(digits);
        number.point += down ? -size : size;
    }
    const std::size_t first = number.digits.find_first_not_of('0');
    if (first == std::string::npos)
        return {};
    number.digits.erase(0, first);
    number.point -= static_cast<long>(first);
    number.digits.erase(number.digits.find_last_not_of('0') + 1);
    return number;
}

}  // namespace

exact_amount signed_amount_of(const json_node& value) {
    if (!value.is_number())
        return {kind::not_a_number, ""};
    const decimal number = take_apart(value.text);
    if (number.digits.empty())
        return {kind::value, "0"};
    const long cents_size = number.point + 2;  // digits before the point, counted in cents
    if (static_cast<long>(number.digits.size()) > cents_size)
        return {kind::too_many_decimals, ""};
    if (cents_size > 19)
        return {kind::out_of_range, ""};
    const std::string cents =
        number.digits +
        std::string(static_cast<std::size_t>(cents_size) - number.digits.size(), '0');
    const std::string most = number.negative ? "9223372036854775808" : "9223372036854775807";
    if (cents.size() == most.size() && cents > most)
        return {kind::out_of_range, ""};
    return {kind::value, (number.negative ? "-" : "") + cents};
}

exact_amount read_exactly(std::string_view body, int most_deep) {
    strict_json document{body, most_deep};
    const bool well_formed = document.read();
    if (document.is_too_deep())
        return {kind::too_deep, ""};
    if (!well_formed)
        return {kind::malformed, ""};
    const auto amounts = document.root().values_of("amount");
    if (amounts.empty())
        return {kind::missing, ""};
    if (amounts.size() > 1)
        return {kind::twice, ""};
    const exact_amount read = signed_amount_of(*amounts[0]);
    const bool is_positive =
        read.what != kind::value || (read.minor[0] != '-' && read.minor != "0");
    return is_positive ? read : exact_amount{kind::not_positive, ""};
}

bool has_huge_exponent(std::string_view body) {
    constexpr std::size_t very_many = 9;
    std::size_t digits = 0;
    for (const char c : body) {
        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        if (digits >= very_many && body.find_first_of("eE") != std::string_view::npos)
            return true;
    }
    return false;
}

}  // namespace coffer::fuzz
