// A page of an account's open holds, the oldest first, as one JSON envelope.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <coffer/account_number.hpp>
#include <coffer/hold.hpp>
#include <coffer/ledger.hpp>

#include "api/scanned_page.hpp"

namespace coffer::api {

/// Each hold is shown as it is at the moment when it is read; one that has ended by then is left
/// out.
class hold_page final : public scanned_page {
public:
    /// The first `limit` holds of the account that were placed after the hold `after`. Null while
    /// too many pages are looking for what they show. Thread safety: any thread.
    [[nodiscard]] static std::unique_ptr<hold_page> make(account_number account, std::size_t limit,
                                                         const hold_id& after);

private:
    struct is_older {
        bool operator()(const hold_id& left, const hold_id& right) const noexcept {
            return left.sequence < right.sequence;
        }
    };

    hold_page(account_number account, std::size_t limit, const hold_id& after, counted_scan);
    bool scan(teller&) override;
    state read(teller&, std::string& text) override;
    [[nodiscard]] std::size_t key_bytes() const noexcept override { return ids_.bytes(); }

    account_number account_;
    hold_id after_;
    ledger::hold_place place_{};
    lowest_keys<hold_id, is_older> ids_;
    std::size_t read_ = 0;   // how many of the ids
    std::size_t shown_ = 0;  // how many of them are open
};

}  // namespace coffer::api
