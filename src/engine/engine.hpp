// The engine: the ledger, its journal and the keys of requests. All that the API calls.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <coffer/ledger.hpp>

#include "engine/key_store.hpp"
#include "engine/teller.hpp"
#include "journal/batch_log.hpp"
#include "journal/ledger_clock.hpp"
#include "journal/writer.hpp"

namespace coffer {

/// Thread safety: is_open, retire, is_retiring, why_no_postings and keys may be called from any
/// thread at once, and so may ledger once it is open. A teller is for one thread. The rest is for
/// one thread.
class engine {
public:
    struct options {
        std::size_t tellers = 1;
        key_store::limits keys{};
        journal::ledger_clock::options clock{};
        /// The system's clocks where none are given.
        std::optional<journal::time_sources> times{};
    };
    struct journal_options {
        /// How long a posting waits for others that are to be synced with it.
        std::chrono::microseconds commit_wait{0};
        /// How long something may be on its way to the disk until postings are refused.
        std::chrono::milliseconds disk_timeout{5000};
        /// The stamp of the log's last batch.
        journal::batch_stamp journal_end{};
        /// Called once, by the journal's thread, when nothing more will be durable.
        std::function<void(const std::string& why)> on_failure;
    };

    /// Without a ledger: until it is opened, its tellers say so. Throws std::bad_alloc.
    explicit engine(const options& chosen);
    /// One teller, and open with a ledger that nothing keeps.
    explicit engine(std::unique_ptr<coffer::ledger> ledger);
    ~engine();
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    /// Opens with a ledger that nothing keeps.
    void open(std::unique_ptr<coffer::ledger> ledger);
    /// Opens with a ledger that is as the log says at its end. Throws std::system_error,
    /// std::invalid_argument if the log keeps too little room ahead for so many tellers.
    void open(std::unique_ptr<coffer::ledger> ledger, std::unique_ptr<journal::batch_log> log,
              journal_options chosen);

    /// How many bytes of batches a log should keep room for ahead, for so many tellers.
    struct log_room {
        std::uint64_t tight_bytes;  ///< with little room left: each teller can still post
        std::uint64_t least_bytes;  ///< where storage is plentiful
        std::uint64_t ample_bytes;  ///< from here on more makes no difference
    };
    [[nodiscard]] static log_room room_for(std::size_t tellers) noexcept;

    /// Makes all durable that was done, and ends the journal in order. The tellers are at rest.
    /// False if the journal has failed. Does nothing when called again, or where nothing is kept.
    bool close() noexcept;
    /// Waits no longer for that than writer::stop_by does. False if it is not done by then.
    [[nodiscard]] bool close_by(std::chrono::steady_clock::time_point deadline) noexcept;

    [[nodiscard]] bool is_open() const noexcept {
        // Acquire: pairs with the release in open. What that has set up is seen.
        return is_open_.load(std::memory_order_acquire);
    }
    /// Why no postings are made now: not_open, disk_full or disk_hangs; done if they are.
    [[nodiscard]] service why_no_postings() const noexcept;
    /// From now on it calls itself not ready, and does all that it did: it will stop soon.
    void retire() noexcept {
        // Relaxed: orders nothing, and is seen soon enough.
        is_retiring_.store(true, std::memory_order_relaxed);
    }
    [[nodiscard]] bool is_retiring() const noexcept {
        return is_retiring_.load(std::memory_order_relaxed);  // likewise
    }

    [[nodiscard]] teller& teller_at(std::size_t index) noexcept { return *tellers_[index]; }
    [[nodiscard]] coffer::ledger& ledger() noexcept { return *ledger_; }
    [[nodiscard]] const coffer::ledger& ledger() const noexcept { return *ledger_; }
    [[nodiscard]] key_store& keys() noexcept { return keys_; }
    [[nodiscard]] const key_store& keys() const noexcept { return keys_; }

    /// For any thread.
    [[nodiscard]] journal::ledger_clock& clock() const noexcept { return clock_; }

    /// Null if nothing is kept.
    [[nodiscard]] journal::writer* journal() noexcept { return journal_ ? &*journal_ : nullptr; }
    [[nodiscard]] const journal::writer* journal() const noexcept {
        return journal_ ? &*journal_ : nullptr;
    }
    [[nodiscard]] journal::batch_log* log() noexcept { return log_.get(); }

private:
    mutable journal::ledger_clock clock_;
    key_store keys_;
    std::vector<std::unique_ptr<teller>> tellers_;
    std::unique_ptr<coffer::ledger> ledger_;
    std::unique_ptr<journal::batch_log> log_;
    std::optional<journal::writer> journal_;
    std::atomic<bool> is_open_{false};
    std::atomic<bool> is_retiring_{false};
};

}  // namespace coffer
