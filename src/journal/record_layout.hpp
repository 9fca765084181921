// Where the parts of an encoded record are. All of it follows from the record's header.
#pragma once

#include <cstddef>
#include <cstdint>

#include "journal/format.hpp"
#include "journal/record.hpp"

namespace coffer::journal {

struct record_layout {
    std::size_t body_end = 0;      ///< 0: there is no record of this kind and detail
    std::size_t states = 1;        ///< the first of them begins behind the header
    std::size_t state_stride = 0;  ///< from one state to the next
};

[[nodiscard]] constexpr record_layout layout_of(record_kind kind, std::uint8_t version,
                                                std::uint8_t detail) noexcept {
    namespace at = format::record;
    const std::size_t state = at::state_bytes(version);
    const std::size_t one = at::header_bytes + state;
    switch (kind) {
        case record_kind::posting:
            return {detail >= 1 && detail <= 3 ? one + at::amount_bytes : 0};
        case record_kind::transfer:
            return {detail == 0 ? one + state + at::amount_bytes : 0, 2, state};
        case record_kind::refusal:
            if (detail == 0 || detail > static_cast<std::uint8_t>(errc::too_many_legs))
                return {};
            if (detail != static_cast<std::uint8_t>(errc::hold_ended))
                return {one};
            return {version >= at::version_with_held ? one + at::refusal_status_bytes : 0};
        case record_kind::transaction:
            if (detail < 2 || detail > at::max_legs)
                return {};
            return {at::header_bytes + detail * (state + at::amount_bytes), detail,
                    state + at::amount_bytes};
        case record_kind::hold:
            if (detail == at::capture_to_account)
                return {one + at::hold_bytes + state, 2, state + at::hold_bytes};
            return {detail >= 1 && detail <= 4 ? one + at::hold_bytes : 0};
        case record_kind::status:
            return {detail == 1 || detail == 2 ? one : 0};
    }
    return {};
}

}  // namespace coffer::journal
