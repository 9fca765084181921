#include "engine/structured_string.hpp"

#include <algorithm>
#include <cstddef>

namespace coffer {
namespace {

constexpr std::string_view base64_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_small_letter(char c) noexcept {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_letter(char c) noexcept {
    return is_small_letter(c) || (c >= 'A' && c <= 'Z');
}
constexpr bool is_one_of(char c, std::string_view set) noexcept {
    return set.find(c) != set.npos;
}
constexpr bool is_name_character(char c) noexcept {
    return is_small_letter(c) || is_digit(c) || is_one_of(c, "_-.*");
}
constexpr bool is_token_character(char c) noexcept {
    return is_letter(c) || is_digit(c) || is_one_of(c, "!#$%&'*+-.^_`|~:/");
}
constexpr bool is_base64_character(char c) noexcept {
    return is_one_of(c, base64_characters);
}
constexpr bool is_printable(char c) noexcept {
    return c >= ' ' && c <= '~';
}

/// The parsing algorithms of RFC 8941, section 4.2. Each takes what it names from the front.
class item_reader {
public:
    explicit item_reader(std::string_view text) noexcept : left_{text} {}

    [[nodiscard]] bool at_end() const noexcept { return left_.empty(); }

    /// A String. `raw` is what stands between its quotes, and the result how many escapes are in
    /// there; nothing if there is no String.
    [[nodiscard]] std::optional<std::size_t> take_string(std::string_view& raw) noexcept {
        if (!take('"'))
            return std::nullopt;
        const std::string_view begin = left_;
        for (std::size_t escapes = 0; !at_end();) {
            const char c = next();
            if (c == '"') {
                raw = begin.substr(0, begin.size() - left_.size() - 1);
                return escapes;
            }
            if (!is_printable(c))
                return std::nullopt;
            if (c != '\\')
                continue;
            if (at_end() || !is_one_of(next(), "\"\\"))
                return std::nullopt;
            ++escapes;
        }
        return std::nullopt;
    }

    /// Any number of parameters: true if all are well-formed.
    [[nodiscard]] bool take_parameters() noexcept {
        while (take(';')) {
            take_while([](char c) noexcept { return c == ' '; });
            if (at_end() || !(is_small_letter(left_.front()) || left_.front() == '*'))
                return false;
            take_while(is_name_character);
            if (take('=') && !take_bare_item())
                return false;
        }
        return true;
    }

private:
    [[nodiscard]] bool take_bare_item() noexcept {
        if (at_end())
            return false;
        const char first = left_.front();
        std::string_view ignored;
        if (first == '"')
            return take_string(ignored).has_value();
        if (first == '-' || is_digit(first))
            return take_number();
        if (take(':')) {
            take_while(is_base64_character);
            return take(':');
        }
        if (take('?'))
            return take('0') || take('1');
        const bool is_token = is_letter(first) || first == '*';
        take_while(is_token_character);
        return is_token;
    }

    /// An Integer of up to 15 digits, or a Decimal of up to 12 and 1 to 3 behind the point.
    [[nodiscard]] bool take_number() noexcept {
        static_cast<void>(take('-'));
        const std::size_t whole = take_while(is_digit);
        if (!take('.'))
            return whole >= 1 && whole <= 15;
        const std::size_t decimals = take_while(is_digit);
        return whole >= 1 && whole <= 12 && decimals >= 1 && decimals <= 3;
    }

    char next() noexcept {
        const char c = left_.front();
        left_.remove_prefix(1);
        return c;
    }

    bool take(char due) noexcept {
        if (at_end() || left_.front() != due)
            return false;
        left_.remove_prefix(1);
        return true;
    }

    template <class Predicate>
    std::size_t take_while(Predicate belongs) noexcept {
        const auto end = std::find_if_not(left_.begin(), left_.end(), belongs);
        const auto size = static_cast<std::size_t>(end - left_.begin());
        left_.remove_prefix(size);
        return size;
    }

    std::string_view left_;
};

}  // namespace

std::optional<std::string_view> read_structured_string(std::string_view field,
                                                       std::span<char> room) noexcept {
    item_reader from{field};
    std::string_view raw;
    const std::optional<std::size_t> escapes = from.take_string(raw);
    if (!escapes || !from.take_parameters() || !from.at_end())
        return std::nullopt;
    if (*escapes == 0)
        return raw;
    if (raw.size() - *escapes > room.size())
        return std::nullopt;
    std::size_t size = 0;
    for (std::size_t i = 0; i != raw.size(); ++i) {
        if (raw[i] == '\\')
            ++i;
        room[size++] = raw[i];
    }
    return std::string_view{room.data(), size};
}

}  // namespace coffer
