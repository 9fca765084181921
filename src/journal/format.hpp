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

/// A record: its header, its body by kind and, if the request had a key, fingerprint and key.
namespace record {
inline constexpr std::size_t bytes_at = 0;      // u16, of the whole record
inline constexpr std::size_t kind_at = 2;       // u8
inline constexpr std::size_t version_at = 3;    // u8
inline constexpr std::size_t detail_at = 4;     // u8: posting: operation; refusal: error
inline constexpr std::size_t key_bytes_at = 5;  // u8, 0 for no key; then 2 zeros
inline constexpr std::size_t header_bytes = 8;

// Of all three kinds. A record is of version 2 if there is a space in its key, else of version 1.
inline constexpr std::uint8_t version = 1;
inline constexpr std::uint8_t version_with_spaces = 2;

// Bodies. A state is account, sequence and balance, 8 bytes each.
inline constexpr std::size_t state_bytes = 24;
inline constexpr std::size_t posting_bytes = header_bytes + state_bytes + 8;  // state, amount
inline constexpr std::size_t transfer_bytes =
    header_bytes + 2 * state_bytes + 8;                                   // from, to, amount
inline constexpr std::size_t refusal_bytes = header_bytes + state_bytes;  // state

inline constexpr std::size_t fingerprint_bytes = 16;
inline constexpr std::size_t max_key_bytes = 255;
inline constexpr std::size_t min_bytes = refusal_bytes;
inline constexpr std::size_t max_bytes = transfer_bytes + fingerprint_bytes + max_key_bytes + 1;
}  // namespace record

static_assert(segment::header_bytes <= sector_bytes && segment::batches_at % sector_bytes == 0);
static_assert(batch::header_bytes % unit_bytes == 0 && batch::max_bytes % unit_bytes == 0);
static_assert(record::max_bytes % unit_bytes == 0 && record::max_bytes == 336);
// So no sector of records is all zeros, and one that is was never written: see FORMAT.md.
static_assert(record::max_bytes < sector_bytes);
static_assert(batch::min_bytes + record::max_bytes <= batch::max_bytes);

}  // namespace coffer::journal::format
