// Writes and parses the text of a hold's id: "7-12", its account's sequence when it was placed, and
// its slot. An id has one spelling.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <coffer/account_number.hpp>
#include <coffer/hold.hpp>

namespace coffer {

/// The text, kept in place: allocates nothing.
class hold_id_text {
public:
    explicit hold_id_text(const hold_id& id) noexcept {
        char* const end = text_.data() + text_.size();
        char* at = std::to_chars(text_.data(), end, id.sequence).ptr;
        *at++ = '-';
        at = std::to_chars(at, end, id.slot).ptr;
        size_ = static_cast<std::size_t>(at - text_.data());
    }
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

private:
    std::array<char, 32> text_;  // two numbers of 20 and 10 digits, and the dash
    std::size_t size_;
};

inline void append_hold_id(std::string& out, const hold_id& id) {
    out += hold_id_text{id}.view();
}

/// Returns "hold 7-12".
[[nodiscard]] inline std::string hold_text(const hold_id& id) {
    std::string text = "hold ";
    append_hold_id(text, id);
    return text;
}

/// Parses such a text. Nothing if it is any other. Allocates nothing.
[[nodiscard]] inline std::optional<hold_id> parse_hold_id(std::string_view text) noexcept {
    const std::size_t dash = text.find('-');
    if (dash == text.npos)
        return std::nullopt;
    // Both numbers have the form of account numbers, but for a slot of 0.
    const auto sequence = parse_account_number(text.substr(0, dash));
    const std::string_view slot_text = text.substr(dash + 1);
    const auto slot = slot_text == "0" ? 0 : parse_account_number(slot_text);
    if (!sequence || !slot || *slot > std::numeric_limits<std::uint32_t>::max())
        return std::nullopt;
    return hold_id{*sequence, static_cast<std::uint32_t>(*slot)};
}

}  // namespace coffer
