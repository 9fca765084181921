// Makes batches of deposits and appends them to a log, for tests.
#pragma once

#include <cstdint>
#include <vector>

#include "catch.hpp"
#include "journal/batch.hpp"
#include "journal/batch_log.hpp"

namespace coffer::test {

/// Deposits to account 7, which has sequence 1 and a balance of 0 before.
class deposits {
public:
    /// Appends a batch of so many, as of `time_ns` of either time.
    void append(journal::batch_log& to, std::uint32_t count, std::uint64_t time_ns = 0) {
        batch_.clear();
        for (std::uint32_t i = 0; i != count; ++i) {
            std::vector<std::byte> bytes(journal::format::record::max_bytes);
            ++sequence_;
            const auto balance = money::from_minor(static_cast<std::int64_t>(sequence_) - 1);
            bytes.resize(journal::encode(
                journal::record::of_deposit({7, sequence_, balance}, money::from_minor(1)), bytes));
            batch_.add(bytes);
        }
        static_cast<void>(to.make_room());
        REQUIRE(to.append(batch_.seal(to.tail(), {time_ns, time_ns})));
        REQUIRE(to.wait_durable());
    }

private:
    journal::batch_builder batch_;
    std::uint64_t sequence_ = 1;
};

}  // namespace coffer::test
