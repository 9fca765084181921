// How much of anything a client may ask for, and how long it may take.
#pragma once

#include <chrono>
#include <cstddef>

namespace coffer::http::limits {

inline constexpr std::size_t target_bytes = 8 * 1024;
inline constexpr std::size_t head_bytes = 16 * 1024;  ///< request line and fields together
inline constexpr std::size_t body_bytes = 64 * 1024;
/// A chunked body with its chunk headers and trailers.
inline constexpr std::size_t chunked_bytes = 2 * body_bytes;
static_assert(target_bytes < head_bytes);

/// Read from a socket at once.
inline constexpr std::size_t read_bytes = 64 * 1024;
/// Read and thrown away after the last reply, so that the client gets to read it.
inline constexpr std::size_t linger_bytes = 1024 * 1024;

using std::chrono::seconds;

// Each phase has one deadline, set as it begins: a slow drip of bytes does not move it.
inline constexpr seconds idle{60};   ///< from the end of a request to the next one's first byte
inline constexpr seconds head{10};   ///< from the first byte to the end of the fields
inline constexpr seconds body{30};   ///< from there to the end of the body
inline constexpr seconds write{30};  ///< for the client to take a reply
inline constexpr seconds linger{2};  ///< for the client to close after the last reply
inline constexpr seconds drain{5};   ///< for everything, once the server stops; a flag sets it

}  // namespace coffer::http::limits
