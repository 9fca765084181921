// How often a test with random data repeats.
#pragma once

namespace coffer::test {

/// Returns `usual`, or a quarter of it under a sanitizer: that makes each round some 20 times as
/// slow, and looks for other things.
template <class Number>
constexpr Number rounds(Number usual) noexcept {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return usual / 4;
#else
    return usual;
#endif
}

}  // namespace coffer::test
