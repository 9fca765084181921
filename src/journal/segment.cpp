#include "journal/segment.hpp"

#include <algorithm>
#include <charconv>

#include "journal/journal_error.hpp"
#include "journal/little_endian.hpp"
#include "ops/checksum.hpp"

namespace coffer::journal {

namespace at = format::segment;

namespace {

constexpr std::size_t digits = 20;
constexpr std::string_view extension = ".journal";
constexpr std::string_view index_extension = ".index";

std::string name_with(std::uint64_t first_record, std::string_view ending) {
    const std::string number = std::to_string(first_record);
    return std::string(digits - number.size(), '0').append(number).append(ending);
}

std::optional<std::uint64_t> parse_name(std::string_view name, std::string_view ending) {
    std::uint64_t number = 0;
    if (name.size() != digits + ending.size() || !name.ends_with(ending))
        return std::nullopt;
    const char* const end = name.data() + digits;
    const auto [stopped, error] = std::from_chars(name.data(), end, number);
    if (error != std::errc{} || stopped != end || number == 0)
        return std::nullopt;
    return number;
}

std::uint64_t header_checksum(std::span<const std::byte> bytes, std::size_t end) noexcept {
    return checksum(bytes.subspan(at::magic_at, end - at::magic_at));
}

}  // namespace

std::uint64_t first_chain(const ledger_id& ledger) noexcept {
    return checksum(ledger);
}

std::vector<std::byte> encode(const segment_header& header) {
    std::vector<std::byte> bytes(at::batches_at);
    put<std::uint64_t>(bytes, at::magic_at, at::magic);
    put<std::uint16_t>(bytes, at::version_at, format::version);
    std::ranges::copy(header.ledger, bytes.begin() + at::ledger_at);
    put<std::uint64_t>(bytes, at::first_record_at, header.before.next_record);
    put<std::uint64_t>(bytes, at::chain_at, header.before.chain);
    put<std::uint64_t>(bytes, at::time_at, header.before.time_ns);
    put<std::uint64_t>(bytes, at::bytes_at, header.bytes);
    put<std::uint64_t>(bytes, at::checksum_at, header_checksum(bytes, at::header_bytes_1));
    put<std::uint64_t>(bytes, at::running_at, header.before.running_ns);
    put<std::uint64_t>(bytes, at::checksum_2_at, header_checksum(bytes, at::checksum_2_at));
    return bytes;
}

decoded_segment_header decode_segment_header(std::span<const std::byte> bytes) {
    decoded_segment_header found;
    if (get<std::uint64_t>(bytes, at::checksum_at) != header_checksum(bytes, at::header_bytes_1) ||
        get<std::uint64_t>(bytes, at::magic_at) != at::magic) {
        found.reason = "the header of the segment is damaged";
        return found;
    }
    const auto version = get<std::uint16_t>(bytes, at::version_at);
    if (version < format::oldest_version || version > format::version) {
        found.offset = at::version_at;
        found.reason = "the segment has format version " + std::to_string(version) +
                       ", which this version of coffer does not know";
        return found;
    }
    if (version != 1 &&
        get<std::uint64_t>(bytes, at::checksum_2_at) != header_checksum(bytes, at::checksum_2_at)) {
        found.offset = at::running_at;
        found.reason = "the header of the segment is damaged";
        return found;
    }
    const std::size_t header_bytes = version == 1 ? at::header_bytes_1 : at::header_bytes;
    if (!is_zero(bytes.subspan(at::version_at + 2, 6)) ||
        !is_zero(bytes.subspan(header_bytes, at::batches_at - header_bytes))) {
        found.offset = header_bytes;
        found.reason = "there is something where zeros are due";
        return found;
    }
    std::ranges::copy(bytes.subspan(at::ledger_at, found.value.ledger.size()),
                      found.value.ledger.begin());
    const auto time_ns = get<std::uint64_t>(bytes, at::time_at);
    // Version 1 measured lives in record time.
    const auto running_ns = version == 1 ? time_ns : get<std::uint64_t>(bytes, at::running_at);
    found.value.before = {get<std::uint64_t>(bytes, at::first_record_at),
                          get<std::uint64_t>(bytes, at::chain_at), time_ns, running_ns};
    found.value.bytes = get<std::uint64_t>(bytes, at::bytes_at);
    return found;
}

std::string segment_name(std::uint64_t first_record) {
    return name_with(first_record, extension);
}

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
    return parse_name(name, extension);
}

std::string index_name(std::uint64_t first_record) {
    return name_with(first_record, index_extension);
}

std::optional<std::uint64_t> parse_index_name(std::string_view name) {
    return parse_name(name, index_extension);
}

std::vector<std::uint64_t> list_segments(const storage& where) {
    const storage::list_result listed = where.list();
    if (listed.error)
        throw journal_error{where.path(""), "cannot be listed: " + listed.error.message()};
    std::vector<std::uint64_t> found;
    for (const std::string& name : listed.names)
        if (const auto first = parse_segment_name(name))
            found.push_back(*first);
    std::ranges::sort(found);
    return found;
}

}  // namespace coffer::journal
