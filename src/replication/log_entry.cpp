#include "replication/log_entry.hpp"

#include <algorithm>
#include <utility>

#include "journal/little_endian.hpp"
#include "ops/assertion.hpp"
#include "ops/checksum.hpp"

namespace coffer::replication {
namespace {

using journal::get;
using journal::put;

constexpr std::uint32_t magic = 0x544e'4543;  // "CENT"
constexpr std::uint8_t version = 1;

constexpr std::size_t checksum_at = 0;
constexpr std::size_t magic_at = 8;
constexpr std::size_t version_at = 12;
constexpr std::size_t kind_at = 13;
constexpr std::size_t node_bytes_at = 14;
constexpr std::size_t is_opening_at = 15;
constexpr std::size_t number_at = 16;
constexpr std::size_t term_at = 24;
constexpr std::size_t nonce_at = 32;
constexpr std::size_t total_bytes_at = 40;
constexpr std::size_t next_record_at = 48;
constexpr std::size_t chain_at = 56;
constexpr std::size_t time_at = 64;
constexpr std::size_t running_at = 72;
constexpr std::size_t ledger_at = 80;
constexpr std::size_t read_lease_at = 96;
constexpr std::size_t header_bytes = 100;

constexpr std::uint8_t last_kind = static_cast<std::uint8_t>(entry_kind::confirmed);

std::span<const std::byte> bytes_in(std::string_view text) noexcept {
    return std::as_bytes(std::span{text.data(), text.size()});
}

decoded_entry refused(const char* why) {
    return {std::nullopt, why};
}

/// Without the node and the batch.
log_entry decode_header(std::span<const std::byte> from) noexcept {
    log_entry one{.kind = entry_kind{get<std::uint8_t>(from, kind_at)},
                  .number = get<std::uint64_t>(from, number_at),
                  .term = get<std::uint64_t>(from, term_at),
                  .nonce = get<std::uint64_t>(from, nonce_at),
                  .total_bytes = get<std::uint64_t>(from, total_bytes_at),
                  .is_opening = get<std::uint8_t>(from, is_opening_at) != 0,
                  .after = {.next_record = get<std::uint64_t>(from, next_record_at),
                            .chain = get<std::uint64_t>(from, chain_at),
                            .time_ns = get<std::uint64_t>(from, time_at),
                            .running_ns = get<std::uint64_t>(from, running_at)},
                  .read_lease = std::chrono::milliseconds{get<std::uint32_t>(from, read_lease_at)}};
    std::ranges::copy(from.subspan(ledger_at, one.ledger.size()), one.ledger.begin());
    return one;
}

}  // namespace

std::string encode(const log_entry& one) {
    invariant(one.node.size() <= max_entry_header_bytes - header_bytes,
              "the name of a node is too long");
    std::string value(bytes_of(one), '\0');
    const std::span<std::byte> into = std::as_writable_bytes(std::span{value});
    put<std::uint32_t>(into, magic_at, magic);
    put<std::uint8_t>(into, version_at, version);
    put<std::uint8_t>(into, kind_at, static_cast<std::uint8_t>(one.kind));
    put<std::uint8_t>(into, node_bytes_at, static_cast<std::uint8_t>(one.node.size()));
    put<std::uint8_t>(into, is_opening_at, one.is_opening ? 1 : 0);
    put<std::uint64_t>(into, number_at, one.number);
    put<std::uint64_t>(into, term_at, one.term);
    put<std::uint64_t>(into, nonce_at, one.nonce);
    put<std::uint64_t>(into, total_bytes_at, one.total_bytes);
    put<std::uint64_t>(into, next_record_at, one.after.next_record);
    put<std::uint64_t>(into, chain_at, one.after.chain);
    put<std::uint64_t>(into, time_at, one.after.time_ns);
    put<std::uint64_t>(into, running_at, one.after.running_ns);
    std::ranges::copy(one.ledger, into.begin() + ledger_at);
    put<std::uint32_t>(into, read_lease_at, static_cast<std::uint32_t>(one.read_lease.count()));
    std::ranges::copy(bytes_in(one.node), into.begin() + header_bytes);
    std::ranges::copy(one.batch, into.begin() + static_cast<std::ptrdiff_t>(header_bytes) +
                                     static_cast<std::ptrdiff_t>(one.node.size()));
    put<std::uint64_t>(into, checksum_at, checksum(into.subspan(magic_at)));
    return value;
}

std::uint64_t checksum_of(std::string_view value) noexcept {
    return value.size() < header_bytes ? 0 : get<std::uint64_t>(bytes_in(value), checksum_at);
}

decoded_entry decode_entry(std::string_view value) {
    const std::span<const std::byte> from = bytes_in(value);
    if (from.size() < header_bytes || get<std::uint32_t>(from, magic_at) != magic)
        return refused("it is no entry of a log");
    if (checksum(from.subspan(magic_at)) != get<std::uint64_t>(from, checksum_at))
        return refused("its checksum is wrong");
    const auto kind = get<std::uint8_t>(from, kind_at);
    if (get<std::uint8_t>(from, version_at) != version || kind > last_kind)
        return refused("it is of a newer version than this version of coffer knows");
    if (kind == 0 || get<std::uint8_t>(from, is_opening_at) > 1)
        return refused("its kind is wrong");
    log_entry one = decode_header(from);
    const std::size_t node_bytes = get<std::uint8_t>(from, node_bytes_at);
    if (node_bytes > from.size() - header_bytes)
        return refused("the name of its node is longer than itself");
    one.node = value.substr(header_bytes, node_bytes);
    one.batch = from.subspan(header_bytes + node_bytes);
    if (one.batch.empty() == has_batch(one.kind))
        return refused(one.batch.empty() ? "it has no batch" : "it has bytes that mean nothing");
    return {std::move(one), {}};
}

}  // namespace coffer::replication
