// Reads the journal of a server that may be running, batch by batch.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "journal/reader.hpp"

namespace coffer::audit {

/// The place of a batch in the journal.
struct journal_place {
    std::uint64_t segment = 0;  ///< the first record of its segment
    std::uint64_t offset = 0;   ///< in bytes
};

/// Reads as journal::reader does, but a batch that looks torn or damaged may be one that is being
/// written: it is read again for up to 100 ms before it is reported. Thread safety: none.
class patient_reader {
public:
    /// Called between two attempts.
    using pause = std::function<void()>;
    static constexpr int attempts = 20;

    /// See the constructor of journal::reader. `where` must outlive this. Throws journal_error.
    explicit patient_reader(const journal::storage& where, std::uint64_t from_record,
                            pause wait = five_milliseconds);

    /// Returns the next batch, valid until the next call; nothing at the end. Throws journal_error;
    /// then nothing more can be read. Throws stopping::stopped.
    [[nodiscard]] std::optional<journal::batch_view> next();

    [[nodiscard]] const std::optional<journal::torn_tail>& torn() const noexcept {
        return reader_.torn();
    }
    [[nodiscard]] bool has_segments() const noexcept { return reader_.has_segments(); }
    /// See journal::reader. There must be a segment.
    [[nodiscard]] const journal::segment_header& segment() const { return reader_.segment(); }
    [[nodiscard]] const journal::batch_position& position() const noexcept {
        return reader_.position();
    }
    /// The place of the batch that `next` has returned.
    [[nodiscard]] journal_place place() const {
        return {segment().before.next_record, reader_.offset() - reader_.last_bytes()};
    }

    static void five_milliseconds();

private:
    journal::reader reader_;
    pause wait_;
};

}  // namespace coffer::audit
