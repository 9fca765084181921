// A page of accounts in the order of their numbers, as one JSON envelope.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <coffer/account_number.hpp>
#include <coffer/ledger.hpp>

#include "api/body_stream.hpp"

namespace coffer::api {

/// The ledger keeps no order of its accounts, so a page is found by looking at all of them, step by
/// step; other connections are served between the steps. The page is sent once all of it is
/// durable: if it cannot be completed, nothing was sent.
class account_page final : public body_stream {
public:
    /// How many pages may be looking for their accounts at a time, in the whole process: each of
    /// them goes through the whole table.
    static constexpr std::size_t max_scans = 32;

    /// The first `limit` accounts with numbers above `after`. Null while max_scans other pages are
    /// looking for theirs. Thread safety: any thread.
    [[nodiscard]] static std::unique_ptr<account_page> make(std::size_t limit,
                                                            account_number after);

    state pull(teller&, std::size_t room_bytes, std::string& out) override;
    void end_early(problem why, std::string& out) override;
    [[nodiscard]] std::size_t buffered_bytes() const noexcept override;

private:
    enum class phase : std::uint8_t { scanning, reading, syncing, sending };

    /// A page that looks for its accounts, as one of all that do.
    struct count_down {
        void operator()(std::atomic<std::size_t>* scans) const noexcept;
    };
    using counted_scan = std::unique_ptr<std::atomic<std::size_t>, count_down>;

    account_page(std::size_t limit, account_number after, counted_scan);
    void scan(const ledger&);
    void finish_scan();
    state read(teller&);
    state send(std::size_t room_bytes, std::string& out);

    counted_scan scan_;  // null once it has ended
    std::size_t limit_;
    account_number after_;
    phase phase_ = phase::scanning;
    ledger::scan_place place_{};
    /// The lowest numbers found so far, one more than the page shows: a heap while scanning, then
    /// sorted.
    std::vector<account_number> numbers_;
    bool has_more_ = false;
    std::size_t read_ = 0;    // how many of the numbers
    std::size_t shown_ = 0;   // how many of them are accounts
    teller::ticket due_ = 0;  // what the page waits for
    std::string text_;
    std::size_t sent_ = 0;
};

}  // namespace coffer::api
