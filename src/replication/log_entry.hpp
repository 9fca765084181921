// One entry of a replicated log: a batch of the journal, or a mark of who leads.
//
// The value of `log/N` is a header and the batch's bytes. Integers are little-endian:
//
//      0  u64  checksum of all that follows
//      8  u32  magic "CENT"
//     12  u8   version, 1
//     13  u8   kind
//     14  u8   size of the node's name
//     15  u8   1 while the accounts of the first start are not all in the log yet, else 0
//     16  u64  N
//     24  u64  term: the create_revision of the leader's key
//     32  u64  nonce: random, so that no two attempts, of any node, make the same bytes
//     40  u64  bytes of all entries up to this one and with it, since the log began
//     48  u64  the next record after it  } the position after the entry, which is that
//     56  u64  chain after it            } of its batch, or that of the entry before
//     64  u64  record time after it      }
//     72  u64  running time after it     }
//     80  16 bytes, the ledger's id
//     96  u32  milliseconds that a leader may still answer for after this entry was appended: the
//              read lease of the node that wrote it, or of the leader before it if that is longer
//              and was not waited for yet; 0 in entry 0
//    100  the node's name
//      .  the batch, for kinds that have one
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "journal/batch.hpp"
#include "ops/ledger_id.hpp"

namespace coffer::replication {

enum class entry_kind : std::uint8_t {
    log_begins = 1,   ///< entry 0, written with the ledger's id
    batch = 2,        ///< records of the journal
    opening = 3,      ///< likewise: accounts of a first start, of which more follow
    term_begins = 4,  ///< the barrier of a leader that takes over
    released = 5,     ///< the leader of this term answers and posts no more
    confirmed = 6,    ///< has no content: its append proves that its leader still leads
};

struct log_entry {
    entry_kind kind = entry_kind::confirmed;
    std::uint64_t number = 0;
    std::uint64_t term = 0;
    std::uint64_t nonce = 0;
    std::uint64_t total_bytes = 0;
    bool is_opening = false;  ///< the accounts of the first start are not all in the log yet
    journal::batch_position after{};
    ledger_id ledger{};
    std::chrono::milliseconds read_lease{0};  ///< see above
    std::string_view node{};                  ///< the name of the node that wrote it
    std::span<const std::byte> batch{};       ///< empty where the kind has none
};

/// The most bytes of an entry beside its batch.
inline constexpr std::size_t max_entry_header_bytes = 100 + 64;

[[nodiscard]] constexpr bool has_batch(entry_kind kind) noexcept {
    return kind == entry_kind::batch || kind == entry_kind::opening;
}

/// How many bytes the value of an entry has.
[[nodiscard]] inline std::size_t bytes_of(const log_entry& one) noexcept {
    return 100 + one.node.size() + one.batch.size();
}

/// The value of an entry.
[[nodiscard]] std::string encode(const log_entry& one);

/// The checksum of a value that is an entry: a writer recognizes its own entry by it.
[[nodiscard]] std::uint64_t checksum_of(std::string_view value) noexcept;

struct decoded_entry {
    std::optional<log_entry> value;  ///< with views into the bytes; nothing if they are no entry
    std::string why;                 ///< why they are none, for people
};
/// Reads a value. The batch in it is not checked yet.
[[nodiscard]] decoded_entry decode_entry(std::string_view value);

}  // namespace coffer::replication
