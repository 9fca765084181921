#include "api/hold_text.hpp"

#include "api/account_text.hpp"
#include "ops/hold_id_text.hpp"
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
