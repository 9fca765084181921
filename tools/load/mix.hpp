// Chooses the operation of each request, by weight.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "load/operation.hpp"

namespace coffer::load {

/// Weights of the operations.
class mix {
public:
    /// Reads "balance=60,deposit=20,withdraw=20". What is not named is not asked for. Nothing if a
    /// name is unknown or stands twice, a weight is no number up to a million, or all are zero.
    [[nodiscard]] static std::optional<mix> parse(std::string_view text);

    /// Whether any is picked at all.
    [[nodiscard]] bool has(operation) const noexcept;

    /// The operation that `random`, spread evenly over 64 bits, falls on.
    [[nodiscard]] operation pick(std::uint64_t random) const noexcept;

private:
    std::array<std::uint64_t, operation_count> up_to_{};  // sums of the weights
};

}  // namespace coffer::load
