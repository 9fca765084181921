// The entity-tags that a request names in If-Match or If-None-Match (RFC 9110, sections 8.8.3 and
// 13.1). A reply's is the sequence of the account that it shows: `ETag: "5"`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/sequence_condition.hpp"

namespace coffer::api {

/// Whether a field has the tag of this sequence, or is `*`. By weak comparison, as If-None-Match
/// is. No tag matches a field that is malformed. Thread safety: a pure function.
[[nodiscard]] bool matches_weakly(std::string_view field, std::uint64_t sequence) noexcept;

/// The sequences that If-Match names; every sequence if there is no such field, or if it is `*`.
class expected_sequences {
public:
    static constexpr std::size_t max_tags = 16;

    // Nothing of the array is set at first: most requests have no condition.
    expected_sequences() noexcept {}  // NOLINT(modernize-use-equals-default)

    /// Reads a field by strong comparison: a weak tag matches none. False if it is malformed, or
    /// has more than max_tags tags of sequences.
    [[nodiscard]] bool read(std::string_view field) noexcept;

    /// Refers to this.
    [[nodiscard]] sequence_condition condition() const noexcept {
        return is_any_ ? sequence_condition{}
                       : sequence_condition{std::span{sequences_}.first(size_)};
    }

private:
    std::array<std::uint64_t, max_tags> sequences_;
    std::size_t size_ = 0;
    bool is_any_ = true;
};

}  // namespace coffer::api
