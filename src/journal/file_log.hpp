// The log as files: segments in a directory. FORMAT.md says what they look like, and why.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "journal/batch_log.hpp"
#include "journal/reader.hpp"
#include "journal/segment.hpp"
#include "journal/segment_watch.hpp"
#include "journal/storage.hpp"

namespace coffer::journal {

class file_log : public batch_log {
public:
    static constexpr std::uint64_t min_segment_bytes = 2 * format::segment::batches_at;

    struct options {
        /// Of the segments that are made from now on: a multiple of 4096.
        std::uint64_t segment_bytes = std::uint64_t{64} << 20;
        /// What they shrink to where the disk has less room. They grow again by themselves.
        std::uint64_t least_bytes = std::uint64_t{1} << 20;
    };

    /// Opens the journal there, or makes one. A torn tail is overwritten with zeros: torn() says
    /// so. Nothing is changed before all of the last segment was found right. The segments before
    /// it are not looked at: read the journal first. `where` must outlive this. Throws
    /// journal_error.
    [[nodiscard]] static std::unique_ptr<file_log> open(storage& where, options chosen);
    [[nodiscard]] static std::unique_ptr<file_log> open(storage& where) { return open(where, {}); }

    [[nodiscard]] const ledger_id& ledger() const noexcept { return ledger_; }

    /// What was cut off when it was opened.
    [[nodiscard]] const std::optional<torn_tail>& torn() const noexcept { return torn_; }

    [[nodiscard]] batch_position tail() const override { return tail_; }
    [[nodiscard]] log_status append(const batch_view& one) override;
    [[nodiscard]] log_status wait_durable() override;
    [[nodiscard]] std::size_t max_batch_bytes() const override;
    [[nodiscard]] std::size_t room_bytes() const noexcept override;
    [[nodiscard]] bool has_room_ahead() const noexcept override;
    [[nodiscard]] std::size_t max_room_bytes() const noexcept override;
    [[nodiscard]] log_status make_room() override;
    [[nodiscard]] log_status check_in_place() override;
    [[nodiscard]] std::unique_ptr<batch_cursor> read_from(std::uint64_t record) const override;
    [[nodiscard]] log_status trim(std::uint64_t before) override;

private:
    file_log(storage& where, options chosen)
        : storage_{where}, chosen_{chosen}, watch_{where}, attempted_bytes_{chosen.segment_bytes} {}

    void begin_new();
    void resume();
    void write_last_again(const reader& found);
    void cut(const reader& found);
    void remove_spare();
    /// The error, if there is one, as the end of this log.
    [[nodiscard]] log_status failed(const std::string& name, const char* what,
                                    std::error_code error);
    [[nodiscard]] log_status failed(std::string reason);
    /// For want of room, and so not the end of this log.
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
    void say_if_shrunk(std::uint64_t bytes);

    storage& storage_;
    const options chosen_;
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

    // Read by any thread. Relaxed in room_bytes: who has read an old value finds the room all the
    // same, or is told by append that there is none.
    std::atomic<std::uint64_t> left_{0};        // in the current segment
    std::atomic<std::uint64_t> spare_left_{0};  // in the spare
    std::atomic<bool> is_refused_{false};       // the last write was, for want of room

    std::mutex making_;              // held while the spare is made: by one thread at a time
    std::uint64_t attempted_bytes_;  // under making_: the size to try first
    bool is_shrunk_ = false;         // under making_
    std::mutex handing_over_;
    std::unique_ptr<storage_file> spare_;  // under handing_over_; whole and synced
    std::uint64_t spare_bytes_ = 0;        // under handing_over_: its size
};

}  // namespace coffer::journal
