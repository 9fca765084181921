#include "snapshot/accounts_reader.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "snapshot/file_descriptor.hpp"

namespace coffer::snapshot {
namespace {

constexpr std::size_t block_bytes = std::size_t{256} << 10;
constexpr std::string_view counted_key = "\"account_number\"";

accounts_error failure(const std::filesystem::path& file) {
    return accounts_error{file.string() + ": " + std::generic_category().message(errno)};
}

std::size_t count_keys(std::string_view text) {
    std::size_t count = 0;
    // memmem is several times as fast as string_view::find.
    for (;;) {
        const void* const found =
            ::memmem(text.data(), text.size(), counted_key.data(), counted_key.size());
        if (found == nullptr)
            return count;
        ++count;
        const auto skipped =
            static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
        text.remove_prefix(skipped + counted_key.size());
    }
}

}  // namespace

void read_accounts(const std::filesystem::path& file, const account_sink& sink) {
    file_descriptor input{file, O_RDONLY};
    if (!input.is_open())
        throw failure(file);
    accounts_parser parser{file.string(), sink};
    std::vector<char> block(block_bytes);
    for (;;) {
        const ssize_t size = input.read(block.data(), block.size());
        if (size < 0)
            throw failure(file);
        if (size == 0)
            return parser.finish();
        parser.write({block.data(), static_cast<std::size_t>(size)});
    }
}

std::size_t count_accounts(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored))
        return 0;
    file_descriptor input{file, O_RDONLY};
    if (!input.is_open())
        return 0;
    // A key may begin at the end of one block and end in the next: all but the last character of
    // it is kept. No key fits into what is kept, so none is counted twice.
    constexpr std::size_t most_kept = counted_key.size() - 1;
    std::vector<char> text(most_kept + block_bytes);
    std::size_t kept = 0;
    std::size_t count = 0;
    for (;;) {
        const ssize_t size = input.read(text.data() + kept, block_bytes);
        if (size <= 0)
            return count;
        const std::size_t end = kept + static_cast<std::size_t>(size);
        count += count_keys({text.data(), end});
        kept = std::min(most_kept, end);
        std::memmove(text.data(), text.data() + end - kept, kept);
    }
}

}  // namespace coffer::snapshot
