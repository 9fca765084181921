// Streams of account numbers, the same for every competitor: uniform, zipf, and hot.
//
// Thread safety  none: each thread has a stream of its own.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <coffer/account_number.hpp>

namespace coffer::bench {

enum class distribution : std::uint8_t { uniform, zipf, hot };

/// Random numbers in about a nanosecond, with Knuth's multiplier; uses the high half.
class generator {
public:
    explicit generator(std::uint64_t seed) noexcept : state_{seed * 0x9e3779b97f4a7c15U + 1} {}
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return (state_ >> 32) * bound >> 32;
    }

private:
    std::uint64_t state_;
};

class uniform_stream {
public:
    uniform_stream(std::size_t accounts, std::size_t thread) noexcept
        : accounts_{accounts}, random_{thread} {}
    [[nodiscard]] account_number next() noexcept { return random_.below(accounts_) + 1; }
    /// Returns an account other than `payer`, for a transfer from it.
    [[nodiscard]] account_number payee(account_number payer) noexcept {
        const account_number other = next();
        return other != payer ? other : other % accounts_ + 1;
    }

private:
    std::size_t accounts_;
    generator random_;
};

/// A million account numbers drawn with probability 1 / rank^0.99; ranks are scattered.
/// After Gray et al., "Quickly generating billion-record synthetic databases" (1994), as YCSB does.
[[nodiscard]] inline std::vector<std::uint32_t> draw_zipf(std::size_t accounts,
                                                          std::size_t thread) {
    constexpr double skew = 0.99;
    constexpr std::size_t draws = std::size_t{1} << 20;
    const auto count = static_cast<double>(accounts);
    double zeta = 0;
    for (std::size_t rank = 1; rank <= accounts; ++rank)
        zeta += std::pow(static_cast<double>(rank), -skew);
    const double of_two = 1 + std::pow(0.5, skew);
    const double eta = (1 - std::pow(2 / count, 1 - skew)) / (1 - of_two / zeta);
    const double alpha = 1 / (1 - skew);
    generator random{thread + 100};
    std::vector<std::uint32_t> drawn(draws);
    for (std::uint32_t& one : drawn) {
        const double part = static_cast<double>(random.below(std::uint64_t{1} << 31)) / 0x1p31;
        std::size_t rank = part * zeta < 1 ? 0 : 1;
        if (part * zeta >= of_two)
            rank = static_cast<std::size_t>(count * std::pow(eta * part - eta + 1, alpha));
        constexpr std::size_t spreading = 2'654'435'761;  // a prime: no two ranks collide
        one = static_cast<std::uint32_t>(std::min(rank, accounts - 1) * spreading % accounts + 1);
    }
    return drawn;
}

class zipf_stream {
public:
    zipf_stream(std::size_t accounts, std::size_t thread)
        : accounts_{accounts}, drawn_{&drawn(accounts, thread)} {}
    [[nodiscard]] account_number next() noexcept {
        at_ = (at_ + 1) % drawn_->size();
        return (*drawn_)[at_];
    }
    [[nodiscard]] account_number payee(account_number payer) noexcept {
        const account_number other = next();
        return other != payer ? other : other % accounts_ + 1;
    }

private:
    static const std::vector<std::uint32_t>& drawn(std::size_t accounts, std::size_t thread) {
        static std::mutex mutex;
        static std::map<std::pair<std::size_t, std::size_t>, std::vector<std::uint32_t>> all;
        const std::lock_guard held{mutex};
        auto& one = all[{accounts, thread}];
        if (one.empty())
            one = draw_zipf(accounts, thread);
        return one;
    }

    std::size_t accounts_;
    const std::vector<std::uint32_t>* drawn_;
    std::size_t at_ = 0;
};

/// Always the same account; its transfers go to random ones.
class hot_stream {
public:
    hot_stream(std::size_t accounts, std::size_t thread) noexcept : others_{accounts, thread} {}
    [[nodiscard]] account_number next() noexcept { return 1; }
    [[nodiscard]] account_number payee(account_number payer) noexcept {
        return others_.payee(payer);
    }

private:
    uniform_stream others_;
};

/// Calls `use(stream)` with a stream of the distribution of that name.
template <class Use>
void with_stream(distribution kind, std::size_t accounts, std::size_t thread, Use&& use) {
    switch (kind) {
        case distribution::uniform:
            return use(uniform_stream{accounts, thread});
        case distribution::zipf:
            return use(zipf_stream{accounts, thread});
        case distribution::hot:
            return use(hot_stream{accounts, thread});
    }
}

}  // namespace coffer::bench
