// The log as files: segments in a directory. FORMAT.md describes them and gives the reasons.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "journal/batch_log.hpp"
#include "journal/file_source.hpp"
#include "journal/log_progress.hpp"
#include "journal/reader.hpp"
#include "journal/segment.hpp"
#include "journal/segment_watch.hpp"
#include "journal/storage.hpp"

namespace coffer::journal {

/// Never returns `unknown`: a failed sync is final. Keeps no batch without records in a segment
/// that has no other.
class file_log : public batch_log {
public:
    static constexpr std::uint64_t min_segment_bytes = 2 * format::segment::batches_at;

    struct options {
        /// The size of the segments that are made from now on: a multiple of 4096.
        std::uint64_t segment_bytes = std::uint64_t{64} << 20;
        /// The size they shrink to where the disk has less room. They grow again by themselves.
        std::uint64_t least_bytes = std::uint64_t{1} << 20;
        /// The size of a new journal's first segment, at least least_bytes: the segments that
        /// follow are made when they are needed, so a first start is quick.
        std::uint64_t first_bytes = segment_bytes;
        /// Of a new journal that is to have the batches of another one; nothing: a new ledger.
        std::optional<ledger_id> ledger{};
    };

    /// Begins a journal where there is none. `where` must outlive what is returned. Throws
    /// journal_error, also if there is a journal; std::invalid_argument for sizes that no segment
    /// may have.
    [[nodiscard]] static std::unique_ptr<file_log> create(storage& where, const options& chosen);

    /// Opens the journal there to append after `end`, if it is given. A torn tail is overwritten
    /// with zeros: see torn(). Nothing is changed before the whole last segment was found right,
    /// and to end there. The segments before it are not looked at: read the journal first. `where`
    /// must outlive what is returned. Throws as create does, but if there is no journal, or if it
    /// ends elsewhere.
    [[nodiscard]] static std::unique_ptr<file_log> open(
        storage& where, const options& chosen, const std::optional<batch_position>& end = {},
        log_progress* progress = nullptr);

    /// Keeps `one` until the log is destroyed: see file_store::open.
    void hold(std::shared_ptr<const void> one) noexcept { held_ = std::move(one); }

    /// What was cut off when it was opened.
    [[nodiscard]] const std::optional<torn_tail>& torn() const noexcept { return torn_; }

    [[nodiscard]] ledger_id ledger() const override { return ledger_; }
    [[nodiscard]] std::string name() const override { return source_.name(); }
    [[nodiscard]] std::uint64_t first_record() const override { return source_.first_record(); }
    [[nodiscard]] std::uint64_t first_record_as_of(std::uint64_t running_ns) const override {
        return source_.first_record_as_of(running_ns);
    }
    [[nodiscard]] std::uint64_t running_ns_reached() const override {
        return source_.running_ns_reached();
    }
    [[nodiscard]] std::uint64_t bytes_from(std::uint64_t record) const override {
        return source_.bytes_from(record);
    }
    [[nodiscard]] std::unique_ptr<batch_cursor> read_from(std::uint64_t record) const override {
        return source_.read_from(record);
    }

    [[nodiscard]] batch_position tail() const override { return tail_; }
    [[nodiscard]] log_status append(const batch_view& one) override;
    [[nodiscard]] log_status wait_durable() override;
    [[nodiscard]] std::size_t max_batch_bytes() const override;
    [[nodiscard]] std::size_t room_bytes() const noexcept override;
    [[nodiscard]] bool has_room_ahead() const noexcept override;
    [[nodiscard]] std::size_t max_room_bytes() const noexcept override;
    [[nodiscard]] log_status make_room() override;
    [[nodiscard]] log_status check_in_place() override;
    [[nodiscard]] bool can_trim(std::uint64_t before) const override;
    [[nodiscard]] log_status trim(std::uint64_t before) override;

private:
    file_log(storage& where, options chosen, log_progress* progress)
        : storage_{where},
          source_{where},
          chosen_{chosen},
          progress_{progress != nullptr ? *progress : own_progress_},
          watch_{where},
          wanted_bytes_{chosen.segment_bytes},
          attempted_bytes_{chosen.segment_bytes} {}

    [[nodiscard]] static std::unique_ptr<file_log> closed(storage& where, options chosen,
                                                          log_progress* progress = nullptr);
    void begin_new();
    void resume(const std::optional<batch_position>& end);
    void write_last_again(const reader& found);
    void cut_off_torn_tail(const reader& found);
    void remove_spare();
    /// The error, if there is one, as the end of this log.
    [[nodiscard]] log_status failed(const std::string& name, const char* what,
                                    std::error_code error);
    [[nodiscard]] log_status failed(std::string reason);
    /// A lack of room, which does not end this log.
    [[nodiscard]] log_status refused(const std::string& name, std::error_code error);
    void note_written();
    [[nodiscard]] bool is_without_records() const;
    [[nodiscard]] log_status advance();
    struct made_spare {
        std::unique_ptr<storage_file> file;
        std::error_code error;
    };
    [[nodiscard]] made_spare make_spare(std::uint64_t bytes);
    [[nodiscard]] static std::error_code fill(storage_file& spare, std::uint64_t bytes);
    void log_size(std::uint64_t bytes);

    storage& storage_;
    const file_source source_;
    const options chosen_;
    log_progress own_progress_;  // where nobody else wants to know
    log_progress& progress_;
    std::shared_ptr<const void> held_;
    segment_watch watch_;
    ledger_id ledger_{};
    std::optional<torn_tail> torn_;

    // The appending thread's own.
    batch_position tail_;
    std::string name_;
    std::unique_ptr<storage_file> current_;
    std::uint64_t offset_ = 0;
    std::uint64_t segment_bytes_ = 0;
    bool pending_ = false;  // appended and not durable
    bool broken_ = false;

    // Read by any thread. Relaxed in room_bytes: a thread that has read an old value finds the room
    // all the same, or append returns no_room.
    std::atomic<std::uint64_t> left_{0};        // in the current segment
    std::atomic<std::uint64_t> spare_left_{0};  // in the spare
    std::atomic<bool> is_refused_{false};       // the last write was, for lack of room

    std::mutex making_;              // held while the spare is made: by one thread at a time
    std::uint64_t wanted_bytes_;     // under making_: the next segment's size, if there is room
    std::uint64_t attempted_bytes_;  // under making_: the size to try first
    bool is_shrunk_ = false;         // under making_
    std::mutex handing_over_;
    std::unique_ptr<storage_file> spare_;  // under handing_over_; whole and synced
    std::uint64_t spare_bytes_ = 0;        // under handing_over_: its size
};

}  // namespace coffer::journal
