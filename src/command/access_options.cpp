#include "command/access_options.hpp"

#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "api/token_file.hpp"
#include "command/parsed_option.hpp"
#include "ops/log.hpp"

namespace coffer::command {
namespace {

std::string read_text(const std::filesystem::path& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0)
        throw std::system_error{errno, std::generic_category()};
    if (!S_ISREG(found.st_mode))
        throw std::runtime_error{"it is no regular file"};
    if ((found.st_mode & S_IROTH) != 0)
        log::warn("{} can be read by every user of this machine", file.string());
    std::string text(api::max_token_file_bytes + 1, '\0');  // one byte more than is allowed
    std::ifstream in{file, std::ios::binary};
    if (!in)
        throw std::system_error{errno, std::generic_category()};
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad())
        throw std::runtime_error{"it cannot be read"};
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

}  // namespace

void add_access_options(CLI::App& serve, access_options& into) {
    // A name that got lost must not open the server to everybody.
    const auto set_tokens = [&into](const std::string& file) {
        if (file.empty())
            throw CLI::ValidationError{"the name of the file is empty"};
        into.tokens = file;
    };
    serve.add_option_function<std::string>("--tokens", set_tokens)
        ->type_name("FILE")
        ->description("File of the tokens that requests need [none]")
        ->envname("COFFER_TOKENS")
        ->group("Access");
    const auto add_names = [&into](const std::vector<std::string>& texts) {
        into.names.clear();
        for (const std::string& text : texts) {
            const auto name = api::parse_host_name(text);
            if (!name)
                throw CLI::ValidationError{
                    "'" + text + "' is not a name, as in bank.example or https://bank.example"};
            into.names.push_back(*name);
        }
    };
    serve.add_option_function<std::vector<std::string>>("--host-name", add_names)
        ->type_name("NAME")
        ->description(
            "A name by which browsers reach the server, perhaps with a scheme and a port; may be "
            "given several times, or several with commas [addresses and localhost alone]")
        ->allow_extra_args(false)
        ->delimiter(',')
        ->envname("COFFER_HOST_NAME")
        ->group("Access");
    add_parsed(serve, "--rate-limit", into.rate, api::parse_request_rate,
               "a number of requests a second from 1/s to 1000000/s")
        ->type_name("N/s")
        ->description(
            "Requests a second of each token, or of each address where there is none; more get "
            "429 [no limit]")
        ->envname("COFFER_RATE_LIMIT")
        ->group("Access");
}

api::token_set read_tokens(const std::filesystem::path& file) {
    try {
        return api::parse_token_file(read_text(file));
    } catch (const std::system_error& failure) {
        throw std::runtime_error{file.string() + ": " + failure.code().message()};
    } catch (const std::runtime_error& failure) {
        throw std::runtime_error{file.string() + ": " + failure.what()};
    }
}

}  // namespace coffer::command
