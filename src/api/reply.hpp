// A reply as the API makes it: a status and a JSON envelope, no bytes of HTTP.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>

#include "api/body_stream.hpp"
#include "api/error_members.hpp"
#include "api/problem.hpp"

namespace coffer::api {

/// A header field of a reply beside those that every reply has.
struct reply_field {
    std::string_view name;
    std::string_view value;
};

/// How a refusal is written.
enum class refusal_form : std::uint8_t {
    envelope,  ///< as every reply in JSON
    problem,   ///< application/problem+json (RFC 9457)
};

/// One reply. Meant to be used again and again: its body keeps its memory.
class reply {
public:
    /// The most header fields that one reply adds.
    static constexpr std::size_t max_fields = 6;
    /// The most bytes of their values that are copied.
    static constexpr std::size_t max_copied_bytes = 256;
    /// Room for every short reply, made before anything is posted: rendering cannot fail after.
    static constexpr std::size_t least_bytes = 1024;

    reply() { body_.reserve(least_bytes); }

    /// Success: `{"success":true,"data":{"account_number":"…","<name>":<balance>},"code":200}`.
    void posted(const posting& made, std::string_view balance_name);

    /// Success: `{"success":true,"data":…,"code":<status>}`, where `write` appends the data.
    template <class Write>
    void data(int status, const Write& write) {
        begin(status);
        body_ += R"({"success":true,"data":)";
        write(body_);
        end_envelope();
    }

    /// Sets the form of the refusals from now on. A new reply has that of an envelope.
    void set_refusal_form(refusal_form form) noexcept { form_ = form; }

    /// Failure: `{"success":false,"error":{"type":"…","message":"…"},"code":<status>}`, with the
    /// members given behind the message. As a problem it is `{"type":"urn:coffer:problem:…",
    /// "title":"…","status":<status>,"detail":"<message>"}`, with the same members. 503, 429, and
    /// 409 for a request under way, have the field Retry-After; a Content-Encoding refused has
    /// Accept-Encoding; 401 has WWW-Authenticate.
    void refuse(problem, const error_members& members = {});

    /// Failure of one parameter or member: as refuse, with `"parameter":"<name>"` after the message
    /// where the error's type does not name it.
    void refuse_parameter(problem, std::string_view name);

    /// Failure of a method: as refuse, with the methods that the path does have.
    void refuse_method(std::string_view allowed);

    /// Sends the client to another node (307), at this URL.
    void lead_to(std::string url);

    /// Adds the fields Coffer-As-Of and Age to the reply as it is.
    void state_as_of(const as_of&);

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

    /// Puts another stream in the place of one that was taken.
    void put_stream(std::unique_ptr<body_stream> body) noexcept { stream_ = std::move(body); }

    /// Gives the reply the entity-tag of a posting: the field ETag. Of a success; `posted` does so.
    void set_tag(std::uint64_t sequence) noexcept { tag_ = sequence; }
    /// 0: it has none.
    [[nodiscard]] std::uint64_t tag() const noexcept { return tag_; }

    /// Turns a success with a tag into 304, which has the same tag and no body.
    void not_modified() noexcept;

    /// Marks the reply as that of an earlier request, repeated.
    void mark_replayed() { add_field("Idempotent-Replayed", "true"); }

    /// Adds a header field to the reply; fields are sent in the order they were added. Both texts
    /// must outlive the reply. Throws std::length_error beyond max_fields.
    void add_field(std::string_view name, std::string_view value);
    /// Adds a header field whose value is copied. Throws std::length_error beyond max_copied_bytes
    /// of such values too.
    void add_copied_field(std::string_view name, std::string_view value);

    /// Success without a body (204): the methods that the path has, or the whole server.
    void list_methods(std::string_view allowed);

    [[nodiscard]] int status() const noexcept { return status_; }
    /// What a refusal is for; none for a success.
    [[nodiscard]] problem why() const noexcept { return why_; }
    /// Empty for 204 and 304, and for a stream.
    [[nodiscard]] std::string_view body() const noexcept { return body_; }
    /// How many bytes the body has. Nothing for 204, 304, and a stream that is made as it is sent.
    [[nodiscard]] std::optional<std::size_t> body_bytes() const noexcept {
        if (is_stream())
            return stream_->known_size();
        return body_.empty() ? std::nullopt : std::optional{body_.size()};
    }
    [[nodiscard]] std::string_view content_type() const noexcept { return content_type_; }
    [[nodiscard]] std::span<const reply_field> fields() const noexcept {
        return {fields_.data(), field_count_};
    }
    /// The value of an added field; empty if it was not added.
    [[nodiscard]] std::string_view field(std::string_view name) const noexcept;

private:
    void begin(int status) noexcept;
    void append_error(const problem_info& info, const error_members& members);
    void append_problem(const problem_info& info, const error_members& members);
    void append_text(std::string_view name, std::string_view value);
    void append_members(const error_members& members);
    void end_envelope();

    int status_ = 200;
    problem why_ = problem::none;
    refusal_form form_ = refusal_form::envelope;
    std::uint64_t tag_ = 0;
    std::string_view content_type_;
    std::string body_;
    std::unique_ptr<body_stream> stream_;
    std::size_t field_count_ = 0;
    std::array<reply_field, max_fields> fields_;
    std::size_t copied_bytes_ = 0;
    std::array<char, max_copied_bytes> copied_;
    std::string location_;  // of lead_to: longer than what is copied
};

}  // namespace coffer::api
