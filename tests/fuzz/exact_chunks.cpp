#include "fuzz/exact_chunks.hpp"

#include <optional>

#include "fuzz/text.hpp"

namespace coffer::fuzz {
namespace {

using verdict = exact_request::verdict;

bool has_controls(std::string_view line) {
    return std::any_of(line.begin(), line.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 32 && c != '\t') || byte == 127;
    });
}

/// Takes a line with its end from the front, if the end is there.
std::optional<std::string_view> take_line(std::string_view& bytes) {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos)
        return std::nullopt;
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    return line;
}

/// The size that a chunk's first line gives, if it is such a line and the size is not above `most`.
std::optional<std::size_t> chunk_size(std::string_view line, std::size_t most) {
    if (has_controls(line))
        return std::nullopt;
    const std::string_view size = take_until(line, ";");
    if (size.empty() || !consists_of(size, {hex_digits}))
        return std::nullopt;
    const std::size_t first = size.find_first_not_of('0');
    if (first == std::string_view::npos)
        return 0;
    constexpr std::size_t most_digits = 8;
    if (size.size() - first > most_digits)
        return std::nullopt;
    const std::size_t value = std::stoul(std::string{size}, nullptr, 16);
    return value > most ? std::nullopt : std::optional{value};
}

verdict take_trailers(std::string_view& bytes) {
    for (;;) {
        const auto line = take_line(bytes);
        if (!line)
            return verdict::partial;
        if (line->empty())
            return verdict::whole;
        if (!is_field_line(*line))
            return verdict::refused;
    }
}

/// Takes chunks up to the last one, which is empty.
verdict take_chunks(std::string_view& bytes, std::size_t most, std::string& content) {
    for (;;) {
        const auto line = take_line(bytes);
        if (!line)
            return verdict::partial;
        const auto size = chunk_size(*line, most - content.size());
        if (!size)
            return verdict::refused;
        if (*size == 0)
            return verdict::whole;
        if (bytes.size() < *size + 2)
            return verdict::partial;
        if (bytes.substr(*size, 2) != "\r\n")
            return verdict::refused;
        content += bytes.substr(0, *size);
        bytes.remove_prefix(*size + 2);
    }
}

}  // namespace

bool is_token(std::string_view text) {
    return !text.empty() && consists_of(text, {letters, digits, "!#$%&'*+-.^_`|~"});
}

bool is_field_line(std::string_view line) {
    const std::size_t colon = line.find(':');
    return colon != std::string_view::npos && is_token(line.substr(0, colon)) &&
           !has_controls(line);
}

exact_chunks read_chunks(std::string_view bytes, const http::limits& allowed) {
    std::string_view rest = bytes;
    exact_chunks chunks{verdict::refused, 0, ""};
    chunks.what = take_chunks(rest, allowed.body_bytes, chunks.content);
    if (chunks.what == verdict::whole)
        chunks.what = take_trailers(rest);
    chunks.size = chunks.what == verdict::whole ? bytes.size() - rest.size() : bytes.size();
    if (chunks.size > allowed.chunked_bytes())
        chunks.what = verdict::refused;
    return chunks;
}

}  // namespace coffer::fuzz
