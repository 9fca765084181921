#include "audit/journal_copy.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "journal/journal_error.hpp"
#include "journal/posix_storage.hpp"
#include "journal/segment.hpp"

namespace coffer::audit {
namespace {

/// A segment that is being written.
class segment_copy {
public:
    segment_copy(const journal::storage& to, const journal::segment_header& header)
        : first_record_{header.before.next_record},
          bytes_{header.bytes},
          path_{to.path(journal::segment_name(first_record_))} {
        auto made = to.open(journal::segment_name(first_record_), journal::storage::access::create);
        require(made.error);
        file_ = std::move(made.file);
        require(file_->allocate(bytes_));
        append(journal::encode(header));
    }

    [[nodiscard]] std::uint64_t first_record() const noexcept { return first_record_; }

    void append(std::span<const std::byte> bytes) {
        require(file_->write(offset_, bytes));
        offset_ += bytes.size();
    }

    /// Writes zeros to its end, as a segment that is to be continued has them.
    void finish() {
        constexpr std::size_t piece_bytes = std::size_t{1} << 20;
        const std::vector<std::byte> zeros(
            static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, bytes_ - offset_)));
        while (offset_ != bytes_)
            append(std::span{zeros}.first(
                static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), bytes_ - offset_))));
        require(file_->sync());
    }

private:
    void require(std::error_code error) const {
        if (error)
            throw journal::journal_error{path_, "cannot be written: " + error.message()};
    }

    std::uint64_t first_record_;
    std::uint64_t bytes_;
    std::string path_;
    std::unique_ptr<journal::storage_file> file_;
    std::uint64_t offset_ = 0;
};

}  // namespace

void copy_journal(const journal::storage& from, const std::filesystem::path& to,
                  patient_reader::pause wait) {
    journal::posix_storage target{to};
    if (const std::error_code error = target.create_directory())
        throw journal::journal_error{to.string(), "cannot be made: " + error.message()};
    const auto segments = journal::list_segments(from);
    if (segments.empty())
        throw journal::journal_error{from.path(""), "the journal has no segment"};
    patient_reader source{from, segments.front(), std::move(wait)};
    std::unique_ptr<segment_copy> copy;
    const auto enter_segment = [&] {
        if (copy && copy->first_record() == source.segment().before.next_record)
            return;
        if (copy)
            copy->finish();
        copy = std::make_unique<segment_copy>(target, source.segment());
    };
    while (const auto batch = source.next()) {
        enter_segment();
        copy->append(batch->bytes);
    }
    if (!source.has_segments())
        throw journal::journal_error{from.path(""), "all segments are gone"};
    enter_segment();
    copy->finish();
    if (const std::error_code error = target.sync())
        throw journal::journal_error{to.string(), "cannot be synced: " + error.message()};
}

}  // namespace coffer::audit
