// Which part of the journal is kept, and forgetting the rest.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "journal/batch_log.hpp"
#include "journal/storage.hpp"

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

    /// `where` is the storage of `log`; both must outlive this. `snapshots` is the directory of the
    /// snapshots.
    retention(const journal::storage& where, journal::batch_log& log,
              std::filesystem::path snapshots, options chosen);

    /// Forgets the segments whose every record is old enough, is in every snapshot there is, and
    /// has no key that lived when one of them was taken: so the journal can be replayed on top of
    /// any of them. Before anything goes, the newest snapshot is read whole: it must hold. For
    /// after each attempt at one: where it failed, records have become older all the same. What
    /// fails is logged, and tried again with the next.
    void trim() noexcept;

private:
    [[nodiscard]] std::uint64_t first_needed() const;
    [[nodiscard]] bool would_trim(std::uint64_t before) const;
    void require_whole_snapshot() const;
    [[nodiscard]] std::uint64_t first_young() const;

    const journal::storage& storage_;
    journal::batch_log& log_;
    std::filesystem::path snapshots_;
    options chosen_;
};

}  // namespace coffer
