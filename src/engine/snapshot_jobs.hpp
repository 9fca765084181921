// What the history reader's threads find out about the snapshots of a ledger.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/history_reader.hpp"
#include "ops/text.hpp"
#include "snapshot/snapshot_difference.hpp"

namespace coffer {

/// A snapshot, by what its first and its last line state.
struct kept_snapshot {
    std::string name;  ///< of its file: 12.json
    std::string time;  ///< in UTC
    std::uint64_t after_record = 0;
    std::uint64_t accounts = 0;
    wide_minor total_minor = 0;
    std::uint64_t holds = 0;
    wide_minor held_minor = 0;
    std::uint64_t bytes = 0;
};

/// Lists them, the newest first. One that goes or cannot be read meanwhile is left out.
class snapshot_list final : public history_job {
public:
    explicit snapshot_list(std::filesystem::path folder) : folder_{std::move(folder)} {}

    [[nodiscard]] const std::vector<kept_snapshot>& found() const noexcept { return found_; }

private:
    void read(journal::history& past) override;

    const std::filesystem::path folder_;
    std::vector<kept_snapshot> found_;
};

/// Compares two of them. There is one comparison at a time in a process, since each reads two large
/// files and may take memory for many accounts.
class snapshot_comparison final : public history_job {
public:
    enum class result : std::uint8_t { compared, unknown, out_of_order, too_different };

    struct free_place {
        void operator()(std::atomic<bool>* is_taken) const noexcept;
    };
    /// The right to be the one comparison, until that has ended or is forgotten.
    using place = std::unique_ptr<std::atomic<bool>, free_place>;

    /// Null while there is another one. Thread safety: any thread.
    [[nodiscard]] static place take_place() noexcept;

    struct question {
        std::filesystem::path folder;
        std::string before;  ///< a snapshot's name
        std::string after;
        std::size_t most_changes = 100;
    };
    snapshot_comparison(place taken, question asked)
        : place_{std::move(taken)}, asked_{std::move(asked)} {}

    [[nodiscard]] result how() const noexcept { return how_; }
    [[nodiscard]] const kept_snapshot& before() const noexcept { return before_; }
    [[nodiscard]] const kept_snapshot& after() const noexcept { return after_; }
    [[nodiscard]] const snapshot::snapshot_difference& difference() const noexcept {
        return difference_;
    }

private:
    void read(journal::history& past) override;
    // Not with the job: its reader may still have that when the client has its reply, and asks
    // again.
    void give_back() noexcept override { place_.reset(); }

    place place_;
    const question asked_;
    result how_ = result::compared;
    kept_snapshot before_;
    kept_snapshot after_;
    snapshot::snapshot_difference difference_;
};

}  // namespace coffer
