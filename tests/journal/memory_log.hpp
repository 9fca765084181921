// The second implementation of the journal's seam: a log in memory, which can lose answers, delay
// batches, lack room, fail, not answer, and be taken over by another writer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "journal/batch_log.hpp"
#include "journal/log_store.hpp"

namespace coffer::test {

/// What becomes of a batch that is sent to the store.
enum class fate : std::uint8_t {
    arrives,       ///< it is durable, and the answer says so
    answer_lost,   ///< it is durable, but the answer is lost
    request_lost,  ///< it never arrives, and there is no answer
    delayed,       ///< it arrives later, if its place is free then, and there is no answer
};

using shared_bytes = std::shared_ptr<const std::vector<std::byte>>;

/// The batches of one log, which outlive the lives of a server. Thread safety: all members may be
/// called from any thread at once.
class memory_batches {
public:
    memory_batches();
    /// Of a ledger that another log has begun, which begins after `begin`.
    memory_batches(const ledger_id& ledger, const journal::batch_position& begin)
        : ledger_{ledger}, begin_{begin}, end_{begin} {}

    /// Decides on each batch that is sent; empty: all arrive. Called under a lock.
    void decide_by(std::function<fate()> decide);
    /// So many of the next reads throw log_unavailable.
    std::atomic<int> unanswered_reads{0};
    /// Whether a log that is opened shuts out those that were opened before. Without that, the
    /// condition of an append alone keeps two writers apart.
    std::atomic<bool> fences{true};

    struct answer {
        journal::log_errc error = journal::log_errc::ok;
        std::string reason;
    };
    /// Sends a batch, of the writer that has this number.
    [[nodiscard]] answer send(const journal::batch_view& one, std::uint64_t writer);
    /// Has the delayed batches arrive, as far as they still can.
    void deliver();
    /// Removes the last batch, as a power cut does with one that was not synced.
    void drop_last();
    /// The number of a new writer.
    [[nodiscard]] std::uint64_t enter();
    /// Whether the writer of this number is shut out.
    [[nodiscard]] bool is_fenced(std::uint64_t writer) const;

    [[nodiscard]] ledger_id ledger() const { return ledger_; }
    [[nodiscard]] journal::batch_position begin() const;
    [[nodiscard]] journal::batch_position end() const;
    /// Those that were not trimmed.
    [[nodiscard]] std::vector<shared_bytes> all() const;
    /// The batch of this index, counted from the first that ever was; null behind the end. Throws
    /// journal_error if it was trimmed, log_unavailable.
    [[nodiscard]] shared_bytes at(std::size_t index);

    [[nodiscard]] std::uint64_t first_record_as_of(std::uint64_t running_ns) const;
    [[nodiscard]] std::uint64_t bytes_from(std::uint64_t record) const;
    [[nodiscard]] static std::unique_ptr<journal::batch_cursor> read(
        const std::shared_ptr<memory_batches>& from, std::uint64_t record);
    [[nodiscard]] bool can_trim(std::uint64_t before) const;
    void trim(std::uint64_t before);

private:
    [[nodiscard]] bool add(const shared_bytes& one);
    /// How many batches there are, trimmed ones among them, before the one with this record.
    [[nodiscard]] std::size_t index_of(std::uint64_t record) const;

    mutable std::mutex mutex_;  // of all below
    const ledger_id ledger_;
    std::vector<shared_bytes> batches_;
    std::size_t trimmed_ = 0;
    journal::batch_position begin_;
    journal::batch_position end_;
    std::function<fate()> decide_;
    struct delayed_batch {
        shared_bytes bytes;
        std::uint64_t writer;
    };
    std::vector<delayed_batch> delayed_;
    std::uint64_t writers_ = 0;
};

/// The reading half of the seam, for a log and for a source. It finds each batch exactly: nothing
/// is as coarse as a segment.
template <class Base>
class memory_reading : public Base {
public:
    explicit memory_reading(std::shared_ptr<memory_batches> from) : from_{std::move(from)} {}

    [[nodiscard]] ledger_id ledger() const override { return from_->ledger(); }
    [[nodiscard]] std::string name() const override { return "memory"; }
    [[nodiscard]] std::uint64_t first_record() const override { return from_->begin().next_record; }
    [[nodiscard]] std::uint64_t first_record_as_of(std::uint64_t running_ns) const override {
        return from_->first_record_as_of(running_ns);
    }
    [[nodiscard]] std::uint64_t running_ns_reached() const override {
        return from_->end().running_ns;
    }
    [[nodiscard]] std::uint64_t bytes_from(std::uint64_t record) const override {
        return from_->bytes_from(record);
    }
    [[nodiscard]] std::unique_ptr<journal::batch_cursor> read_from(
        std::uint64_t record) const override {
        return memory_batches::read(from_, record);
    }

protected:
    [[nodiscard]] memory_batches& kept() const noexcept { return *from_; }

private:
    std::shared_ptr<memory_batches> from_;
};

/// What it holds may be read when nobody appends. Room may be taken away and given back by any
/// thread meanwhile.
class memory_log : public memory_reading<journal::batch_log> {
public:
    /// Of batches of its own if none are given.
    explicit memory_log(std::shared_ptr<memory_batches> at = std::make_shared<memory_batches>())
        : memory_reading{at}, writer_{at->enter()}, tail_{at->end()} {}  // in this order

    std::atomic<bool> room{true};
    std::atomic<bool> append_fails{false};
    std::atomic<bool> sync_fails{false};
    std::atomic<bool> sends_at_append{false};  ///< or in wait_durable
    std::function<void()> before_durable;      ///< called in wait_durable
    std::function<void()> before_append;       ///< called in append
    std::function<void()> before_room;         ///< called in make_room
    std::size_t max_batch = journal::format::batch::max_bytes;
    std::atomic<int> asked_for_room{0};

    [[nodiscard]] journal::batch_position tail() const override { return tail_; }
    [[nodiscard]] journal::log_status append(const journal::batch_view& one) override;
    [[nodiscard]] journal::log_status wait_durable() override;
    [[nodiscard]] std::size_t max_batch_bytes() const override { return max_batch; }
    [[nodiscard]] std::size_t room_bytes() const noexcept override { return room ? SIZE_MAX : 0; }
    [[nodiscard]] bool has_room_ahead() const noexcept override { return room; }
    [[nodiscard]] std::size_t max_room_bytes() const noexcept override { return SIZE_MAX; }
    [[nodiscard]] journal::log_status make_room() override;
    [[nodiscard]] journal::log_status check_in_place() override;
    [[nodiscard]] bool can_trim(std::uint64_t before) const override {
        return kept().can_trim(before);
    }
    [[nodiscard]] journal::log_status trim(std::uint64_t before) override {
        kept().trim(before);
        return {};
    }

    /// All records that are durable, in order, without their keys.
    [[nodiscard]] std::vector<journal::record> records() const;
    /// All batches that are durable.
    [[nodiscard]] std::vector<std::vector<std::byte>> batches() const;

private:
    [[nodiscard]] journal::log_status send();

    const std::uint64_t writer_;
    journal::batch_position tail_;
    std::optional<std::vector<std::byte>> pending_;
};

/// A store whose log is in memory.
class memory_store : public journal::log_store {
public:
    [[nodiscard]] bool has_log() const override { return batches_ != nullptr; }
    [[nodiscard]] std::unique_ptr<journal::new_log> create() override;
    [[nodiscard]] std::unique_ptr<journal::batch_source> read() const override;
    [[nodiscard]] std::unique_ptr<journal::batch_log> open(
        const journal::batch_position& end) override;

    /// Null if there is no log.
    [[nodiscard]] const std::shared_ptr<memory_batches>& batches() const { return batches_; }
    /// Those of the log that was created last.
    [[nodiscard]] const std::shared_ptr<memory_batches>& being_made() const { return being_made_; }
    void publish();

private:
    std::shared_ptr<memory_batches> being_made_;
    std::shared_ptr<memory_batches> batches_;
};

}  // namespace coffer::test
