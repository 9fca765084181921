// A page of accounts in the order of their numbers, as one JSON envelope.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <coffer/account_number.hpp>
#include <coffer/ledger.hpp>

#include "api/principal.hpp"
#include "api/scanned_page.hpp"

namespace coffer::api {

class account_page final : public scanned_page {
public:
    /// The first `limit` accounts among `seen` with numbers above `after`. Null while too many
    /// pages are looking for what they show. Thread safety: any thread.
    [[nodiscard]] static std::unique_ptr<account_page> make(std::size_t limit, account_number after,
                                                            account_ranges seen = {});

private:
    account_page(std::size_t limit, account_number after, account_ranges seen, counted_scan);
    bool scan(teller&) override;
    state read(teller&, std::string& text) override;
    [[nodiscard]] std::size_t key_bytes() const noexcept override { return numbers_.bytes(); }

    account_number after_;
    account_ranges seen_;
    ledger::scan_place place_{};
    lowest_keys<account_number, std::less<>> numbers_;
    std::size_t read_ = 0;   // how many of the numbers
    std::size_t shown_ = 0;  // how many of them are accounts
};

}  // namespace coffer::api
