// A reply that is made from the history of the journal: waits for an answer, and sends a text that
// is made of it; or several, one after the other.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/body_stream.hpp"
#include "engine/history_reader.hpp"

namespace coffer::api {

/// Shows nothing that is not durable. If there is nothing to send within twice the disk timeout,
/// however many answers that takes, the reply is a refusal.
class history_page : public body_stream {
public:
    state pull(teller&, std::size_t room_bytes, std::string& out) final;
    void end_early(problem why, std::string& out) override;
    [[nodiscard]] std::size_t buffered_bytes() const noexcept final { return text_.capacity(); }

protected:
    explicit history_page(std::shared_ptr<history_job> job) noexcept : job_{std::move(job)} {}

    /// Appends to `text` what the job's answer has of the body. Returns done if this is the last of
    /// it, more if the job is to be asked again when the text has been sent, and waiting if it is
    /// to be asked again before anything of the text is sent. Or fails.
    virtual state write(std::string& text) = 0;

    /// What is made and not sent yet.
    [[nodiscard]] std::string_view unsent() const noexcept {
        return std::string_view{text_}.substr(sent_);
    }

private:
    enum class phase : std::uint8_t { asking, waiting, sending };

    state ask(teller&);
    state take_answer(teller&);

    std::shared_ptr<history_job> job_;
    phase phase_ = phase::asking;
    std::chrono::steady_clock::time_point asked_{};  // first, for what is sent next
    std::string text_;
    std::size_t sent_ = 0;
    bool is_last_ = false;  // the text
};

/// The refusal of a job that has ended in another way than done.
struct history_failure {
    problem why = problem::none;
    error_members members{};
};
[[nodiscard]] history_failure failure_of(const history_job& ended) noexcept;

}  // namespace coffer::api
