// A filter of accounts: finds most accounts that are not in a set without looking into the set.
//
// A split block Bloom filter, as of Apache Parquet (Putze, Sanders and Singler, "Cache-, Hash- and
// Space-Efficient Bloom Filters", 2007): an account sets one bit in each of the eight words of one
// block of 32 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <coffer/account_number.hpp>

namespace coffer::journal {

class account_filter {
public:
    static constexpr std::size_t block_bytes = 32;
    static constexpr std::size_t bits_an_account = 6;

    /// The size of a filter for so many accounts.
    [[nodiscard]] static constexpr std::size_t bytes_for(std::size_t accounts) noexcept {
        return (accounts * bits_an_account / 8 / block_bytes + 1) * block_bytes;
    }

    /// Empty, for so many accounts.
    explicit account_filter(std::size_t accounts);
    /// From the bytes of another one.
    explicit account_filter(std::span<const std::byte> bytes);

    void add(account_number account) noexcept;
    /// False: it was never added.
    [[nodiscard]] bool may_have(account_number account) const noexcept;
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept;

private:
    std::vector<std::uint32_t> words_;
};

}  // namespace coffer::journal
