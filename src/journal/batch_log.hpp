// Where batches go: the seam between the journal and what keeps it.
//
// Files are one kind of log (file_log.hpp); one that is replicated to other machines may be
// another.
// Nothing above this header knows which it is.
//
// Guarantees     batches are kept in the order in which they were appended, wholly or not at all:
//                after a crash there is every batch that was durable, perhaps the one that was
//                appended after it, and nothing else.
// Thread safety  append, wait_durable and tail are for one thread; make_room may be called by a
//                second meanwhile, read_from and trim by a third, and the others by any. A cursor
//                is for one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "journal/batch.hpp"

namespace coffer::journal {

/// Why a batch was not appended, or did not become durable.
enum class log_errc : std::uint8_t {
    ok,
    no_room,     ///< nothing was written; try again once there is room
    unexpected,  ///< it does not follow the last batch: someone else appends, or a bug
    failed,      ///< nothing is known of the batch: it must not be acknowledged, nor tried again
};

struct log_status {
    log_errc error = log_errc::ok;
    std::string reason;  ///< what failed and why, for people; empty if nothing did
    explicit operator bool() const noexcept { return error == log_errc::ok; }
};

/// Reads batches in their order. Holds one in memory at a time.
class batch_cursor {
public:
    virtual ~batch_cursor() = default;

    /// The next batch, which is good until the next call; nothing at the end. More may have been
    /// appended when it is called again: so a log is followed. Throws journal_error for anything
    /// that is damaged or does not follow; the cursor has not moved then.
    [[nodiscard]] virtual std::optional<batch_view> next() = 0;

    /// Where the batch that next returned last is kept, for people: "DIR/1.journal, offset 4096".
    [[nodiscard]] virtual std::string where() const = 0;
};

class batch_log {
public:
    virtual ~batch_log() = default;

    /// What the next batch has to follow.
    [[nodiscard]] virtual batch_position tail() const = 0;

    /// Appends a batch, which must follow the last one: its first record, its chain and its time
    /// are checked against tail(). It is not durable yet. No batch may be appended before the last
    /// is durable.
    /// A batch of no records, which only says that the journal was left in order, may be left out;
    /// tail() is as it was then.
    [[nodiscard]] virtual log_status append(const batch_view& one) = 0;

    /// Returns once no crash can take back what was appended. Anything but ok is final.
    [[nodiscard]] virtual log_status wait_durable() = 0;

    /// The largest batch that append takes.
    [[nodiscard]] virtual std::size_t max_batch_bytes() const = 0;

    /// How many bytes of batches can be appended with no more room than there is now. Cheap, and
    /// for any thread.
    [[nodiscard]] virtual std::size_t room_bytes() const noexcept = 0;
    [[nodiscard]] bool has_room(std::size_t bytes) const noexcept { return room_bytes() >= bytes; }

    /// How much room make_room makes where there is plenty: room_bytes may never be more.
    [[nodiscard]] virtual std::size_t max_room_bytes() const noexcept = 0;

    /// Whether there is room beyond what is in use, so that make_room has nothing to do. Cheap, and
    /// for any thread.
    [[nodiscard]] virtual bool has_room_ahead() const noexcept = 0;

    /// Makes room beyond what is in use, if there is none: less than max_room_bytes() where the
    /// disk is nearly full. May take long. no_room if there is none to be had now.
    [[nodiscard]] virtual log_status make_room() = 0;

    /// Whether what was appended is still where a later start will look for it. Anything but ok is
    /// final: nothing that is appended becomes durable any more. May take long; for any thread.
    [[nodiscard]] virtual log_status check_in_place() { return {}; }

    /// A cursor whose first batch has the record of this number in it, or is the first to come
    /// after it. Throws journal_error if that record has been trimmed.
    [[nodiscard]] virtual std::unique_ptr<batch_cursor> read_from(std::uint64_t record) const = 0;

    /// Forgets batches of records below `before`, as many as can conveniently be forgotten.
    [[nodiscard]] virtual log_status trim(std::uint64_t before) = 0;
};

}  // namespace coffer::journal
