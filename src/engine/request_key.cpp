#include "engine/request_key.hpp"

#include "engine/structured_string.hpp"
#include "journal/record.hpp"

namespace coffer {

std::optional<std::string_view> read_request_key(std::string_view field,
                                                 request_key_room& room) noexcept {
    std::optional<std::string_view> text = field;
    if (field.starts_with('"'))
        text = read_structured_string(field, room);
    else if (field.find(' ') != field.npos)
        return std::nullopt;
    return text && journal::is_request_key(*text) ? text : std::nullopt;
}

}  // namespace coffer
