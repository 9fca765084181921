// Whatever an index file has in it, with checksums that are right: it is refused, or what is found
// by it is within the segment and the file.
//
// The input changes a whole index file: each three bytes are a place in it, twice, and what to
// combine the byte there with (exclusive or). A first byte says how much is cut off at its end.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "fuzz/require.hpp"
#include "journal/format.hpp"
#include "journal/index_image.hpp"
#include "journal/small_index.hpp"

namespace {

using namespace coffer::journal;
using coffer::fuzz::require;
namespace at = format::index;

void check_extents(const index_header& header, const extent_table& all,
                   std::uint64_t segment_bytes) {
    std::uint64_t record = header.before.next_record;
    std::uint64_t time_ns = header.before.time_ns;
    std::uint64_t offset = format::segment::batches_at;
    for (std::uint32_t i = 0; i != all.size(); ++i) {
        const extent one = all[i];
        require(one.first_record == record && one.first_record < one.end_record,
                "records of an extent do not follow those before");
        require(one.first_time_ns >= time_ns, "an extent is earlier than the one before");
        require(one.offset >= offset && one.bytes != 0 && one.bytes <= segment_bytes &&
                    one.offset <= segment_bytes - one.bytes,
                "an extent is not within the segment");
        record = one.end_record;
        time_ns = one.first_time_ns;
        offset = one.offset + one.bytes;
    }
    require(record == header.end_record, "the extents do not have all records");
    require(all.having(record) == all.size(), "a record is found behind the end");
}

void check_entries(const index_tables& tables, const std::vector<index_entry>& all) {
    std::uint64_t sequence = all.empty() ? 0 : all.front().first_sequence;
    std::uint64_t least_extent = 0;
    for (const index_entry& one : all) {
        require(one.first_sequence == sequence && sequence != 0, "sequences have a gap");
        require(one.postings != 0, "an entry has no posting");
        require(one.postings <= std::numeric_limits<std::uint64_t>::max() - sequence,
                "sequences wrap");
        require(one.extent >= least_extent && one.extent < tables.extents().size(),
                "an entry is of no extent");
        sequence += one.postings;
        least_extent = std::uint64_t{one.extent} + 1;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const coffer::test::small_index whole;
    require(whole.is_right(), "the index cannot be made");
    std::vector<std::byte> file = whole.bytes();
    if (size != 0)
        file.resize(file.size() - data[0]);
    for (std::size_t i = 1; i + 3 <= size; i += 3)
        file[(data[i] | std::size_t{data[i + 1]} << 8) % file.size()] ^= std::byte{data[i + 2]};
    coffer::test::make_checksums_right(file);

    const auto header = decode_index_header(file);
    if (!header || header->file_bytes != file.size())
        return 0;  // as opened_index refuses it
    const std::span<const std::byte> bytes{file};
    const auto tables = index_tables::decode(
        *header, bytes.subspan(at::header_bytes, static_cast<std::size_t>(header->tables_bytes())),
        whole.segment_bytes());
    if (!tables)
        return 0;
    check_extents(*header, tables->extents(), whole.segment_bytes());
    for (coffer::account_number account = 1; account <= 1'700; account += account < 10 ? 1 : 13) {
        const auto place = tables->block_of(account);
        if (!place)
            continue;
        require(place->offset <= file.size() && place->bytes <= file.size() - place->offset,
                "a block is not within the file");
        const auto found =
            tables->entries_of(account, *place, bytes.subspan(place->offset, place->bytes));
        if (found)
            check_entries(*tables, *found);
    }
    return 0;
}
