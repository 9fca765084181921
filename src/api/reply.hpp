// A reply as the API makes it: a status and a JSON envelope, no bytes of HTTP.
#pragma once

#include <string>
#include <string_view>

#include <coffer/posting.hpp>

#include "api/problem.hpp"

namespace coffer::api {

/// One reply. Meant to be used again and again: its body keeps its memory.
class reply {
public:
    /// Room for every reply there is, made before anything is posted: rendering cannot fail after.
    reply() { body_.reserve(512); }

    /// Success: `{"success":true,"data":{"account_number":"…","<name>":<balance>},"code":200}`.
    void posted(const posting& made, std::string_view balance_name);

    /// Failure: `{"success":false,"error":{"type":"…","message":"…"},"code":<status>}`.
    void refuse(problem);

    /// Failure of a method: as refuse, with the methods that the path does have.
    void refuse_method(std::string_view allowed);

    /// Success without a body (204): the methods that the path has, or the whole server.
    void list_methods(std::string_view allowed) noexcept;

    [[nodiscard]] int status() const noexcept { return status_; }
    /// Empty for 204 alone.
    [[nodiscard]] std::string_view body() const noexcept { return body_; }
    /// The Allow field's value; empty for none.
    [[nodiscard]] std::string_view allow() const noexcept { return allow_; }
    /// Whether the client is told to try again later.
    [[nodiscard]] bool retry_later() const noexcept { return status_ == 503; }

private:
    void begin(int status) noexcept;

    int status_ = 200;
    std::string_view allow_;
    std::string body_;
};

}  // namespace coffer::api
