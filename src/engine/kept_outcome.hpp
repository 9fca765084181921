// What is kept of a request's outcome, beside its idempotency key.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <utility>

#include <coffer/money.hpp>
#include <coffer/posting.hpp>

#include "ops/assertion.hpp"

namespace coffer {

/// As much of an outcome as its reply needs: of a deposit and a withdrawal an error and a number,
/// of other operations all of their record.
struct kept_outcome {
    errc error = errc::ok;
    money balance{};  ///< after it; of a refusal, what was available
    /// As journal::encode_without_key writes it; empty: the members above are all. Not owned.
    std::span<const std::byte> record{};
};

/// Owns a kept outcome, in 16 bytes and those of its record. Thread safety: that of an int.
class kept_outcome_room {
public:
    kept_outcome_room() = default;
    /// With memory for a record of so many bytes. Throws std::bad_alloc.
    explicit kept_outcome_room(std::size_t record_bytes)
        : room_{static_cast<std::uint16_t>(record_bytes)} {
        if (record_bytes != 0)
            value_ = std::bit_cast<std::uint64_t>(new std::byte[record_bytes]);
    }
    kept_outcome_room(kept_outcome_room&& other) noexcept { swap(other); }
    kept_outcome_room& operator=(kept_outcome_room&& other) noexcept {
        swap(other);
        return *this;
    }
    ~kept_outcome_room() {
        if (room_ != 0)
            delete[] record();
    }

    /// Copies the outcome. It has a record if this has memory for one, and only then. What the
    /// record does not need of that memory is freed, if there is other memory to move it to.
    void set(const kept_outcome& outcome) noexcept {
        invariant(outcome.record.size() <= room_, "a record does not fit where it is to be kept");
        invariant((room_ == 0) == outcome.record.empty(),
                  "there is memory for a record without a record, or the other way round");
        shrink(static_cast<std::uint16_t>(outcome.record.size()));
        error_ = outcome.error;
        bytes_ = static_cast<std::uint16_t>(outcome.record.size());
        if (room_ == 0)
            value_ = std::bit_cast<std::uint64_t>(outcome.balance.minor());
        else
            std::memcpy(record(), outcome.record.data(), bytes_);
    }
    /// Its record is valid as long as this.
    [[nodiscard]] kept_outcome get() const noexcept {
        if (room_ == 0)
            return {error_, money::from_minor(std::bit_cast<std::int64_t>(value_)), {}};
        return {error_, {}, {record(), bytes_}};
    }
    /// The memory that the record takes, with the allocator's own.
    [[nodiscard]] std::size_t record_bytes() const noexcept {
        return room_ == 0 ? 0 : room_ + allocation_bytes;
    }

private:
    static constexpr std::size_t allocation_bytes = 16;

    void shrink(std::uint16_t bytes) noexcept {
        if (room_ - bytes < static_cast<int>(allocation_bytes))  // the allocator rounds up
            return;
        if (auto* const smaller = new (std::nothrow) std::byte[bytes]) {
            delete[] record();
            value_ = std::bit_cast<std::uint64_t>(smaller);
            room_ = bytes;
        }
    }

    void swap(kept_outcome_room& other) noexcept {
        std::swap(value_, other.value_);
        std::swap(room_, other.room_);
        std::swap(bytes_, other.bytes_);
        std::swap(error_, other.error_);
    }

    [[nodiscard]] std::byte* record() const noexcept { return std::bit_cast<std::byte*>(value_); }

    std::uint64_t value_ = 0;  // the balance or, if there is room, where it is
    std::uint16_t room_ = 0;
    std::uint16_t bytes_ = 0;
    errc error_ = errc::ok;
};

static_assert(sizeof(kept_outcome_room) == 16);

}  // namespace coffer
