#include "load/skew.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace coffer::load {
namespace {

constexpr double most_exponent = 10;

double between_0_and_1(random_source& random) noexcept {
    return static_cast<double>(random() >> 11) * 0x1p-53;
}

/// (exp(x) - 1) / x, also where x is nearly zero.
double exp_minus_1_over(double x) noexcept {
    return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2;
}

/// log(1 + x) / x, also where x is nearly zero.
double log_1_plus_over(double x) noexcept {
    return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2;
}

}  // namespace

std::optional<skew> skew::parse(std::string_view text) {
    constexpr std::string_view zipf = "zipf:";
    if (text == "uniform")
        return skew{kind::uniform, 0};
    if (text == "hot")
        return skew{kind::hot, 0};
    if (!text.starts_with(zipf))
        return std::nullopt;
    double exponent = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + zipf.size(), end, exponent);
    if (error != std::errc{} || stopped != end || !(exponent > 0 && exponent <= most_exponent))
        return std::nullopt;
    return skew{kind::zipf, exponent};
}

place_picker::place_picker(skew chosen, std::size_t size) : skew_{chosen}, size_{size} {
    if (skew_.kind != skew::kind::zipf)
        return;
    area_begin_ = integral(1.5) - 1;
    area_end_ = integral(static_cast<double>(size) + 0.5);
    squeeze_ = 2 - inverse_integral(integral(2.5) - density(2));
}

std::size_t place_picker::pick(random_source& random) const noexcept {
    switch (skew_.kind) {
        case skew::kind::hot:
            return 0;
        case skew::kind::zipf:
            return pick_zipf(random);
        case skew::kind::uniform:
            break;
    }
    return random() % size_;
}

double place_picker::density(double rank) const noexcept {
    return std::exp(-skew_.exponent * std::log(rank));
}

double place_picker::integral(double rank) const noexcept {
    const double logarithm = std::log(rank);
    return exp_minus_1_over((1 - skew_.exponent) * logarithm) * logarithm;
}

double place_picker::inverse_integral(double area) const noexcept {
    const double scaled = std::max(-1.0, area * (1 - skew_.exponent));
    return std::exp(log_1_plus_over(scaled) * area);
}

// Rejection-inversion (Hörmann and Derflinger 1996): exact, without a table of all accounts that
// would take the caches away from what is measured.
std::size_t place_picker::pick_zipf(random_source& random) const noexcept {
    for (;;) {
        const double area = area_end_ + between_0_and_1(random) * (area_begin_ - area_end_);
        const double exact = inverse_integral(area);
        const double rank = std::clamp(std::floor(exact + 0.5), 1.0, static_cast<double>(size_));
        if (rank - exact <= squeeze_ || area >= integral(rank + 0.5) - density(rank))
            return static_cast<std::size_t>(rank) - 1;
    }
}

}  // namespace coffer::load
