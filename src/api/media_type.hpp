// Media types: what a Content-Type field calls a body, and what an Accept field asks for.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace coffer::api {

/// The media type of newline-delimited JSON: one JSON document a line.
inline constexpr std::string_view ndjson = "application/x-ndjson";

inline constexpr std::string_view json = "application/json";
inline constexpr std::string_view csv = "text/csv";
inline constexpr std::string_view event_stream = "text/event-stream";
/// Of a refusal in the form of RFC 9457.
inline constexpr std::string_view problem_json = "application/problem+json";

/// Whether a Content-Type is application/json or application/<anything>+json (RFC 6839), whatever
/// its parameters.
[[nodiscard]] bool is_json(std::string_view content_type) noexcept;

/// Whether a Content-Type is application/x-ndjson, whatever its parameters.
[[nodiscard]] bool is_ndjson(std::string_view content_type) noexcept;

/// Returns which of the media types `offered`, as an index, an Accept field (RFC 9110, section
/// 12.5.1) prefers. The first is what a client gets that does not choose, so there is one.
/// Another one has to be named, with no lower quality than the first and than the others; of
/// several with the same quality the first of them is chosen, but the very first last. A wildcard
/// gives the first its quality where nothing names it more exactly, and never chooses another: a
/// client which does not know of streams gets a page. A malformed element is ignored.
[[nodiscard]] std::size_t preferred(std::string_view accept,
                                    std::span<const std::string_view> offered) noexcept;

/// Whether an Accept field names application/problem+json, and with no lower quality than
/// application/json: a client may name both, and means the first one for refusals.
[[nodiscard]] bool prefers_problem_json(std::string_view accept) noexcept;

}  // namespace coffer::api
