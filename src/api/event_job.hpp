// Reads records of the journal, and makes events of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <coffer/account_number.hpp>

#include "engine/event_blocks.hpp"
#include "engine/history_reader.hpp"

namespace coffer::api {

class event_job final : public history_job {
public:
    /// Text in a block, but for its last event.
    static constexpr std::size_t block_bytes = std::size_t{64} << 10;
    /// Text that one job makes, in several blocks that are read one after the other.
    static constexpr std::size_t most_bytes = std::size_t{512} << 10;

    /// For the records after `after`, up to `durable` or a later one. With an account, those before
    /// the next extent in which it has postings are passed over. All blocks are added to `shared`,
    /// which must outlive the job.
    event_job(event_blocks& shared, std::uint64_t after, std::uint64_t durable,
              account_number account) noexcept
        : shared_{shared}, after_{after}, durable_{durable}, account_{account} {}

    /// The first of the blocks, which ends behind `after`. It may begin before it or, with an
    /// account, behind it. Null if there was nothing to find.
    [[nodiscard]] const std::shared_ptr<const event_block>& block() const noexcept {
        return first_;
    }

private:
    class maker;

    void read(journal::history& past) override;
    [[nodiscard]] bool pass_over(const journal::history& past);

    event_blocks& shared_;
    std::uint64_t after_;
    const std::uint64_t durable_;
    const account_number account_;
    std::shared_ptr<const event_block> first_;
};

}  // namespace coffer::api
