#include "api/event_filter.hpp"

#include <algorithm>
#include <span>

#include "ops/assertion.hpp"

namespace coffer::api {

// What append_event writes around and between postings. No client's text is before the first.
namespace {

constexpr std::string_view before_postings = R"("postings":[)";
constexpr std::string_view before_hold = R"(],"hold":{)";

}  // namespace

bool event_filter::has(const event_block& in, std::size_t index) const noexcept {
    if (account_ != 0 && !in.touches(index, account_))
        return false;
    return seen_.has_all() ||
           std::ranges::any_of(in.accounts_of(index),
                               [this](account_number one) { return seen_.has(one); });
}

std::string_view event_filter::line(const event_block& in, std::size_t index,
                                    std::string& room) const {
    const std::string_view whole = in.line(index);
    const std::span<const account_number> accounts = in.accounts_of(index);
    const auto is_seen = [this](account_number one) { return seen_.has(one); };
    if (seen_.has_all() || std::ranges::all_of(accounts, is_seen))
        return whole;
    std::size_t at = whole.find(before_postings) + before_postings.size();
    room.assign(whole, 0, at);
    for (const account_number one : accounts) {
        const std::size_t end = whole.find('}', at) + 1;
        invariant(end != 0, "an event has fewer postings than accounts");
        if (seen_.has(one))
            room.append(room.back() == '[' ? "" : ",").append(whole, at, end - at);
        at = end + (whole[end] == ',' ? 1 : 0);
    }
    // The hold is one of the first account.
    if (whole.substr(at).starts_with(before_hold) && !seen_.has(accounts.front()))
        room += ']', at = whole.find('}', at) + 1;
    return room.append(whole, at);
}

}  // namespace coffer::api
