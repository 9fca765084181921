// A set of problems, such as those that a route can answer with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "api/problem.hpp"

namespace coffer::api {

class problem_set {
public:
    constexpr problem_set() = default;
    constexpr problem_set(std::initializer_list<problem> ones) {
        for (const problem one : ones)
            words_[word(one)] |= bit(one);
    }

    [[nodiscard]] constexpr bool has(problem one) const noexcept {
        return (words_[word(one)] & bit(one)) != 0;
    }
    friend constexpr problem_set operator|(problem_set a, const problem_set& b) noexcept {
        for (std::size_t i = 0; i != a.words_.size(); ++i)
            a.words_[i] |= b.words_[i];
        return a;
    }

private:
    static constexpr std::size_t word_bits = 64;
    static constexpr std::size_t word(problem one) noexcept {
        return static_cast<std::size_t>(one) / word_bits;
    }
    static constexpr std::uint64_t bit(problem one) noexcept {
        return std::uint64_t{1} << (static_cast<std::size_t>(one) % word_bits);
    }

    std::array<std::uint64_t, static_cast<std::size_t>(problem::internal_error) / word_bits + 1>
        words_{};
};

}  // namespace coffer::api
