// Trims the journal: decides which records are still needed, and has the log forget the rest.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "journal/batch_log.hpp"

namespace coffer {

/// Thread safety: none; for the thread that takes snapshots.
class retention {
public:
    struct options {
        /// How old a record must be before it may go, in running time; nothing: none ever goes.
        std::optional<std::chrono::nanoseconds> retain;
        /// Running time, ns.
        std::function<std::uint64_t()> running_ns;
    };

    /// `log` must outlive this. `snapshots` is the directory of the ledger's snapshots.
    retention(journal::batch_log& log, std::filesystem::path snapshots, options chosen);

    /// Trims the records that are old enough, are in every snapshot there is, and have no key that
    /// was alive when one of them was taken: so the journal can be replayed on top of any of them.
    /// Before anything goes, the newest snapshot is read whole and must be right.
    ///
    /// To be called after each attempt at a snapshot: records grow older even where it failed. A
    /// failure is logged, and the next call tries again.
    void trim() noexcept;

private:
    [[nodiscard]] std::uint64_t first_needed() const;
    void require_whole_snapshot() const;
    [[nodiscard]] std::uint64_t first_young() const;

    journal::batch_log& log_;
    std::filesystem::path snapshots_;
    options chosen_;
};

}  // namespace coffer
