// Compares what the accounts of a snapshot have held with its holds.
#pragma once

#include <string>
#include <unordered_map>

#include <coffer/hold.hpp>
#include <coffer/posting.hpp>

#include "ops/text.hpp"

namespace coffer::snapshot {

/// Memory is proportional to the accounts that have holds. Thread safety: none.
class held_sums {
public:
    /// Throws std::bad_alloc.
    void add(const account_view& listed) {
        if (listed.held != money{})
            sums_[listed.account].held_minor += listed.held.minor();
    }
    /// Throws std::bad_alloc.
    void add(const hold& listed) {
        if (listed.remaining != money{})
            sums_[listed.account].of_holds_minor += listed.remaining.minor();
    }

    /// Calls `visitor(account_number, std::string)` for each account whose holds do not add up to
    /// what it has held.
    template <class Visitor>
    void visit_wrong(Visitor&& visitor) const {
        for (const auto& [account, found] : sums_)
            if (found.held_minor != found.of_holds_minor)
                visitor(account, "has " + to_money_text(found.held_minor) +
                                     " held, but its holds have " +
                                     to_money_text(found.of_holds_minor));
    }

private:
    struct both_sums {
        wide_minor held_minor = 0;
        wide_minor of_holds_minor = 0;
    };

    std::unordered_map<account_number, both_sums> sums_;
};

}  // namespace coffer::snapshot
