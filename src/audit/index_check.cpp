#include "audit/index_check.hpp"

#include <algorithm>
#include <system_error>
#include <vector>

#include "journal/index_image.hpp"

namespace coffer::audit {

void index_check::take(const journal::batch_view& one, const journal::segment_header& in,
                       std::uint64_t offset) {
    if (segment_ != in.before.next_record)
        begin(in);
    // Accounts whose sequences have gaps: the audit reports these itself.
    if (made_ != nullptr && !made_->add(one, offset).reason.empty())
        made_.reset();
}

void index_check::end(const journal::segment_header& in) {
    if (segment_ != in.before.next_record)
        begin(in);
}

void index_check::begin(const journal::segment_header& in) {
    if (made_ != nullptr)
        compare(in);
    made_.reset();
    segment_ = in.before.next_record;
    if (storage_.identify(journal::index_name(segment_)).error !=
        std::errc::no_such_file_or_directory)
        made_ = std::make_unique<journal::segment_index>(in.before);
}

void index_check::compare(const journal::segment_header& next) {
    if (made_->position() != next.before)
        return;  // there is damage between
    const std::string name = journal::index_name(made_->first_record());
    const auto opened = storage_.open(name, journal::storage::access::read);
    if (opened.error == std::errc::no_such_file_or_directory)
        return;
    const std::vector<std::byte> right = encode(*made_, next.ledger);
    std::vector<std::byte> found(right.size() + 1);  // one that is too long is noticed
    const auto read = opened.error ? journal::storage_file::read_result{0, opened.error}
                                   : opened.file->read(0, found);
    found.resize(read.bytes);
    if (read.error) {
        notes_.add(
            {storage_.path(name), {}, 0, "the index cannot be read: " + read.error.message()});
        return;
    }
    if (found == right)
        return;
    const auto differs = std::ranges::mismatch(found, right).in1 - found.begin();
    notes_.add({storage_.path(name), static_cast<std::uint64_t>(differs), 0,
                "the index is not that of its segment; a server that reads it makes it again"});
}

}  // namespace coffer::audit
