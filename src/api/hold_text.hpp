// How the API writes a hold, and reads its id.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <coffer/hold.hpp>
#include <coffer/posting.hpp>

namespace coffer::api {

/// "held", "captured", "released" or "expired".
[[nodiscard]] std::string_view name_of(hold_status) noexcept;

/// A hold's id as text: "7-12", its account's sequence when it was placed, and its slot.
class hold_id_text {
public:
    explicit hold_id_text(const hold_id& id) noexcept;
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

private:
    std::array<char, 32> text_;  // two numbers of 20 and 10 digits, and the dash
    std::size_t size_;
};

void append_hold_id(std::string& out, const hold_id& id);

/// Parses such a text. Nothing if it is any other: an id has one spelling.
/// Allocates nothing.
[[nodiscard]] std::optional<hold_id> parse_hold_id(std::string_view text) noexcept;

/// Appends {"hold":"7-12","account_number":"10001","amount":40.0,"captured":0.0,"remaining":40.0,
/// "status":"held","expires_at":"2026-11-28T12:00:00.123456789Z" or null,"balance":1000.0,
/// "held":40.0,"available":960.0}. The last three are those of the account's posting.
void append_hold(std::string& out, const hold& one, const posting& account);

}  // namespace coffer::api
