#include "audit/increment_reader.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "journal/journal_error.hpp"
#include "journal/segment.hpp"
#include "ops/partial_copy.hpp"
#include "ops/text.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view text_begin = R"({"format":1,)";
constexpr std::size_t most_text_bytes = 512;

/// Returns the content of the mark: a line of JSON, with everything that it can be compared with.
std::string text_of(const history_part& what) {
    return fmt::format(
        "{}\"ledger\":\"{}\",\"after_record\":{},\"after_chain\":\"{:016x}\",\"last_record\":{},"
        "\"last_chain\":\"{:016x}\"}}\n",
        text_begin, to_hexadecimal(what.ledger), what.begin.next_record - 1, what.begin.chain,
        what.end.next_record - 1, what.end.chain);
}

std::string read_mark(const journal::storage& from) {
    const std::string path = from.path(increment_name);
    const auto opened = from.open(increment_name, journal::storage::access::read);
    if (opened.error)
        throw journal::journal_error{path, "cannot be opened: " + opened.error.message()};
    std::string text(most_text_bytes, '\0');
    const auto read = opened.file->read(0, std::as_writable_bytes(std::span{text}));
    if (read.error)
        throw journal::journal_error{path, "cannot be read: " + read.error.message()};
    text.resize(read.bytes);
    return text;
}

std::uint64_t first_segment(const journal::storage& where) {
    const std::vector<std::uint64_t> segments = journal::list_segments(where);
    if (segments.empty())
        throw journal::journal_error{where.path(""), "the journal has no segment"};
    return segments.front();
}

const fs::path& journal_of(const data_files& increment) {
    if (!is_increment(increment.directory))
        throw data_error{increment.directory.string() +
                         ": is no increment: 'coffer backup DIR DEST --since BACKUP' makes one"};
    return increment.journal;
}

}  // namespace

void mark_as_increment(const fs::path& journal, const history_part& what) {
    journal::posix_storage storage{journal};
    const std::string text = text_of(what);
    auto made = storage.open(increment_name, journal::storage::access::create);
    std::error_code error = made.error;
    if (!error)
        error = made.file->write(0, std::as_bytes(std::span{text}));
    if (!error)
        error = made.file->sync();
    if (!error)
        error = storage.sync();
    if (error)
        throw journal::journal_error{storage.path(increment_name),
                                     "cannot be written: " + error.message()};
}

increment_reader::increment_reader(const data_files& increment, const patient_reader::pause& wait)
    : directory_{increment.directory},
      storage_{journal_of(increment)},
      reader_{storage_, first_segment(storage_), wait} {
    if (!reader_.has_segments())
        throw journal::journal_error{storage_.path(""), "the journal has no segment"};
    part_ = {reader_.segment().ledger, reader_.position(), {}};
}

std::optional<journal::batch_view> increment_reader::next() {
    if (const auto found = reader_.next())
        return found;
    part_.end = reader_.position();
    const std::string mark = read_mark(storage_);
    if (mark == text_of(part_))
        return std::nullopt;
    if (!mark.starts_with(text_begin) && mark.starts_with("{\"format\":"))
        throw data_error{storage_.path(increment_name) +
                         ": is damaged, or of a format that this version of coffer does not know"};
    throw data_error{directory_.string() + ": is damaged: it has records up to " +
                     std::to_string(part_.end.next_record - 1) + ", and " +
                     storage_.path(increment_name) + " has another beginning or end"};
}

}  // namespace coffer::audit
