// Reads a configuration file: flags of a command, without their dashes, in CLI11's own format.
//
//     # Where to listen
//     listen = 127.0.0.1:5000
//     listen = unix:/run/coffer/coffer.socket
//     snapshot-every = 1m
//     no-audit
//
// CLI11's set_config is for a program's flags and not for a command's, and has a file override the
// environment: so only its parser is used.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace coffer::command {

/// Sets the flags of `command` that the file has, but for those that are set already. To be called
/// once the command line and the environment have been read. Throws CLI::ParseError, which names
/// the file and the line, if the file cannot be read, or has a name or a value that is wrong.
void read_config_file(CLI::App& command, const std::string& file);

}  // namespace coffer::command
