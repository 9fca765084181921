#include "replication/node_identity.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <boost/system/error_code.hpp>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "ops/file_calls.hpp"
#include "ops/file_descriptor.hpp"
#include "ops/text.hpp"

namespace coffer::replication {
namespace {

namespace fs = std::filesystem;

fs::path file_in(const fs::path& directory) {
    return directory / "node.json";
}

ledger_id random_bytes() {
    std::random_device source;
    ledger_id bytes;
    for (std::byte& one : bytes)
        one = static_cast<std::byte>(source());
    return bytes;
}

std::optional<ledger_id> parse_id(std::string_view text) {
    ledger_id id{};
    constexpr std::size_t digits = 2;  // a byte
    if (text.size() != digits * id.size())
        return std::nullopt;
    for (std::size_t i = 0; i != id.size(); ++i) {
        const char* const begin = text.data() + digits * i;
        std::uint8_t byte = 0;
        const auto [end, error] = std::from_chars(begin, begin + digits, byte, 16);
        if (error != std::errc{} || end != begin + digits)
            return std::nullopt;
        id[i] = std::byte{byte};
    }
    return id;
}

std::string member(const boost::json::object& from, const char* name) {
    const auto* const found = from.if_contains(name);
    const auto* const text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string{} : std::string{text->data(), text->size()};
}

/// A copy of node.json in the journal's folder, which stays with the journal.
fs::path mark_in(const fs::path& directory) {
    return directory / "journal";
}

[[noreturn]] void fail(const fs::path& file, const std::string& why) {
    throw std::runtime_error{file.string() + ": " + why};
}

}  // namespace

std::string random_incarnation() {
    return to_hexadecimal(random_bytes());
}

ledger_id random_ledger() {
    return random_bytes();
}

std::optional<node_identity> read_identity(const fs::path& directory) {
    const fs::path file = file_in(directory);
    std::error_code error;
    if (!fs::exists(file, error) && !error)
        return std::nullopt;
    std::ifstream in{file};
    std::ostringstream text;
    if (!in)
        fail(file, "cannot be read");
    text << in.rdbuf();
    boost::system::error_code wrong;
    const boost::json::value parsed = boost::json::parse(text.str(), wrong);
    const auto* const members = wrong ? nullptr : parsed.if_object();
    if (members == nullptr)
        fail(file, "is damaged: it is no JSON object");
    const auto id = parse_id(member(*members, "ledger_id"));
    node_identity found{member(*members, "ledger"), id.value_or(ledger_id{}),
                        member(*members, "incarnation")};
    if (!id || found.ledger.empty() || found.incarnation.empty())
        fail(file, "is damaged: it does not say whose copy this directory is");
    return found;
}

void write_identity(const fs::path& directory, const node_identity& one) {
    const fs::path file = file_in(directory);
    fs::path in_the_making = file;
    in_the_making += ".new";
    const std::string text =
        boost::json::serialize(boost::json::object{{"ledger", one.ledger},
                                                   {"ledger_id", to_hexadecimal(one.id)},
                                                   {"incarnation", one.incarnation}}) +
        '\n';
    {
        const file_descriptor out{in_the_making, O_WRONLY | O_CREAT | O_TRUNC, 0640};
        if (!out.is_open() || uninterrupted([&] {
                                  return ::write(out.number(), text.data(), text.size());
                              }) != static_cast<ssize_t>(text.size()) ||
            uninterrupted([&] { return ::fsync(out.number()); }) != 0)
            fail(in_the_making, "cannot be written: " + last_error().message());
    }
    if (const std::error_code error = rename_file(in_the_making, file))
        fail(file, "cannot be put in place: " + error.message());
    sync_directory_or_throw(directory);
}

void mark_journal(const fs::path& directory, const node_identity& one) {
    try {
        if (read_identity(mark_in(directory)) == one)
            return;
    } catch (const std::runtime_error&) {
        // Damaged: it is written again.
    }
    write_identity(mark_in(directory), one);
}

void require_no_copy_of_ledger(const fs::path& directory) {
    for (const fs::path& where : {directory, mark_in(directory)})
        if (const auto found = read_identity(where))
            throw std::runtime_error{directory.string() + ": is a copy of the replicated ledger '" +
                                     found->ledger + "' by " + file_in(where).string() +
                                     ": serve it with --replicate and --ledger " + found->ledger};
}

std::optional<node_identity> require_copy_of(const fs::path& directory, const std::string& ledger,
                                             bool has_journal) {
    auto found = read_identity(directory);
    if (found && found->ledger != ledger)
        throw std::runtime_error{directory.string() + ": is a copy of the replicated ledger '" +
                                 found->ledger + "', and not of '" + ledger + "'"};
    if (found || !has_journal)
        return found;
    if (const auto marked = read_identity(mark_in(directory)))
        throw std::runtime_error{
            directory.string() + ": its journal is a copy of the replicated ledger '" +
            marked->ledger +
            "', and node.json is missing: copy journal/node.json there to its place, or give "
            "--data an empty directory"};
    throw std::runtime_error{
        directory.string() +
        ": has a journal, and no node.json that says which replicated ledger it is a copy of: give "
        "--data an empty directory, or make a copy by 'coffer join'"};
}

}  // namespace coffer::replication
