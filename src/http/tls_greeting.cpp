#include "http/tls_greeting.hpp"

namespace coffer::http {

// RFC 8446, section 5.1: type, version, length. The version is 3.1 or 3.3 whatever is meant.
tls_greeting read_greeting(std::string_view first_bytes) noexcept {
    constexpr std::size_t header_bytes = 5;
    constexpr std::size_t most_record_bytes = std::size_t{1} << 14;
    constexpr char handshake = 0x16;
    constexpr char major_version = 3;
    using kind = tls_greeting::kind;
    if (first_bytes.empty())
        return {kind::unfinished, header_bytes};
    const char first = first_bytes.front();
    if (first >= 'A' && first <= 'Z')  // a method
        return {kind::http};
    if (first != handshake || (first_bytes.size() > 1 && first_bytes[1] != major_version))
        return {kind::foreign};
    if (first_bytes.size() < header_bytes)
        return {kind::unfinished, header_bytes};
    const std::size_t size = (static_cast<unsigned char>(first_bytes[3]) << 8U) |
                             static_cast<unsigned char>(first_bytes[4]);
    if (size == 0 || size > most_record_bytes)
        return {kind::foreign};
    if (first_bytes.size() < header_bytes + size)
        return {kind::unfinished, header_bytes + size};
    return {kind::handshake};
}

}  // namespace coffer::http
