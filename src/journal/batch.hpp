// A batch: records that are made durable together, with a header that chains it to the batch
// before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "journal/format.hpp"
#include "journal/record.hpp"

namespace coffer::journal {

/// A position between two batches.
struct batch_position {
    std::uint64_t next_record = 1;  ///< the number that the next record has
    std::uint64_t chain = 0;        ///< the checksum of the last batch
    std::uint64_t time_ns = 0;      ///< record time of the last batch, since 1970
    std::uint64_t running_ns = 0;   ///< running time of the last batch

    friend bool operator==(const batch_position&, const batch_position&) noexcept = default;
};

/// The times of a batch. ledger_clock.hpp explains them.
struct batch_stamp {
    std::uint64_t time_ns = 0;         ///< record time, since 1970
    std::uint64_t running_ns = 0;      ///< running time
    std::int64_t clock_offset_ns = 0;  ///< by how much the system's clock was ahead of record time
    std::uint64_t key_life_ns = 0;     ///< how long an idempotency key lives; 0: not on record
};

struct batch_header {
    std::uint16_t version = format::version;
    std::uint64_t checksum = 0;
    std::uint32_t bytes = 0;
    std::uint32_t records = 0;
    std::uint64_t first_record = 0;
    std::uint64_t chain = 0;
    /// In version 1, which has record time alone, the running time is the record time: lives were
    /// measured in it.
    batch_stamp stamp;

    /// The size of the header in the batch.
    [[nodiscard]] std::size_t header_bytes() const noexcept {
        return version == 1 ? format::batch::header_bytes_1 : format::batch::header_bytes;
    }
};

/// A whole batch. Does not own its bytes.
struct batch_view {
    batch_header header;
    std::span<const std::byte> bytes;

    [[nodiscard]] std::span<const std::byte> records() const noexcept {
        const std::size_t begin = header.header_bytes();
        return bytes.subspan(begin, bytes.size() - begin - format::batch::end_mark_bytes);
    }
    /// The position after it.
    [[nodiscard]] batch_position after() const noexcept {
        return {header.first_record + header.records, header.checksum, header.stamp.time_ns,
                header.stamp.running_ns};
    }
};

/// What is wrong with bytes that are no batch.
enum class batch_error : std::uint8_t {
    none,
    header_damaged,  ///< its checksum, its magic or its size: how long it is is unknown
    newer_version,   ///< of the format
    checksum,        ///< that of the whole batch, or it reaches beyond the end of the bytes
    wrong_record,    ///< does not follow in number
    wrong_chain,     ///< does not follow in the chain
    time_went_back,
    running_time_went_back,
    record_damaged,  ///< a record in it: see check_records
};

/// Why, for people.
[[nodiscard]] const char* describe(batch_error error) noexcept;

struct checked_header {
    batch_header value;
    batch_error error = batch_error::none;  ///< header_damaged or newer_version
};

/// Reads a header of any version, without the fields after its own checksum, which the checksum of
/// the whole batch covers: see check_batch. `bytes` has at least format::batch::header_bytes_1.
[[nodiscard]] checked_header check_header(std::span<const std::byte> bytes) noexcept;

struct checked_batch {
    batch_view value;
    batch_error error = batch_error::none;
};

/// Reads the batch that `bytes` begin with, without decoding its records.
[[nodiscard]] checked_batch check_batch(std::span<const std::byte> bytes) noexcept;

/// Whether a batch follows `before`.
[[nodiscard]] batch_error check_follows(const batch_header& one,
                                        const batch_position& before) noexcept;

/// Checks that a batch has as many records as its header has, each well-formed. Returns what is
/// wrong and where in the batch, or an empty text.
struct refused_record {
    std::size_t offset = 0;
    std::string reason;
};
[[nodiscard]] refused_record check_records(const batch_view& one);

/// Calls `visitor(record)` for each record of a batch whose records are known to be well-formed.
template <class Visitor>
void visit_records(const batch_view& one, Visitor&& visitor) {
    for (std::span<const std::byte> left = one.records(); !left.empty();) {
        const decoded_record next = decode(left);
        visitor(next.value);
        left = left.subspan(next.bytes);
    }
}

/// Builds a batch from records. Thread safety: none.
class batch_builder {
public:
    /// For batches of up to `max_bytes`, or format::batch::max_bytes if that is less.
    explicit batch_builder(std::size_t max_bytes = format::batch::max_bytes);

    /// Whether a record of this size can be added.
    [[nodiscard]] bool has_room(std::size_t record_bytes) const noexcept {
        return bytes_.size() + record_bytes + format::batch::end_mark_bytes <= max_bytes_;
    }
    /// Adds an encoded record. The caller has checked that there is room.
    void add(std::span<const std::byte> encoded) noexcept;

    [[nodiscard]] std::uint32_t records() const noexcept { return records_; }

    /// Makes a batch that follows `before`, with the times of `now` or, where these are later,
    /// those of `before`. It is valid until clear() or unseal(), and nothing may be added before
    /// that.
    [[nodiscard]] batch_view seal(const batch_position& before, const batch_stamp& now) noexcept;

    /// Undoes seal, so that more records may be added.
    void unseal() noexcept;

    /// Begins the next batch.
    void clear() noexcept;

private:
    std::size_t max_bytes_;
    std::vector<std::byte> bytes_;  // capacity for the largest: it never allocates again
    std::uint32_t records_ = 0;
};

}  // namespace coffer::journal
