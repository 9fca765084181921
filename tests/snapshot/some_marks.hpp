// The marks of a journal that tests have only in mind.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "snapshot/snapshot_writer.hpp"

namespace coffer::test {

/// A ledger's id that has all digits in it.
inline constexpr ledger_id some_ledger{
    std::byte{0x01}, std::byte{0x23}, std::byte{0x45}, std::byte{0x67},
    std::byte{0x89}, std::byte{0xab}, std::byte{0xcd}, std::byte{0xef},
    std::byte{0x00}, std::byte{0x00}, std::byte{0x00}, std::byte{0x00},
    std::byte{0x00}, std::byte{0x00}, std::byte{0x00}, std::byte{0xff}};

/// Of a journal that comes to `durable` before the cut and to `later` after it, without keys.
[[nodiscard]] inline snapshot::journal_marks some_marks(std::uint64_t durable = 7,
                                                        std::uint64_t later = 9) {
    return {some_ledger,
            [durable] { return durable; },
            [](std::uint64_t last) { return last + 1; },
            [later] { return later; },
            {}};
}

/// Of a journal that a record is added to whenever it is asked how far it is.
[[nodiscard]] inline snapshot::journal_marks busy_marks() {
    auto marks = some_marks();
    const auto last = std::make_shared<std::atomic<std::uint64_t>>(7);
    marks.durable_record = [last] { return ++*last; };
    marks.barrier = [last] { return last->load(); };
    return marks;
}

}  // namespace coffer::test
