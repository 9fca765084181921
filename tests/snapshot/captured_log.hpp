// The log as a text, for tests.
#pragma once

#include <cstddef>
#include <mutex>
#include <ostream>
#include <streambuf>
#include <string>

#include "ops/log.hpp"

namespace coffer::test {

/// Keeps the log while it lives. Any thread may read it while others log. Those that log must end
/// before it does.
class captured_log {
public:
    captured_log() { coffer::log::send_to(lines_); }
    captured_log(const captured_log&) = delete;
    captured_log& operator=(const captured_log&) = delete;
    ~captured_log() { coffer::log::start(); }

    [[nodiscard]] std::string text() const { return kept_.text(); }

private:
    /// The log's own mutex keeps its writers apart, but not from those that read the text.
    class locked_buffer final : public std::streambuf {
    public:
        [[nodiscard]] std::string text() const {
            const std::lock_guard lock{mutex_};
            return text_;
        }

    private:
        std::streamsize xsputn(const char* text, std::streamsize length) override {
            const std::lock_guard lock{mutex_};
            text_.append(text, static_cast<std::size_t>(length));
            return length;
        }
        int_type overflow(int_type one) override {
            if (!traits_type::eq_int_type(one, traits_type::eof())) {
                const char letter = traits_type::to_char_type(one);
                xsputn(&letter, 1);
            }
            return traits_type::not_eof(one);
        }

        mutable std::mutex mutex_;
        std::string text_;
    };

    locked_buffer kept_;
    std::ostream lines_{&kept_};
};

}  // namespace coffer::test
