// A page of a list that is kept in no order, as one JSON envelope.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/body_stream.hpp"

namespace coffer::api {

/// The lowest of many keys, one more than a page shows: so it is known whether there is a next one.
template <class Key, class Less>
class lowest_keys {
public:
    explicit lowest_keys(std::size_t limit) : limit_{limit} { keys_.reserve(limit + 1); }

    void offer(const Key& one) {
        if (keys_.size() > limit_) {
            if (!Less{}(one, keys_.front()))
                return;
            std::pop_heap(keys_.begin(), keys_.end(), Less{});
            keys_.pop_back();
        }
        keys_.push_back(one);
        std::push_heap(keys_.begin(), keys_.end(), Less{});
    }
    /// The keys of the page in order. After it no key may be offered.
    void finish() {
        std::sort_heap(keys_.begin(), keys_.end(), Less{});
        has_more_ = keys_.size() > limit_;
        keys_.resize(std::min(keys_.size(), limit_));
    }
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
    [[nodiscard]] const Key& operator[](std::size_t index) const noexcept { return keys_[index]; }
    [[nodiscard]] std::size_t bytes() const noexcept { return keys_.capacity() * sizeof(Key); }
    void free_memory() noexcept { std::vector<Key>{}.swap(keys_); }

    /// Appends the end of a page's envelope. `append_key` appends the text of a key.
    template <class AppendKey>
    void append_next(std::string& text, const AppendKey& append_key) const {
        if (has_more_) {
            text += R"(],"next":")";
            append_key(text, keys_.back());
            text += R"("},"code":200})";
        } else {
            text += R"(],"next":null},"code":200})";
        }
    }

private:
    std::size_t limit_;
    bool has_more_ = false;
    std::vector<Key> keys_;  // a heap until finish
};

/// A page is found by looking at all that there is, step by step; other connections are served
/// between the steps. It is sent once all of it is durable: if it cannot be completed, nothing was
/// sent.
class scanned_page : public body_stream {
public:
    /// How many pages may be looking for what they show at a time, in the whole process: each of
    /// them goes through a whole table.
    static constexpr std::size_t max_scans = 32;

    state pull(teller&, std::size_t room_bytes, std::string& out) final;
    void end_early(problem why, std::string& out) final;
    [[nodiscard]] std::size_t buffered_bytes() const noexcept final {
        return text_.capacity() + key_bytes();
    }

protected:
    struct count_down {
        void operator()(std::atomic<std::size_t>* scans) const noexcept;
    };
    /// A page that is looking, as one of all that are.
    using counted_scan = std::unique_ptr<std::atomic<std::size_t>, count_down>;

    /// Null while max_scans pages are looking. Thread safety: any thread.
    [[nodiscard]] static counted_scan begin_scan() noexcept;

    explicit scanned_page(counted_scan scan) noexcept : scan_{std::move(scan)} {}

    /// Looks for some of the keys. True if that were the last.
    virtual bool scan(teller&) = 0;
    /// Appends some of the page to `text`, from its beginning on, and shows its postings. Returns
    /// done after the last; else more, or waiting for the lane, or failed.
    virtual state read(teller&, std::string& text) = 0;
    [[nodiscard]] virtual std::size_t key_bytes() const noexcept = 0;

private:
    enum class phase : std::uint8_t { scanning, reading, syncing, sending };

    state send(std::size_t room_bytes, std::string& out);

    counted_scan scan_;  // null once it has ended
    phase phase_ = phase::scanning;
    teller::ticket due_ = 0;  // what the page waits for
    std::string text_;
    std::size_t sent_ = 0;
};

}  // namespace coffer::api
