#include "snapshot/accounts_reader.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

#include "catch.hpp"
#include "temporary_directory.hpp"

using coffer::money;
using coffer::posting;
using coffer::snapshot::accounts_error;
using coffer::snapshot::count_accounts;
using coffer::snapshot::read_accounts;
using coffer::test::temporary_directory;
using coffer::test::write_file;

namespace {

constexpr std::uint64_t many = 100'000;

money balance_of(std::uint64_t number) {
    return money::from_minor(static_cast<std::int64_t>(number * 37 % 1'000'003));
}

std::string many_accounts(const char* separator) {
    std::string text = "{\"accounts\":[";
    for (std::uint64_t number = 1; number <= many; ++number) {
        text.append(number == 1 ? "" : ",").append(separator);
        text.append("{\"account_number\":\"").append(std::to_string(number));
        text.append("\",\"balance\":").append(to_string(balance_of(number))).append("}");
    }
    return text + "]}";
}

/// How many accounts a file has, each as many_accounts made it.
std::uint64_t read_many(const std::filesystem::path& file) {
    std::uint64_t count = 0;
    read_accounts(file, [&count](const posting& each) -> std::optional<std::string> {
        ++count;
        if (each.account != count || each.balance != balance_of(count))
            return "it is not what was written";
        return std::nullopt;
    });
    return count;
}

std::optional<std::string> accept(const posting&) {
    return std::nullopt;
}

}  // namespace

TEST_CASE("accounts file: many accounts are read, one a line or all in one", "[snapshot]") {
    const temporary_directory place;
    for (const char* separator : {"\n", "\r\n", ""}) {
        const auto file = write_file(place.path() / "accounts", many_accounts(separator));
        CHECK(read_many(file) == many);
        CHECK(count_accounts(file) == many);
    }
}

TEST_CASE("accounts file: a pipe is read, but not for counting", "[snapshot]") {
    const temporary_directory place;
    const auto pipe = place.path() / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(count_accounts(pipe) == 0);
    std::thread writer{[&pipe] { write_file(pipe, many_accounts("\n")); }};
    CHECK(read_many(pipe) == many);
    writer.join();
}

namespace {

/// The text as UTF-16 or UTF-32, of which it has characters below 128 alone.
std::string widened(std::string_view text, std::size_t zeros, bool is_big_endian) {
    std::string made;
    for (const char one : text) {
        if (is_big_endian)
            made.append(zeros, '\0');
        made += one;
        if (!is_big_endian)
            made.append(zeros, '\0');
    }
    return made;
}

}  // namespace

TEST_CASE("accounts file: the byte order mark of UTF-8 is passed over, once", "[snapshot]") {
    const temporary_directory place;
    const std::string mark = "\xef\xbb\xbf";
    const auto file = write_file(place.path() / "accounts", mark + many_accounts("\n"));
    CHECK(read_many(file) == many);
    CHECK(count_accounts(file) == many);
    write_file(file, mark + mark + many_accounts("\n"));
    CHECK_THROWS_WITH(read_many(file), file.string() + ": line 1: malformed JSON: syntax error");
    write_file(file, mark);
    CHECK_THROWS_WITH(read_many(file), file.string() + ": line 1: the document ends too early");
    write_file(file, mark.substr(0, 2));
    CHECK_THROWS_AS(read_many(file), accounts_error);
}

TEST_CASE("accounts file: a mark is passed over however a pipe cuts it", "[snapshot]") {
    const temporary_directory place;
    const auto pipe = place.path() / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    std::thread writer{[&pipe] {
        std::ofstream output{pipe, std::ios::binary};
        for (const char one : "\xef\xbb\xbf{\"accounts\":[]}")
            if (one != '\0')
                output << one << std::flush;
    }};
    CHECK(read_many(pipe) == 0);
    writer.join();
}

TEST_CASE("accounts file: another encoding is refused by its name, with a mark or without",
          "[snapshot]") {
    using namespace std::string_literals;
    const temporary_directory place;
    const auto file = place.path() / "accounts";
    const std::string text = many_accounts("\n");
    const auto refused = [&file](const std::string& content, const std::string& name) {
        write_file(file, content);
        CHECK_THROWS_WITH(read_many(file),
                          file.string() + ": is " + name + ", and has to be UTF-8");
    };
    refused("\xff\xfe" + widened(text, 1, false), "UTF-16 (little-endian)");
    refused("\xfe\xff" + widened(text, 1, true), "UTF-16 (big-endian)");
    refused("\xff\xfe\0\0"s + widened(text, 3, false), "UTF-32 (little-endian)");
    refused("\0\0\xfe\xff"s + widened(text, 3, true), "UTF-32 (big-endian)");
    refused(widened(text, 1, false), "UTF-16 (little-endian)");
    refused(widened(text, 1, true), "UTF-16 (big-endian)");
    refused(widened(text, 3, false), "UTF-32 (little-endian)");
    refused(widened(text, 3, true), "UTF-32 (big-endian)");
    refused("\xff\xfe", "UTF-16 (little-endian)");
}

TEST_CASE("accounts file: a fault is told with the file and the line", "[snapshot]") {
    const temporary_directory place;
    std::string text = many_accounts("\n");
    text.insert(text.rfind('\n') + 1, "oops");
    const auto file = write_file(place.path() / "accounts", text);
    CHECK_THROWS_WITH(read_accounts(file, accept),
                      file.string() + ": line 100001: malformed JSON: syntax error");
    write_file(file, "");
    CHECK_THROWS_WITH(read_accounts(file, accept),
                      file.string() + ": line 1: the document ends too early");
}

TEST_CASE("accounts file: what cannot be read is named with the reason", "[snapshot]") {
    const temporary_directory place;
    const auto missing = place.path() / "missing";
    CHECK_THROWS_WITH(read_accounts(missing, accept),
                      missing.string() + ": No such file or directory");
    CHECK_THROWS_AS(read_accounts(missing, accept), accounts_error);
    CHECK_THROWS_WITH(read_accounts(place.path(), accept),
                      place.path().string() + ": Is a directory");
    CHECK(count_accounts(missing) == 0);
    CHECK(count_accounts(place.path()) == 0);
}

TEST_CASE("accounts file: keys are counted wherever blocks end", "[snapshot]") {
    const temporary_directory place;
    const std::string key = "\"account_number\"";
    for (std::size_t before = 0; before != key.size() + 2; ++before) {
        // However large a block is, as long as it is a power of two of up to 256 KiB.
        const std::string padding((std::size_t{256} << 10) - before, ' ');
        const auto file =
            write_file(place.path() / "accounts", padding + key + padding + key + ' ');
        CHECK(count_accounts(file) == 2);
    }
    CHECK(count_accounts(write_file(place.path() / "accounts", key)) == 1);
    CHECK(count_accounts(write_file(place.path() / "accounts", key + key)) == 2);
    CHECK(count_accounts(write_file(place.path() / "accounts", "")) == 0);
}
