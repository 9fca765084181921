// The numbers of the journal's file format, shared by its writers and readers. FORMAT.md describes
// the format.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coffer::journal::format {

/// What this program writes, and the newest version that it reads. Version 1 has no running time.
inline constexpr std::uint16_t version = 2;
inline constexpr std::uint16_t oldest_version = 1;

/// All integers are little-endian; everything is a whole number of units long and begins at one.
inline constexpr std::size_t unit_bytes = 8;

/// A disk writes this much atomically.
inline constexpr std::size_t sector_bytes = 512;

/// The first bytes of a segment are its header and zeros; batches follow.
namespace segment {
inline constexpr std::uint64_t magic = 0x314c'4e4a'4646'4f43;  // "COFFJNL1"
inline constexpr std::size_t checksum_at = 0;                  // u64, of [8, 72)
inline constexpr std::size_t magic_at = 8;                     // u64
inline constexpr std::size_t version_at = 16;                  // u16, then 6 zeros
inline constexpr std::size_t ledger_at = 24;                   // 16 bytes
inline constexpr std::size_t first_record_at = 40;             // u64
inline constexpr std::size_t chain_at = 48;        // u64, the checksum of the batch before
inline constexpr std::size_t time_at = 56;         // u64, the time of the batch before, ns
inline constexpr std::size_t bytes_at = 64;        // u64, of the whole segment
inline constexpr std::size_t header_bytes_1 = 72;  // of version 1, which ends here
inline constexpr std::size_t running_at = 72;      // u64, the running time of the batch before, ns
inline constexpr std::size_t checksum_2_at = 80;   // u64, of [8, 80)
inline constexpr std::size_t header_bytes = 88;
inline constexpr std::size_t batches_at = 4096;
}  // namespace segment

/// A batch: its header, its records, its end mark.
namespace batch {
inline constexpr std::uint32_t magic = 0x5441'4243;    // "CBAT"
inline constexpr std::size_t checksum_at = 0;          // u64, of [8, bytes)
inline constexpr std::size_t magic_at = 8;             // u32
inline constexpr std::size_t version_at = 12;          // u16, then 2 zeros
inline constexpr std::size_t bytes_at = 16;            // u32, of the whole batch
inline constexpr std::size_t records_at = 20;          // u32; 0 in a closing batch
inline constexpr std::size_t first_record_at = 24;     // u64
inline constexpr std::size_t time_at = 32;             // u64, ns since 1970, never less than before
inline constexpr std::size_t chain_at = 40;            // u64, the checksum of the batch before
inline constexpr std::size_t header_checksum_at = 48;  // u64, of [8, 48)
inline constexpr std::size_t header_bytes_1 = 56;      // of version 1, which ends here
inline constexpr std::size_t running_at = 56;          // u64, ns, never less than before
inline constexpr std::size_t clock_offset_at = 64;     // i64, ns
inline constexpr std::size_t key_life_at = 72;         // u64, ns
inline constexpr std::size_t header_bytes = 80;
inline constexpr std::uint64_t end_mark = 0x444e'4548'4354'4142;  // "BATCHEND"
inline constexpr std::size_t end_mark_bytes = 8;
inline constexpr std::size_t min_bytes_1 = header_bytes_1 + end_mark_bytes;
inline constexpr std::size_t min_bytes = header_bytes + end_mark_bytes;
inline constexpr std::size_t max_bytes = std::size_t{1} << 20;
}  // namespace batch

/// A record: its header, its body by kind, if the request had a key, fingerprint and key, and if it
/// was made with a token, the token's name.
namespace record {
inline constexpr std::size_t bytes_at = 0;        // u16, of the whole record
inline constexpr std::size_t kind_at = 2;         // u8
inline constexpr std::size_t version_at = 3;      // u8
inline constexpr std::size_t detail_at = 4;       // u8: what it is depends on the kind
inline constexpr std::size_t key_bytes_at = 5;    // u8, 0 for no key
inline constexpr std::size_t names_at = 6;        // u8: 1 if a refusal names its account, else 0
inline constexpr std::size_t actor_bytes_at = 7;  // u8, 0 before version 5
inline constexpr std::size_t header_bytes = 8;

// Of all kinds. A record is of the oldest version that can express it.
inline constexpr std::uint8_t version = 1;
inline constexpr std::uint8_t version_with_spaces = 2;  // its key may have spaces
inline constexpr std::uint8_t version_with_held = 3;    // and its states have what is held
inline constexpr std::uint8_t version_with_name = 4;   // of a refusal whose reply names the account
inline constexpr std::uint8_t version_with_actor = 5;  // has the name of the token it was made with
inline constexpr std::uint8_t newest_version = version_with_actor;

/// A state is account, sequence and balance, 8 bytes each, and in version 3 held.
constexpr std::size_t state_bytes(std::uint8_t record_version) noexcept {
    return record_version < version_with_held ? 24 : 32;
}
inline constexpr std::size_t amount_bytes = 8;

// What a hold's record has behind its first state: the amount moved, and the hold after it.
inline constexpr std::size_t hold_sequence_at = 8;  // u64, from the end of the state
inline constexpr std::size_t hold_slot_at = 16;     // u32
inline constexpr std::size_t hold_status_at = 20;   // u8, then 3 zeros
inline constexpr std::size_t hold_amount_at = 24;   // i64
inline constexpr std::size_t hold_captured_at = 32;
inline constexpr std::size_t hold_remaining_at = 40;
inline constexpr std::size_t hold_expires_at = 48;
inline constexpr std::size_t hold_bytes = 56;
inline constexpr std::uint8_t capture_to_account = 5;  // a detail; the payee's state is at the end

inline constexpr std::size_t refusal_status_bytes = 8;  // u8 and zeros, of hold_ended only
inline constexpr std::size_t max_legs = 8;

inline constexpr std::size_t fingerprint_bytes = 16;
inline constexpr std::size_t max_key_bytes = 255;
inline constexpr std::size_t max_actor_bytes = 64;
inline constexpr std::size_t min_bytes = header_bytes + state_bytes(version);
/// Of a posting without a key and holds, which most records are.
inline constexpr std::size_t posting_bytes = min_bytes + amount_bytes;
/// A transaction's; no other body is longer.
inline constexpr std::size_t max_bytes_without_key =
    header_bytes + max_legs * (state_bytes(version_with_held) + amount_bytes);
inline constexpr std::size_t max_bytes =
    max_bytes_without_key + fingerprint_bytes + max_key_bytes + 1 + max_actor_bytes;
/// No record has as many bytes of zeros in a row: its size, its kind, the account of each state and
/// the characters of its key and name are not zero, and none is further from the next than this.
inline constexpr std::size_t max_zeros = 128;
}  // namespace record

static_assert(segment::header_bytes <= sector_bytes && segment::batches_at % sector_bytes == 0);
static_assert(batch::header_bytes % unit_bytes == 0 && batch::max_bytes % unit_bytes == 0);
static_assert(record::max_bytes % unit_bytes == 0 && record::max_bytes == 664);
// So no sector of records is all zeros, and one that is was never written: see FORMAT.md.
static_assert(record::max_zeros < sector_bytes);
static_assert(batch::min_bytes + record::max_bytes <= batch::max_bytes);

/// An index file, beside its segment: its header, its tables, and blocks of groups.
namespace index {
inline constexpr std::uint64_t magic = 0x3158'4449'4646'4f43;  // "COFFIDX1"
inline constexpr std::uint16_t version = 1;
inline constexpr std::size_t checksum_at = 0;        // u64, of [8, 128)
inline constexpr std::size_t magic_at = 8;           // u64
inline constexpr std::size_t version_at = 16;        // u16, then 6 zeros
inline constexpr std::size_t ledger_at = 24;         // 16 bytes
inline constexpr std::size_t first_record_at = 40;   // u64
inline constexpr std::size_t chain_at = 48;          // u64, as in the segment's header
inline constexpr std::size_t time_at = 56;           // u64, likewise
inline constexpr std::size_t end_record_at = 64;     // u64, the number after its last record's
inline constexpr std::size_t end_chain_at = 72;      // u64, the checksum of its last batch
inline constexpr std::size_t extents_at = 80;        // u32
inline constexpr std::size_t blocks_at = 84;         // u32
inline constexpr std::size_t accounts_at = 88;       // u64
inline constexpr std::size_t entries_at = 96;        // u64
inline constexpr std::size_t extent_bytes_at = 104;  // u32, of the table of extents, with padding
inline constexpr std::size_t filter_bytes_at = 108;  // u32
inline constexpr std::size_t tables_checksum_at = 112;  // u64, of all tables
inline constexpr std::size_t bytes_at = 120;            // u64, of the whole file
inline constexpr std::size_t header_bytes = 128;
// An entry of the directory of blocks.
inline constexpr std::size_t block_account_at = 0;   // u64, its first account
inline constexpr std::size_t block_checksum_at = 8;  // u64
inline constexpr std::size_t block_offset_at = 16;   // u32, from the beginning of the file
inline constexpr std::size_t block_bytes_at = 20;    // u32
inline constexpr std::size_t directory_entry_bytes = 24;
inline constexpr std::size_t least_block_bytes = 4096;  // of all blocks but the last
}  // namespace index

}  // namespace coffer::journal::format
