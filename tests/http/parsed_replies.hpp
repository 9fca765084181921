// What a session replied, taken apart more strictly than any client would.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coffer::http {

/// One reply. What its kind of reply does not have is empty.
struct parsed_reply {
    int status = 0;
    bool closes = false;    ///< it has "Connection: close"
    bool has_body = false;  ///< not so in reply to HEAD
    std::string type;       ///< of a failure
    std::string account;    ///< of a success, as the two that follow
    std::string balance;    ///< of a failure for lack of funds: what is available
    bool posted = false;    ///< the balance is a new one
};

/// The replies that `bytes` consists of, but for those that ask for a body (100). Throws
/// std::runtime_error, which says what is wrong, if they are anything but whole replies as the
/// contract has them, envelope and all.
[[nodiscard]] std::vector<parsed_reply> read_replies(std::string_view bytes);

}  // namespace coffer::http
