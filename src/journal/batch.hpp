// A batch: what was made durable at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "journal/format.hpp"
#include "journal/record.hpp"

namespace coffer::journal {

/// A place between two batches.
struct batch_position {
    std::uint64_t next_record = 1;  ///< the number that the next record has
    std::uint64_t chain = 0;        ///< the checksum of the last batch
    std::uint64_t time_ns = 0;      ///< of the last batch, since 1970

    friend bool operator==(const batch_position&, const batch_position&) noexcept = default;
};

struct batch_header {
    std::uint64_t checksum = 0;
    std::uint32_t bytes = 0;
    std::uint32_t records = 0;
    std::uint64_t first_record = 0;
    std::uint64_t time_ns = 0;
    std::uint64_t chain = 0;
};

/// A whole batch, not owned.
struct batch_view {
    batch_header header;
    std::span<const std::byte> bytes;

    [[nodiscard]] std::span<const std::byte> records() const noexcept {
        using namespace format::batch;
        return bytes.subspan(header_bytes, bytes.size() - min_bytes);
    }
    /// The place behind it.
    [[nodiscard]] batch_position after() const noexcept {
        return {header.first_record + header.records, header.checksum, header.time_ns};
    }
};

/// What is wrong with bytes that are no batch.
enum class batch_error : std::uint8_t {
    none,
    header_damaged,  ///< its checksum, its magic or its size: there is no knowing how long it is
    newer_version,   ///< of the format
    checksum,        ///< that of the whole, or beyond the end of the bytes
    wrong_record,    ///< does not follow in number
    wrong_chain,     ///< does not follow in the chain
    time_went_back,
    record_damaged,  ///< a record in it: see check_records
};

/// Why, for people.
[[nodiscard]] const char* describe(batch_error error) noexcept;

struct checked_header {
    batch_header value;
    batch_error error = batch_error::none;  ///< header_damaged or newer_version
};

/// Reads a header. `bytes` has format::batch::header_bytes at least.
[[nodiscard]] checked_header check_header(std::span<const std::byte> bytes) noexcept;

struct checked_batch {
    batch_view value;
    batch_error error = batch_error::none;
};

/// Reads the batch that `bytes` begin with, but not what is in its records.
[[nodiscard]] checked_batch check_batch(std::span<const std::byte> bytes) noexcept;

/// Whether a batch follows `before`.
[[nodiscard]] batch_error check_follows(const batch_header& one,
                                        const batch_position& before) noexcept;

/// Checks that the records of a batch are as many as it says and each is well-formed. Returns what
/// is wrong and where in the batch, or an empty text.
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

/// Puts records together to a batch. Thread safety: none.
class batch_builder {
public:
    /// For batches of up to `max_bytes`, or format::batch::max_bytes if that is less.
    explicit batch_builder(std::size_t max_bytes = format::batch::max_bytes);

    /// Whether a record of this size can be added.
    [[nodiscard]] bool has_room(std::size_t record_bytes) const noexcept {
        return bytes_.size() + record_bytes + format::batch::end_mark_bytes <= max_bytes_;
    }
    /// Adds an encoded record. Room for it is checked before.
    void add(std::span<const std::byte> encoded) noexcept;

    [[nodiscard]] std::uint32_t records() const noexcept { return records_; }

    /// Makes a batch that follows `before`, as of `now_ns` or, if that is later, the time of
    /// `before`. It is good until clear() or unseal(), before which nothing may be added.
    [[nodiscard]] batch_view seal(const batch_position& before, std::uint64_t now_ns) noexcept;

    /// Takes seal back: more records may be added.
    void unseal() noexcept;

    /// Begins the next.
    void clear() noexcept;

private:
    std::size_t max_bytes_;
    std::vector<std::byte> bytes_;  // capacity for the largest: it never allocates again
    std::uint32_t records_ = 0;
};

}  // namespace coffer::journal
