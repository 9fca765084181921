#include "http/tls_greeting.hpp"

#include <cstddef>
#include <cstdint>

namespace coffer::http {
namespace {

using kind = tls_greeting::kind;

constexpr std::size_t record_header_bytes = 5;

std::uint32_t byte_at(std::string_view bytes, std::size_t at) noexcept {
    return static_cast<unsigned char>(bytes[at]);
}

/// Whether a record of a handshake can begin so. The version is 3.1 or 3.3 whatever is meant.
bool may_be_record(std::string_view bytes) noexcept {
    constexpr char handshake = 0x16;
    constexpr char major_version = 3;
    return (bytes.empty() || bytes[0] == handshake) &&
           (bytes.size() < 2 || bytes[1] == major_version);
}

/// What has arrived of a message, which may be divided between records.
class partial_message {
public:
    void take(std::string_view bytes) noexcept {
        for (std::size_t i = 0; i != bytes.size() && size_ + i < header_bytes; ++i)
            header_ = header_ << 8U | byte_at(bytes, i);
        size_ += bytes.size();
    }
    [[nodiscard]] bool has_header() const noexcept { return size_ >= header_bytes; }
    [[nodiscard]] bool is_client_hello() const noexcept {
        constexpr std::uint32_t client_hello = 1;
        return header_ >> 24U == client_hello;
    }
    [[nodiscard]] std::size_t whole_bytes() const noexcept {
        return header_bytes + (header_ & 0xff'ffffU);
    }
    [[nodiscard]] bool is_whole() const noexcept { return has_header() && size_ >= whole_bytes(); }

private:
    static constexpr std::size_t header_bytes = 4;
    std::uint32_t header_ = 0;  // type and length
    std::size_t size_ = 0;
};

}  // namespace

// RFC 8446: section 5.1 has the record (type, version, length), section 4 the message, which is in
// one record or several.
tls_greeting read_greeting(std::string_view first_bytes) noexcept {
    if (!first_bytes.empty() && first_bytes[0] >= 'A' && first_bytes[0] <= 'Z')  // a method
        return {kind::http};
    partial_message hello;
    std::size_t at = 0;  // where the next record begins
    do {
        const std::string_view record = first_bytes.substr(at);
        if (!may_be_record(record))
            return {kind::foreign};
        if (record.size() < record_header_bytes)
            return {kind::unfinished, at + record_header_bytes};
        const std::size_t size = byte_at(record, 3) << 8U | byte_at(record, 4);
        at += record_header_bytes + size;
        hello.take(record.substr(record_header_bytes, size));
        const bool is_foreign = hello.has_header() && !hello.is_client_hello();
        if (size == 0 || is_foreign || at > most_greeting_bytes ||
            (hello.has_header() && hello.whole_bytes() > most_greeting_bytes))
            return {kind::foreign};
        if (first_bytes.size() < at)
            return {kind::unfinished, at};
    } while (!hello.is_whole());
    return {kind::handshake};
}

}  // namespace coffer::http
