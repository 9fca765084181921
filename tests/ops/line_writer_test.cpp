#include "ops/line_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

using namespace std::chrono_literals;
using coffer::line_writer;

namespace {

constexpr auto ample = 20s;

/// A pipe whose reader reads when a test says so.
class slow_pipe {
public:
    slow_pipe() {
        REQUIRE(::pipe2(ends_, O_CLOEXEC) == 0);
        ::fcntl(writer(), F_SETPIPE_SZ, 4096);
        std::signal(SIGPIPE, SIG_IGN);
    }
    slow_pipe(const slow_pipe&) = delete;
    slow_pipe& operator=(const slow_pipe&) = delete;
    ~slow_pipe() {
        close_reader();
        ::close(writer());
    }
    [[nodiscard]] int writer() const { return ends_[1]; }
    void close_reader() {
        if (ends_[0] != -1)
            ::close(std::exchange(ends_[0], -1));
    }
    /// Reads lines until there are so many.
    std::vector<std::string> read_lines(std::size_t count) {
        std::vector<std::string> lines;
        while (lines.size() != count)
            lines.push_back(read_line());
        return lines;
    }
    std::string read_line() {
        std::string line;
        for (char c = 0; c != '\n';) {
            REQUIRE(::read(ends_[0], &c, 1) == 1);
            line += c;
        }
        return line;
    }

private:
    int ends_[2]{-1, -1};
};

std::string numbered(std::size_t number) {
    std::string line = std::to_string(number);
    line.resize(99, '.');
    return line + '\n';
}

std::string note(std::uint64_t count) {
    return std::to_string(count) + " dropped\n";
}

}  // namespace

TEST_CASE("line writer: writes lines in their order", "[ops]") {
    slow_pipe pipe;
    line_writer lines{pipe.writer(), &note};
    lines.add("one\n");
    lines.add("two\n");
    CHECK(pipe.read_lines(2) == std::vector<std::string>{"one\n", "two\n"});
    CHECK(lines.flush(ample));
}

TEST_CASE("line writer: drops what is not read in time, and says how much, once it is read",
          "[ops]") {
    slow_pipe pipe;
    line_writer lines{pipe.writer(), &note};
    // More than the pipe, what is being written and what waits can hold.
    constexpr std::size_t added = 3 * line_writer::most_bytes / 100;
    for (std::size_t i = 0; i != added; ++i)
        lines.add(numbered(i));
    CHECK_FALSE(lines.flush(1ms));

    // Each note stands where lines are missing. There is one, or more if writing began late.
    std::size_t read = 0;
    std::size_t dropped = 0;
    while (read + dropped != added) {
        const std::string line = pipe.read_line();
        if (line.ends_with(" dropped\n"))
            dropped += std::stoul(line);
        else if (line == numbered(read + dropped))
            ++read;
        else
            FAIL(line);
    }
    CHECK(dropped > 0);
    CHECK(read * 100 >= line_writer::most_bytes - 100);
    CHECK(lines.flush(ample));
    lines.add("on it goes\n");
    CHECK(pipe.read_line() == "on it goes\n");
}

TEST_CASE("line writer: drops nothing where the descriptor does not block", "[ops]") {
    slow_pipe pipe;
    REQUIRE(::fcntl(pipe.writer(), F_SETFL, O_NONBLOCK) == 0);
    line_writer lines{pipe.writer(), &note};
    constexpr std::size_t added = line_writer::most_bytes / 100;
    for (std::size_t i = 0; i != added; ++i)
        lines.add(numbered(i));
    const auto read = pipe.read_lines(added);
    CHECK(read.back() == numbered(added - 1));
}

TEST_CASE("line writer: is destroyed while nobody reads, and writes on when somebody does",
          "[ops]") {
    slow_pipe pipe;
    constexpr std::size_t added = 100;
    {
        line_writer lines{pipe.writer()};
        for (std::size_t i = 0; i != added; ++i)
            lines.add(numbered(i));
    }
    CHECK(pipe.read_lines(added).back() == numbered(added - 1));
}

TEST_CASE("line writer: goes on where nothing can be written", "[ops]") {
    SECTION("since the reader is gone") {
        slow_pipe pipe;
        pipe.close_reader();
        line_writer lines{pipe.writer(), &note};
        for (std::size_t i = 0; i != 2 * line_writer::most_bytes / 100; ++i)
            lines.add(numbered(i));
        CHECK(lines.flush(ample));
    }
    SECTION("since the device is full") {
        const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
        REQUIRE(full != -1);
        {
            line_writer lines{full, &note};
            lines.add("one\n");
            CHECK(lines.flush(ample));
        }
        ::close(full);
    }
}

TEST_CASE("line writer: says what was lost once a full file has room again", "[ops]") {
    slow_pipe pipe;
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(full != -1);
    line_writer lines{full, &note};
    lines.add("one\n");
    lines.add("two\n");
    REQUIRE(lines.flush(ample));
    REQUIRE(::dup2(pipe.writer(), full) == full);
    lines.add("three\n");
    CHECK(pipe.read_lines(2) == std::vector<std::string>{"three\n", "2 dropped\n"});
    REQUIRE(lines.flush(ample));
    ::close(full);
}
