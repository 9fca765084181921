#include "ops/json_text.hpp"

#include "ops/text.hpp"

namespace coffer {

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (const char one : to_utf8(text)) {
        const auto code = static_cast<unsigned char>(one);
        if (one == '"' || one == '\\')
            out += '\\';
        if (code >= ' ' && code != 0x7f)
            out += one;
        else
            out.append("\\u00").append(1, digits[code >> 4]).append(1, digits[code & 15]);
    }
    out += '"';
}

}  // namespace coffer
