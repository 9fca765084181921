// Reads the journal of a server that may be running.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "journal/reader.hpp"

namespace coffer::audit {

/// A place in the journal, cheap to note and seldom looked up.
struct journal_place {
    std::uint64_t segment = 0;  ///< its first record
    std::uint64_t offset = 0;   ///< in bytes
};

/// As journal::reader; but what looks torn or damaged may be a batch that is just being written, so
/// that is looked at again and again for a tenth of a second before it is believed.
/// Thread safety: none.
class patient_reader {
public:
    /// Called between one look and the next.
    using pause = std::function<void()>;
    static constexpr int looks = 20;

    /// As the constructor of journal::reader. `where` must outlive this. Throws journal_error.
    explicit patient_reader(const journal::storage& where, std::uint64_t from_record,
                            pause wait = five_milliseconds);

    /// The next batch, good until the next call; nothing at the end. Throws journal_error; then
    /// nothing more can be read. Throws stopping::stopped.
    [[nodiscard]] std::optional<journal::batch_view> next();

    [[nodiscard]] const std::optional<journal::torn_tail>& torn() const noexcept {
        return reader_.torn();
    }
    [[nodiscard]] bool has_segments() const noexcept { return reader_.has_segments(); }
    /// As those of journal::reader, if there is any segment.
    [[nodiscard]] const journal::segment_header& segment() const { return reader_.segment(); }
    [[nodiscard]] const journal::batch_position& position() const noexcept {
        return reader_.position();
    }
    /// Where the batch is that next returned last.
    [[nodiscard]] journal_place place() const {
        return {segment().before.next_record, reader_.offset() - reader_.last_bytes()};
    }

    static void five_milliseconds();

private:
    journal::reader reader_;
    pause wait_;
};

}  // namespace coffer::audit
