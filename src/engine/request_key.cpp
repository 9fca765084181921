#include "engine/request_key.hpp"

#include "journal/record.hpp"

namespace coffer {

std::optional<std::string_view> read_request_key(std::string_view field) noexcept {
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
        field = field.substr(1, field.size() - 2);
    if (!journal::is_request_key(field))
        return std::nullopt;
    return field;
}

}  // namespace coffer
