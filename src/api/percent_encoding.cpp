#include "api/percent_encoding.hpp"

namespace coffer::api {

path_segment::path_segment(std::string_view encoded) noexcept : encoded_{encoded} {
    if (encoded.find('%') != std::string_view::npos)
        is_decoded_ = decode();
}

bool path_segment::decode() noexcept {
    for (std::size_t at = 0; at != encoded_.size(); ++at) {
        if (size_ == most_bytes)
            return false;
        char c = encoded_[at];
        if (c == '%') {
            if (encoded_.size() - at < 3)
                return false;
            const int high = hex_value(encoded_[at + 1]);
            const int low = hex_value(encoded_[at + 2]);
            if (high < 0 || low < 0)
                return false;
            c = static_cast<char>(high * 16 + low);
            at += 2;
        }
        decoded_[size_++] = c;
    }
    return true;
}

}  // namespace coffer::api
