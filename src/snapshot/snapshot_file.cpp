#include "snapshot/snapshot_file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <span>
#include <string_view>
#include <vector>

#include "ops/checksum.hpp"
#include "ops/file_descriptor.hpp"
#include "ops/hold_id_text.hpp"
#include "snapshot/hold_status_name.hpp"

namespace coffer::snapshot {
namespace {

/// The end of a snapshot: the checksum is between the two.
namespace seal {
constexpr std::string_view before = R"(,"checksum":")";
constexpr std::size_t digits = 16;
constexpr std::string_view after = "\"}\n";
constexpr std::size_t bytes = before.size() + digits + after.size();
}  // namespace seal

std::string utc(std::chrono::system_clock::time_point when) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[sizeof("-2147483648-12-31T23:59:59Z")];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

namespace fs = std::filesystem;

constexpr std::size_t block_bytes = std::size_t{1} << 20;

// More than the size of the first or the last line.
constexpr std::uint64_t end_bytes = 2 * snapshot_text::max_bytes_a_call;

[[noreturn]] void refuse(const fs::path& file, std::uint64_t offset, const std::string& reason) {
    throw snapshot_error{file.string() + ", offset " + std::to_string(offset) + ": " + reason};
}

/// Parses a text that begins at `offset` in the file. Throws snapshot_error.
class scanner {
public:
    scanner(const fs::path& file, std::uint64_t offset, std::string_view text)
        : file_{file}, offset_{offset}, text_{text} {}

    void skip(std::string_view due) {
        if (!text_.starts_with(due))
            wrong("this is not what a snapshot has here");
        advance(due.size());
    }
    [[nodiscard]] std::string text_up_to(std::string_view next) {
        const std::size_t found = text_.find(next);
        if (found == std::string_view::npos)
            wrong("this is not what a snapshot has here");
        std::string text{text_.substr(0, found)};
        advance(found);
        return text;
    }
    void skip_end() {
        if (!text_.empty())
            wrong("there is something behind the end of the snapshot");
    }
    [[nodiscard]] std::uint64_t number() {
        std::uint64_t value = 0;
        const auto [stop, error] =
            std::from_chars(text_.data(), text_.data() + text_.size(), value);
        if (error != std::errc{})
            wrong("a number is due here");
        advance(static_cast<std::size_t>(stop - text_.data()));
        return value;
    }
    /// Reads a number of exactly `digits` hexadecimal digits.
    [[nodiscard]] std::uint64_t hex(std::size_t digits) {
        constexpr std::string_view all = "0123456789abcdef";
        std::uint64_t value = 0;
        for (; digits != 0; --digits) {
            const std::size_t digit =
                text_.empty() ? std::string_view::npos : all.find(text_.front());
            if (digit == std::string_view::npos)
                wrong("a digit of base 16 is due here");
            value = value << 4 | digit;
            advance(1);
        }
        return value;
    }
    /// Reads an amount with one or two decimals. Returns minor units.
    [[nodiscard]] wide_minor total() {
        wide_minor minor = 0;
        const auto digit = [&] {
            if (text_.empty() || text_.front() < '0' || text_.front() > '9')
                wrong("a total is due here");
            minor = minor * 10 + (text_.front() - '0');
            advance(1);
        };
        constexpr int most_digits = 38;  // with the decimals: they fit in 127 bits
        for (int left = most_digits - 2; left != 0 && !text_.starts_with('.'); --left)
            digit();
        skip(".");
        digit();
        if (!text_.starts_with(','))
            digit();
        else
            minor *= 10;
        return minor;
    }
    [[noreturn]] void wrong(const std::string& reason) const { refuse(file_, offset_, reason); }

private:
    void advance(std::size_t bytes) {
        text_.remove_prefix(bytes);
        offset_ += bytes;
    }

    const fs::path& file_;
    std::uint64_t offset_;
    std::string_view text_;
};

class snapshot_reader {
public:
    explicit snapshot_reader(const fs::path& file) : file_{file}, input_{file, O_RDONLY} {
        if (!input_.is_open())
            throw_snapshot_error(file, "cannot be opened");
        std::error_code error;
        bytes_ = fs::file_size(file, error);
        if (error)
            throw snapshot_error{file.string() + ": cannot be read: " + error.message()};
    }

    [[nodiscard]] snapshot_info read_ends() {
        snapshot_info found;
        read_first_line(found);
        read_last_line(found);
        if (found.until_record < found.after_record)
            throw snapshot_error{file_.string() + ": contradicts itself: after_record is above " +
                                 "until_record"};
        if (found.keys_from == 0 || found.keys_from - 1 > found.after_record)
            throw snapshot_error{file_.string() +
                                 ": contradicts itself: keys_from is 0, or above " +
                                 "after_record + 1"};
        return found;
    }

    /// Throws snapshot_error if the file has another checksum than it states.
    void check(const std::function<void()>& between_blocks) {
        if (checksum_of(bytes_ - seal::bytes, between_blocks) != checksum_)
            throw snapshot_error{file_.string() +
                                 ": is damaged: its checksum is not that of its content"};
    }

private:
    void read_first_line(snapshot_info& into) {
        const std::string text = text_at(0, end_bytes);
        scanner from{file_, 0, text};
        from.skip(R"({"format":)");
        format_ = from.number();
        if (format_ < oldest_snapshot_format || format_ > snapshot_format)
            from.wrong("the snapshot is of format " + std::to_string(format_) +
                       ", and this version of coffer reads " +
                       std::to_string(oldest_snapshot_format) + " to " +
                       std::to_string(snapshot_format));
        from.skip(R"(,"number":)");
        into.number = from.number();
        from.skip(R"(,"taken_at":")");
        into.taken_at = from.text_up_to("\"");
        from.skip(R"(","ledger":")");
        for (std::byte& one : into.ledger)
            one = static_cast<std::byte>(from.hex(2));
        from.skip(R"(","after_record":)");
        into.after_record = from.number();
        from.skip(R"(,"keys_from":)");
        into.keys_from = from.number();
        from.skip(",\"accounts\":[\n");
    }

    void read_last_line(snapshot_info& into) {
        const std::uint64_t begin = bytes_ - std::min(end_bytes, bytes_);
        const std::string text = text_at(begin, end_bytes);
        constexpr std::string_view start = "\n],\"count\":";
        const std::size_t at = text.rfind(start);
        if (at == std::string::npos)
            refuse(file_, bytes_, "the snapshot ends too early");
        scanner from{file_, begin + at, std::string_view{text}.substr(at)};
        from.skip(start);
        into.accounts = from.number();
        from.skip(R"(,"total":)");
        into.total_minor = from.total();
        if (format_ >= 3) {
            from.skip(R"(,"hold_count":)");
            into.holds = from.number();
            from.skip(R"(,"held":)");
            into.held_minor = from.total();
        }
        from.skip(R"(,"until_record":)");
        into.until_record = from.number();
        from.skip(seal::before);
        checksum_ = from.hex(seal::digits);
        from.skip(seal::after);
        from.skip_end();
    }

    [[nodiscard]] std::string text_at(std::uint64_t offset, std::size_t bytes) {
        std::string text(bytes, '\0');
        text.resize(read(offset, text.data(), bytes));
        return text;
    }

    /// Returns the checksum of the first `bytes` of the file.
    [[nodiscard]] std::uint64_t checksum_of(std::uint64_t bytes,
                                            const std::function<void()>& between_blocks) {
        running_checksum sum;
        std::vector<char> block(block_bytes);
        for (std::uint64_t at = 0; at != bytes;) {
            if (between_blocks)
                between_blocks();
            const std::size_t wanted = std::min<std::uint64_t>(block.size(), bytes - at);
            const std::size_t found = read(at, block.data(), wanted);
            if (found == 0)
                refuse(file_, at, "the snapshot ends here, while it is read");
            sum.add(std::as_bytes(std::span{block}.first(found)));
            at += found;
        }
        return sum.value();
    }

    [[nodiscard]] std::size_t read(std::uint64_t offset, char* into, std::size_t bytes) {
        const ssize_t found = input_.read_at(static_cast<off_t>(offset), into, bytes);
        if (found < 0)
            throw_snapshot_error(file_, "cannot be read");
        return static_cast<std::size_t>(found);
    }

    const fs::path& file_;
    file_descriptor input_;
    std::uint64_t bytes_ = 0;
    std::uint64_t format_ = 0;
    std::uint64_t checksum_ = 0;  // as the file states
};

}  // namespace

void snapshot_text::begin(const beginning& what) {
    out_ += R"({"format":)";
    append_number(out_, snapshot_format);
    out_ += R"(,"number":)";
    append_number(out_, what.number);
    out_ += R"(,"taken_at":")";
    out_ += utc(what.taken_at);
    out_ += R"(","ledger":")";
    out_ += to_hexadecimal(what.ledger);
    out_ += R"(","after_record":)";
    append_number(out_, what.after_record);
    out_ += R"(,"keys_from":)";
    append_number(out_, what.keys_from);
    out_ += R"(,"accounts":[)";
}

void snapshot_text::add(const account_view& last) {
    out_ += count_ == 0 ? "\n{\"account_number\":\"" : ",\n{\"account_number\":\"";
    append_number(out_, last.account);
    out_ += R"(","balance":)";
    append_money(out_, last.balance);
    out_ += R"(,"sequence":)";
    append_number(out_, last.sequence);
    if (last.held != money{}) {
        out_ += R"(,"held":)";
        append_money(out_, last.held);
    }
    if (last.status == account_status::closed)
        out_ += R"(,"status":"closed")";
    out_ += '}';
    ++count_;
    total_minor_ += last.balance.minor();
}

void snapshot_text::add_hold(const hold& one) {
    out_ += hold_count_ == 0 ? "\n],\"holds\":[\n{\"hold\":\"" : ",\n{\"hold\":\"";
    append_hold_id(out_, one.id);
    out_ += R"(","account":")";
    append_number(out_, one.account);
    out_ += R"(","amount":)";
    append_money(out_, one.amount);
    out_ += R"(,"captured":)";
    append_money(out_, one.captured);
    out_ += R"(,"remaining":)";
    append_money(out_, one.remaining);
    out_.append(R"(,"status":")").append(name_of(one.status));
    out_ += R"(","expires_at_ns":)";
    append_number(out_, one.expires_at_ns);
    out_ += '}';
    ++hold_count_;
    held_minor_ += one.remaining.minor();
}

void snapshot_text::end(std::uint64_t until_record) {
    if (hold_count_ == 0)
        out_ += "\n],\"holds\":[";
    out_ += "\n],\"count\":";
    append_number(out_, count_);
    out_ += R"(,"total":)";
    out_ += to_money_text(total_minor_);
    out_ += R"(,"hold_count":)";
    append_number(out_, hold_count_);
    out_ += R"(,"held":)";
    out_ += to_money_text(held_minor_);
    out_ += R"(,"until_record":)";
    append_number(out_, until_record);
}

void snapshot_text::close(std::uint64_t checksum) {
    out_ += seal::before;
    for (std::size_t left = seal::digits; left-- != 0;)
        out_ += "0123456789abcdef"[checksum >> (4 * left) & 0xf];
    out_ += seal::after;
}

snapshot_info check_snapshot(const fs::path& file, const std::function<void()>& between_blocks) {
    snapshot_reader reader{file};
    const snapshot_info found = reader.read_ends();
    reader.check(between_blocks);
    return found;
}

snapshot_info peek_at_snapshot(const fs::path& file) {
    return snapshot_reader{file}.read_ends();
}

}  // namespace coffer::snapshot
