// Counts what a teller's requests came to: by operation and result.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <coffer/posting.hpp>

#include "engine/request_key.hpp"
#include "ops/tally.hpp"

namespace coffer {

/// Thread safety: count and count_replayed for the teller's thread; the rest for any.
class posting_tally {
public:
    /// Those of request_kind, and behind them the expiries of holds. 0 is none.
    static constexpr std::size_t expiry = static_cast<std::size_t>(request_kind::release) + 1;
    static constexpr std::size_t operations = expiry + 1;
    /// Those of errc, and behind them the requests whose key had an outcome already.
    static constexpr std::size_t replayed = static_cast<std::size_t>(errc::sequence_mismatch) + 1;
    static constexpr std::size_t results = replayed + 1;

    void count(std::size_t operation, errc result) noexcept {
        counts_[operation][static_cast<std::size_t>(result)].add();
    }
    void count_replayed(std::size_t operation) noexcept { counts_[operation][replayed].add(); }

    [[nodiscard]] std::uint64_t value(std::size_t operation, std::size_t result) const noexcept {
        return counts_[operation][result].value();
    }

private:
    // On lines of its own: other threads write what is beside it.
    alignas(64) std::array<std::array<tally, results>, operations> counts_{};
};

}  // namespace coffer
