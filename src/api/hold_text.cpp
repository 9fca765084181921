#include "api/hold_text.hpp"

#include <charconv>
#include <limits>

#include "api/account_text.hpp"
#include "ops/text.hpp"
#include "ops/utc_time.hpp"

namespace coffer::api {

std::string_view name_of(hold_status status) noexcept {
    switch (status) {
        case hold_status::held:
            return "held";
        case hold_status::captured:
            return "captured";
        case hold_status::released:
            return "released";
        case hold_status::expired:
            return "expired";
    }
    return "";
}

hold_id_text::hold_id_text(const hold_id& id) noexcept {
    char* const end = text_.data() + text_.size();
    char* at = std::to_chars(text_.data(), end, id.sequence).ptr;
    *at++ = '-';
    at = std::to_chars(at, end, id.slot).ptr;
    size_ = static_cast<std::size_t>(at - text_.data());
}

void append_hold_id(std::string& out, const hold_id& id) {
    out += hold_id_text{id}.view();
}

std::optional<hold_id> parse_hold_id(std::string_view text) noexcept {
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

void append_hold(std::string& out, const hold& one, const posting& account) {
    out += R"({"hold":")";
    append_hold_id(out, one.id);
    out += R"(","account_number":")";
    append_number(out, one.account);
    out += R"(","amount":)";
    append_money(out, one.amount);
    out += R"(,"captured":)";
    append_money(out, one.captured);
    out += R"(,"remaining":)";
    append_money(out, one.remaining);
    out += R"(,"status":")";
    out += name_of(one.status);
    out += R"(","expires_at":)";
    if (one.expires_at_ns == 0) {
        out += "null";
    } else {
        out += '"';
        append_utc_text(out, static_cast<std::uint64_t>(one.expires_at_ns));
        out += '"';
    }
    out += ',';
    append_balances(out, account);
    out += '}';
}

}  // namespace coffer::api
