// Chooses the account of each request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

namespace coffer::load {

using random_source = std::mt19937_64;

/// How requests are spread over accounts: evenly, by Zipf's law, or all on one.
struct skew {
    enum class kind : std::uint8_t { uniform, zipf, hot };

    /// Reads "uniform", "zipf:S" with an exponent S above 0 and up to 10, or "hot".
    [[nodiscard]] static std::optional<skew> parse(std::string_view text);

    skew::kind kind = kind::uniform;
    double exponent = 0;
};

/// Picks places 0 .. size-1, the first being the most popular.
class place_picker {
public:
    place_picker(skew, std::size_t size);

    [[nodiscard]] std::size_t pick(random_source&) const noexcept;

private:
    [[nodiscard]] double density(double rank) const noexcept;
    [[nodiscard]] double integral(double rank) const noexcept;
    [[nodiscard]] double inverse_integral(double area) const noexcept;
    [[nodiscard]] std::size_t pick_zipf(random_source&) const noexcept;

    skew skew_;
    std::size_t size_;
    double area_begin_ = 0;
    double area_end_ = 0;
    double squeeze_ = 0;
};

}  // namespace coffer::load
