// Writes any text as a string of JSON.
#pragma once

#include <string>
#include <string_view>

namespace coffer {

/// Appends `text` in quotation marks as RFC 8259 has it: what is no well-formed UTF-8 becomes
/// U+FFFD, as by to_utf8. Throws std::bad_alloc.
void append_json_string(std::string& out, std::string_view text);

}  // namespace coffer
