// A history without an index: reads the journal from its beginning for each question. For logs that
// have no other, and for the tests of those that have.
#pragma once

#include "journal/batch_log.hpp"
#include "journal/history.hpp"

namespace coffer::journal {

/// Each batch that has records is an extent.
class scanned_history final : public history {
public:
    /// `log` must outlive this. It has nothing behind its end that is not durable.
    explicit scanned_history(const batch_source& log) noexcept : log_{log} {}

    [[nodiscard]] bool reach(std::uint64_t record,
                             std::chrono::steady_clock::time_point deadline) override;
    [[nodiscard]] std::uint64_t last_record() const override;
    [[nodiscard]] history_beginning beginning() const override;
    [[nodiscard]] std::optional<extent> at(std::uint64_t record) const override;
    [[nodiscard]] std::uint64_t record_as_of(std::uint64_t time_ns) const override;
    [[nodiscard]] std::optional<account_extent> latest(account_number account,
                                                       std::uint64_t most_sequence) const override;
    [[nodiscard]] std::optional<account_extent> latest_as_of(account_number account,
                                                             std::uint64_t time_ns) const override;
    [[nodiscard]] std::optional<account_extent> earliest(account_number account,
                                                         std::uint64_t from_record) const override;
    void read(const extent& one, const visitor& visit) const override;

private:
    void scan(std::uint64_t from_record, const std::function<bool(const batch_view&)>& visit) const;

    const batch_source& log_;
};

}  // namespace coffer::journal
