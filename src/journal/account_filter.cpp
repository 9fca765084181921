#include "journal/account_filter.hpp"

#include <array>

#include "journal/little_endian.hpp"

namespace coffer::journal {
namespace {

constexpr std::size_t block_words = account_filter::block_bytes / sizeof(std::uint32_t);

// Parquet's.
constexpr std::array<std::uint32_t, block_words> salts{0x47b6'137bU, 0x4497'4d91U, 0x8824'ad5bU,
                                                       0xa2b7'289dU, 0x7054'95c7U, 0x2df1'424bU,
                                                       0x9efc'4947U, 0x5c6b'fb31U};

/// The last step of SplitMix64, by Sebastiano Vigna.
constexpr std::uint64_t hash_of(account_number account) noexcept {
    std::uint64_t value = account + 0x9e37'79b9'7f4a'7c15U;
    value = (value ^ (value >> 30)) * 0xbf58'476d'1ce4'e5b9U;
    value = (value ^ (value >> 27)) * 0x94d0'49bb'1331'11ebU;
    return value ^ (value >> 31);
}

std::size_t first_word(std::uint64_t hash, std::size_t words) noexcept {
    return static_cast<std::size_t>(((hash >> 32) * (words / block_words)) >> 32) * block_words;
}

std::uint32_t bit(std::uint64_t hash, std::size_t word) noexcept {
    return std::uint32_t{1} << ((static_cast<std::uint32_t>(hash) * salts[word]) >> 27);
}

}  // namespace

account_filter::account_filter(std::size_t accounts)
    : words_(bytes_for(accounts) / sizeof(std::uint32_t)) {}

account_filter::account_filter(std::span<const std::byte> bytes)
    : words_(bytes.size() / sizeof(std::uint32_t)) {
    for (std::size_t i = 0; i != words_.size(); ++i)
        words_[i] = get<std::uint32_t>(bytes, i * sizeof(std::uint32_t));
}

void account_filter::add(account_number account) noexcept {
    const std::uint64_t hash = hash_of(account);
    std::uint32_t* const block = words_.data() + first_word(hash, words_.size());
    for (std::size_t i = 0; i != block_words; ++i)
        block[i] |= bit(hash, i);
}

bool account_filter::may_have(account_number account) const noexcept {
    const std::uint64_t hash = hash_of(account);
    const std::uint32_t* const block = words_.data() + first_word(hash, words_.size());
    for (std::size_t i = 0; i != block_words; ++i)
        if ((block[i] & bit(hash, i)) == 0)
            return false;
    return true;
}

std::span<const std::byte> account_filter::bytes() const noexcept {
    return std::as_bytes(std::span{words_});  // little-endian: see little_endian.hpp
}

}  // namespace coffer::journal
