// Which events a reader gets, and what of them: those of one account, and of accounts that its
// token may see.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <coffer/account_number.hpp>

#include "api/principal.hpp"
#include "engine/event_blocks.hpp"

namespace coffer::api {

/// Thread safety: as a value.
class event_filter {
public:
    /// All events with a posting of this account, or all if it is 0; and of those the ones with a
    /// posting of an account among `seen`.
    explicit event_filter(account_number account = 0, account_ranges seen = {}) noexcept
        : account_{account}, seen_{std::move(seen)} {}

    /// The account that all its events have a posting of; 0: none in particular.
    [[nodiscard]] account_number account() const noexcept { return account_; }

    [[nodiscard]] bool has_all() const noexcept { return account_ == 0 && seen_.has_all(); }
    /// Whether the reader gets this event of the block.
    [[nodiscard]] bool has(const event_block& in, std::size_t index) const noexcept;
    /// The line of such an event, as its reader may see it: without the postings of accounts that
    /// are not seen, and without the hold if that is one of theirs. In the block or in `room`.
    /// Throws std::bad_alloc.
    [[nodiscard]] std::string_view line(const event_block& in, std::size_t index,
                                        std::string& room) const;

private:
    account_number account_;
    account_ranges seen_;
};

}  // namespace coffer::api
