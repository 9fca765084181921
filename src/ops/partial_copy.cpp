#include "ops/partial_copy.hpp"

#include <system_error>

namespace coffer {
namespace {

namespace fs = std::filesystem;

}  // namespace

fs::path partial_copy_beside(const fs::path& directory) {
    std::error_code ignored;
    fs::path whole = fs::absolute(directory, ignored).lexically_normal();
    if (!whole.has_filename())
        whole = whole.parent_path();
    return whole.concat(".partial");
}

fs::path unfinished_copy(const fs::path& directory) {
    std::error_code error;
    if (fs::path marker = directory / partial_copy_marker; fs::exists(marker, error))
        return marker;
    if (fs::exists(directory / "journal", error) || error)
        return {};
    if (fs::path inside = directory / partial_copy_name; fs::exists(inside, error))
        return inside;
    if (fs::path beside = partial_copy_beside(directory);
        fs::exists(beside / partial_copy_marker, error))
        return beside;
    return {};
}

bool is_increment(const fs::path& directory) {
    std::error_code ignored;
    return fs::exists(directory / "journal" / increment_name, ignored);
}

}  // namespace coffer
