#include "api/percent_encoding.hpp"

namespace coffer::api {

std::optional<std::size_t> percent_decode(std::string_view encoded, std::span<char> out) noexcept {
    std::size_t size = 0;
    for (std::size_t at = 0; at != encoded.size(); ++at) {
        if (size == out.size())
            return std::nullopt;
        char c = encoded[at];
        if (c == '%') {
            if (encoded.size() - at < 3)
                return std::nullopt;
            const int high = hex_value(encoded[at + 1]);
            const int low = hex_value(encoded[at + 2]);
            if (high < 0 || low < 0)
                return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            at += 2;
        }
        out[size++] = c;
    }
    return size;
}

}  // namespace coffer::api
