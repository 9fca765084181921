// Text that is UTF-8, of text that need not be: a path may have any bytes.
#pragma once

#include <string>
#include <string_view>

namespace coffer {

/// `text` with U+FFFD in place of each byte that is part of no well-formed UTF-8 sequence (RFC
/// 3629: no surrogates, nothing above U+10FFFF, no longer than need be). Throws std::bad_alloc.
[[nodiscard]] std::string to_utf8(std::string_view text);

}  // namespace coffer
