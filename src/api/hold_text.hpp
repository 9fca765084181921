// How the API writes a hold.
#pragma once

#include <string>
#include <string_view>

#include <coffer/hold.hpp>
#include <coffer/posting.hpp>

namespace coffer::api {

/// "held", "captured", "released" or "expired".
[[nodiscard]] std::string_view name_of(hold_status) noexcept;

/// Appends {"hold":"7-12","account_number":"10001","amount":40.0,"captured":0.0,"remaining":40.0,
/// "status":"held","expires_at":"2026-11-28T12:00:00.123456789Z" or null,"balance":1000.0,
/// "held":40.0,"available":960.0}. The last three are those of the account's posting.
void append_hold(std::string& out, const hold& one, const posting& account);

}  // namespace coffer::api
