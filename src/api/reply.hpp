// A reply as the API makes it: a status and a JSON envelope, no bytes of HTTP.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <coffer/posting.hpp>

#include "api/body_stream.hpp"
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

    /// Success: `{"success":true,"data":{"<name>":true},"code":200}`.
    void affirm(std::string_view name);

    /// Success: text of another type than JSON, which `write` appends to a string.
    template <class Write>
    void text(std::string_view content_type, const Write& write) {
        begin(200);
        content_type_ = content_type;
        write(body_);
    }

    /// A body that is pulled piece by piece. `content_type` must outlive the reply.
    void stream(int status, std::string_view content_type,
                std::unique_ptr<body_stream> body) noexcept {
        begin(status);
        content_type_ = content_type;
        stream_ = std::move(body);
    }
    [[nodiscard]] bool is_stream() const noexcept { return stream_ != nullptr; }
    /// Hands over the stream; null if the reply is a short one, whose body is `body()`.
    [[nodiscard]] std::unique_ptr<body_stream> take_stream() noexcept { return std::move(stream_); }

    /// Says of the reply in hand that it is that of an earlier request, made again.
    void mark_replayed() noexcept { replayed_ = true; }

    /// Success without a body (204): the methods that the path has, or the whole server.
    void list_methods(std::string_view allowed) noexcept;

    [[nodiscard]] int status() const noexcept { return status_; }
    /// Empty for 204 alone.
    [[nodiscard]] std::string_view body() const noexcept { return body_; }
    /// The Allow field's value; empty for none.
    [[nodiscard]] std::string_view allow() const noexcept { return allow_; }
    [[nodiscard]] std::string_view content_type() const noexcept { return content_type_; }
    /// Whether the client is to be told which content codings it may use: none.
    [[nodiscard]] bool names_codings() const noexcept { return names_codings_; }
    [[nodiscard]] bool replayed() const noexcept { return replayed_; }
    /// Whether the client is told to try again later.
    [[nodiscard]] bool retry_later() const noexcept { return status_ == 503 || status_ == 409; }

private:
    void begin(int status) noexcept;

    int status_ = 200;
    std::string_view allow_;
    std::string_view content_type_;
    bool replayed_ = false;
    bool names_codings_ = false;
    std::string body_;
    std::unique_ptr<body_stream> stream_;
};

}  // namespace coffer::api
