// What is kept of a request's outcome, beside its idempotency key.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <utility>

#include <coffer/detail/state_cell.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>

#include "ops/assertion.hpp"

namespace coffer {

/// As much of an outcome as its reply needs: of a deposit and a withdrawal an error and
/// two numbers, of other operations all of their record.
struct kept_outcome {
    errc error = errc::ok;
    money balance{};             ///< after it; of a refusal, what was available
    std::uint64_t sequence = 0;  ///< of the account's posting
    /// As journal::encode_without_key writes it; empty: the members above are all. Not owned.
    std::span<const std::byte> record{};
};

/// Owns a kept outcome, in 16 bytes and those of its record. Thread safety: that of an int.
class kept_outcome_room {
public:
    kept_outcome_room() = default;
    /// With memory for a record of so many bytes. Throws std::bad_alloc.
    explicit kept_outcome_room(std::size_t record_bytes) {
        invariant(record_bytes < max_room, "no record is so large");
        set_shape(record_bytes, errc::ok, 0);
        if (record_bytes != 0)
            value_ = std::bit_cast<std::uint64_t>(new std::byte[record_bytes]);
    }
    kept_outcome_room(kept_outcome_room&& other) noexcept { swap(other); }
    kept_outcome_room& operator=(kept_outcome_room&& other) noexcept {
        swap(other);
        return *this;
    }
    ~kept_outcome_room() {
        if (room() != 0)
            delete[] record();
    }

    /// Copies the outcome. It has a record if this has memory for one, and only then. What the
    /// record does not need of that memory is freed, if there is other memory to move it to.
    void set(const kept_outcome& outcome) noexcept {
        const std::size_t bytes = outcome.record.size();
        invariant(bytes <= room(), "a record does not fit where it is to be kept");
        invariant((room() == 0) == outcome.record.empty(),
                  "there is memory for a record without a record, or the other way round");
        const std::size_t room_left = shrink(bytes);
        set_shape(room_left, outcome.error, room_left == 0 ? outcome.sequence : bytes);
        if (room_left == 0)
            value_ = std::bit_cast<std::uint64_t>(outcome.balance.minor());
        else
            std::memcpy(record(), outcome.record.data(), bytes);
    }
    /// Its record is valid as long as this.
    [[nodiscard]] kept_outcome get() const noexcept {
        const auto error = static_cast<errc>(shape_ >> error_shift & max_error);
        const std::uint64_t rest = shape_ >> rest_shift;
        if (room() == 0)
            return {error, money::from_minor(std::bit_cast<std::int64_t>(value_)), rest, {}};
        return {error, {}, 0, {record(), rest}};
    }
    /// The memory that the record takes, with the allocator's own.
    [[nodiscard]] std::size_t record_bytes() const noexcept {
        return room() == 0 ? 0 : room() + allocation_bytes;
    }

private:
    static constexpr std::size_t allocation_bytes = 16;
    // From the low bits: the memory for a record (12), the error (8), and the sequence or, if there
    // is a record, how long that is (44).
    static constexpr std::uint64_t max_room = std::uint64_t{1} << 12;
    static constexpr int error_shift = 12;
    static constexpr std::uint64_t max_error = 255;
    static constexpr int rest_shift = 20;
    static_assert(detail::max_sequence < std::uint64_t{1} << (64 - rest_shift));

    void set_shape(std::size_t room, errc error, std::uint64_t rest) noexcept {
        shape_ = room | static_cast<std::uint64_t>(error) << error_shift | rest << rest_shift;
    }
    [[nodiscard]] std::size_t room() const noexcept { return shape_ & (max_room - 1); }

    /// Returns how much memory there is after that.
    std::size_t shrink(std::size_t bytes) noexcept {
        if (room() < bytes + allocation_bytes)  // the allocator rounds up
            return room();
        auto* const smaller = new (std::nothrow) std::byte[bytes];
        if (smaller == nullptr)
            return room();
        delete[] record();
        value_ = std::bit_cast<std::uint64_t>(smaller);
        return bytes;
    }

    void swap(kept_outcome_room& other) noexcept {
        std::swap(value_, other.value_);
        std::swap(shape_, other.shape_);
    }

    [[nodiscard]] std::byte* record() const noexcept { return std::bit_cast<std::byte*>(value_); }

    std::uint64_t value_ = 0;  // the balance or, if there is a record, where it is
    std::uint64_t shape_ = 0;
};

static_assert(sizeof(kept_outcome_room) == 16);

}  // namespace coffer
