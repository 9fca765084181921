// Integers in as few bytes as they need: 7 bits a byte, the lowest first, the top bit set in all
// but the last (LEB128).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace coffer::journal {

inline void put_varint(std::vector<std::byte>& into, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        into.push_back(static_cast<std::byte>(value | 0x80));
    into.push_back(static_cast<std::byte>(value));
}

/// Reads varints one after the other. Thread safety: none.
class varint_reader {
public:
    explicit varint_reader(std::span<const std::byte> from) noexcept : left_{from} {}

    /// The next one; 0, and has_failed from then on, if there is none.
    [[nodiscard]] std::uint64_t next() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
            const auto one = std::to_integer<std::uint64_t>(left_.front());
            left_ = left_.subspan(1);
            value |= (one & 0x7f) << shift;
            if (shift == 63 && one > 1)
                break;  // more than 64 bits
            if (one < 0x80)
                return value;
        }
        has_failed_ = true;
        left_ = {};
        return 0;
    }
    [[nodiscard]] std::span<const std::byte> left() const noexcept { return left_; }
    [[nodiscard]] bool is_at_end() const noexcept { return left_.empty(); }
    [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }

private:
    std::span<const std::byte> left_;
    bool has_failed_ = false;
};

}  // namespace coffer::journal
