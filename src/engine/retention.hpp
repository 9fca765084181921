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
        /// How old a record must be before it may go, in journal time; nothing: none ever goes.
        std::optional<std::chrono::nanoseconds> retain;
        std::chrono::nanoseconds key_ttl{0};  ///< no record younger than this goes either
        /// The journal's clock, in ns since 1970, such as journal::writer::wall_clock. Journal time
        /// is the time of the last batch where the clock has gone back behind that; what is known
        /// of it here is when the last segment began. So what seems old enough is.
        std::function<std::uint64_t()> now;
    };

    /// `where` is the storage of `log`; both must outlive this. `snapshots` is the directory of the
    /// snapshots.
    retention(const journal::storage& where, journal::batch_log& log,
              std::filesystem::path snapshots, options chosen);

    /// Forgets the segments whose every record is old enough and in every snapshot there is, so
    /// that the journal can be replayed on top of any of them. For after each attempt at one:
    /// where it failed, records have become older all the same. What fails is logged, and tried
    /// again with the next.
    void trim() noexcept;

private:
    [[nodiscard]] std::uint64_t first_needed() const;
    [[nodiscard]] std::uint64_t first_young() const;

    const journal::storage& storage_;
    journal::batch_log& log_;
    std::filesystem::path snapshots_;
    options chosen_;
};

}  // namespace coffer
