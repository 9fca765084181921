// An exact amount of money: a signed 64-bit count of minor units (cents), parsed from and
// formatted as text.
//
// Guarantees     parse and format never pass through a floating-point number; format is the inverse
//                of parse for every value; only to_string allocates, and nothing uses the locale.
// Limits         two decimals; -92233720368547758.08 .. 92233720368547758.07.
// Thread safety  money is a value; every function is pure.
#pragma once

#include <charconv>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include <coffer/detail/macros_push.inc>

namespace coffer {

/// Why a text is not an amount of money.
enum class money_error : std::uint8_t {
    none,
    not_a_number,       ///< not a number as JSON writes them (RFC 8259, section 6)
    too_many_decimals,  ///< a non-zero digit after the second decimal
    out_of_range,       ///< more than 64 bits of cents
};

/// An amount of money, exact to the cent. The default is zero.
class money {
public:
    struct parsed;

    [[gnu::__visibility__("hidden")]] static constexpr std::size_t decimals = 2;

    constexpr money() noexcept = default;
    /// Returns an amount of `minor_units` cents.
    [[nodiscard]] static constexpr money from_minor(std::int64_t minor_units) noexcept {
        return money{minor_units};
    }
    /// The number of cents.
    [[nodiscard]] constexpr std::int64_t minor() const noexcept { return minor_; }
    /// The same as minor(), under the name that the macro `minor` of glibc's <sys/sysmacros.h>
    /// turns it into.
    [[nodiscard]] constexpr std::int64_t gnu_dev_minor() const noexcept { return minor_; }

    // Not `= default`: Clang 14 warns of a null pointer in the code that it generates.
    friend constexpr bool operator==(money left, money right) noexcept {
        return left.minor_ == right.minor_;
    }
    friend constexpr std::strong_ordering operator<=>(money left, money right) noexcept {
        return left.minor_ <=> right.minor_;
    }

    /// Parses the whole of `text` as a JSON number: "100.5", "1e2", "-0.50". Any number of digits
    /// and any exponent is read exactly; trailing zeros after the second decimal are no error.
    [[nodiscard]] static constexpr parsed parse(std::string_view text) noexcept;

private:
    explicit constexpr money(std::int64_t minor_units) noexcept : minor_{minor_units} {}

    std::int64_t minor_ = 0;
};

/// The result of money::parse: the value, or zero and the reason.
struct money::parsed {
    money value;
    money_error error;
    constexpr explicit operator bool() const noexcept { return error == money_error::none; }
};

/// The most characters that `to_chars` writes.
[[gnu::__visibility__("hidden")]] inline constexpr std::size_t money_max_chars =
    sizeof("-92233720368547758.08") - 1;

/// Writes `value` as the shortest decimal with at least one decimal place ("5000.0", "99.99"). As
/// std::to_chars, returns `errc::value_too_large` and `last` if [first, last) is too short.
constexpr std::to_chars_result to_chars(char* first, char* last, money value) noexcept;

/// Returns the text of to_chars.
[[nodiscard]] inline std::string to_string(money value);

// Implementation details follow.

namespace detail {

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Scans a decimal number: finds its digits from the first to the last that is not zero, and the
/// power of ten of the last.
class decimal_scanner {
public:
    constexpr explicit decimal_scanner(std::string_view text) noexcept : text_{text} {}

    /// Scans the text. Returns false if it is not a number of the JSON grammar.
    constexpr bool scan() noexcept {
        negative_ = accept('-');
        const bool leading_zero = at_ < text_.size() && text_[at_] == '0';
        if (!digits(leading_zero ? 1 : text_.size()))
            return false;
        digits_before_point_ = digit_count_;
        if (accept('.') && !digits(text_.size()))
            return false;
        if ((accept('e') || accept('E')) && !exponent())
            return false;
        return at_ == text_.size();
    }

    constexpr money::parsed value() const noexcept {
        if (last_ == 0)
            return {money{}, money_error::none};
        const std::int64_t power =
            digits_before_point_ - last_ + exponent_ + std::int64_t{money::decimals};
        const std::int64_t significant = last_ - first_ + 1;
        if (power < 0)
            return {money{}, money_error::too_many_decimals};
        // 10^19 fits 64 bits without a sign, so up to here the sum below cannot wrap.
        if (power + significant > 19)
            return {money{}, money_error::out_of_range};
        return scaled(significant, power);
    }

private:
    constexpr bool accept(char c) noexcept {
        if (at_ == text_.size() || text_[at_] != c)
            return false;
        ++at_;
        return true;
    }

    /// Scans one digit or more, and at most `most`.
    constexpr bool digits(std::size_t most) noexcept {
        const std::size_t begin = at_;
        for (; at_ < text_.size() && at_ - begin < most && is_digit(text_[at_]); ++at_) {
            ++digit_count_;
            if (text_[at_] == '0')
                continue;
            last_ = digit_count_;
            if (first_ == 0) {
                first_ = digit_count_;
                first_at_ = at_;
            }
        }
        return at_ != begin;
    }

    constexpr bool exponent() noexcept {
        const bool down = accept('-');
        if (!down)
            accept('+');
        // Larger than the number of digits that any text in memory has: the value beyond it makes
        // no difference.
        constexpr std::int64_t enough = std::int64_t{1} << 56;
        const std::size_t begin = at_;
        for (; at_ < text_.size() && is_digit(text_[at_]); ++at_)
            if (exponent_ < enough)
                exponent_ = exponent_ * 10 + (text_[at_] - '0');
        if (down)
            exponent_ = -exponent_;
        return at_ != begin;
    }

    constexpr money::parsed scaled(std::int64_t significant, std::int64_t power) const noexcept {
        std::uint64_t minor_units = 0;
        for (std::size_t i = first_at_; significant != 0; ++i) {
            if (text_[i] == '.')
                continue;
            minor_units = minor_units * 10 + static_cast<std::uint64_t>(text_[i] - '0');
            --significant;
        }
        for (; power != 0; --power)
            minor_units *= 10;
        constexpr auto most = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
        if (minor_units > most + (negative_ ? 1U : 0U))
            return {money{}, money_error::out_of_range};
        if (negative_)
            minor_units = 0 - minor_units;
        return {money::from_minor(static_cast<std::int64_t>(minor_units)), money_error::none};
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t first_at_ = 0;  // the place of the first non-zero digit
    // Digits are counted from 1, without the point; 0 is none.
    std::int64_t digit_count_ = 0;
    std::int64_t digits_before_point_ = 0;
    std::int64_t first_ = 0;
    std::int64_t last_ = 0;
    std::int64_t exponent_ = 0;
    bool negative_ = false;
};

}  // namespace detail

constexpr money::parsed money::parse(std::string_view text) noexcept {
    detail::decimal_scanner scanner{text};
    if (!scanner.scan())
        return {money{}, money_error::not_a_number};
    return scanner.value();
}

constexpr std::to_chars_result to_chars(char* first, char* last, money value) noexcept {
    const bool negative = value.minor() < 0;
    auto left = static_cast<std::uint64_t>(value.minor());
    if (negative)
        left = 0 - left;

    char digits[money_max_chars] = {};
    char* const end = digits + money_max_chars;
    char* at = end;
    const auto cents = static_cast<unsigned>(left % 100);
    left /= 100;
    if (cents % 10 != 0)
        *--at = static_cast<char>('0' + cents % 10);
    *--at = static_cast<char>('0' + cents / 10);
    *--at = '.';
    do {
        *--at = static_cast<char>('0' + left % 10);
        left /= 10;
    } while (left != 0);
    if (negative)
        *--at = '-';

    if (last - first < end - at)
        return {last, std::errc::value_too_large};
    while (at != end)
        *first++ = *at++;
    return {first, std::errc{}};
}

inline std::string to_string(money value) {
    char text[money_max_chars];
    return {text, to_chars(text, text + money_max_chars, value).ptr};
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
