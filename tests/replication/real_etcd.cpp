#include "replication/real_etcd.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <deque>
#include <exception>
#include <fstream>
#include <iostream>
#include <random>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "replication/host_lookup.hpp"
#include "replication/store_connection.hpp"

namespace coffer::test {
namespace {

using namespace std::chrono_literals;

std::filesystem::path find_program(const std::string& name) {
    const char* const path = std::getenv("PATH");
    std::string rest = path != nullptr ? path : "/usr/bin";
    while (!rest.empty()) {
        const auto colon = rest.find(':');
        const auto file = std::filesystem::path{rest.substr(0, colon)} / name;
        if (::access(file.c_str(), X_OK) == 0)
            return file;
        rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    }
    return {};
}

/// A socket that keeps a free port until it is closed: one that the system gives to no connection,
/// as these take ports from 32768 on.
class kept_port {
public:
    kept_port() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        std::random_device source;
        std::uniform_int_distribution<int> any{10'000, 31'999};
        for (int attempts = 1000; attempts != 0; --attempts) {
            number_ = static_cast<std::uint16_t>(any(source));
            sockaddr_in at{};
            at.sin_family = AF_INET;
            at.sin_port = htons(number_);
            at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            if (::bind(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0)
                return;
        }
        const int error = errno;
        ::close(socket_);
        throw std::system_error{error, std::generic_category(), "a free port"};
    }
    ~kept_port() { ::close(socket_); }
    kept_port(const kept_port&) = delete;
    kept_port& operator=(const kept_port&) = delete;
    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

private:
    int socket_;
    std::uint16_t number_ = 0;
};

std::string at_port(const char* scheme, std::uint16_t port) {
    return std::string{scheme} + "://127.0.0.1:" + std::to_string(port);
}

/// Starts a program, whose output goes to a file, and which ends with the thread that starts it.
pid_t start_program(const std::vector<std::string>& command, const std::filesystem::path& output) {
    std::vector<char*> arguments;
    for (const std::string& one : command)
        arguments.push_back(const_cast<char*>(one.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child != 0)
        return child;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
}

std::string status_of(std::uint16_t port) {
    replication::store_connection connection{nullptr};
    replication::host_lookup host{"127.0.0.1", port};
    const auto deadline = std::chrono::steady_clock::now() + 1s;
    if (!connection.connect(host.find(deadline), "127.0.0.1", deadline))
        return {};
    const auto got = connection.exchange(
        "POST /v3/maintenance/status HTTP/1.1\r\nHost: x\r\n"
        "Content-Length: 2\r\n\r\n",
        "{}", deadline, 65536);
    return got.reply ? got.reply->body : "";
}

/// The value of a member that is a string; empty if there is none.
std::string field(const std::string& json, const std::string& name) {
    const std::string before = '"' + name + "\":\"";
    const auto at = json.find(before);
    if (at == std::string::npos)
        return {};
    const auto begin = at + before.size();
    return json.substr(begin, json.find('"', begin) - begin);
}

void show_last_lines(const std::filesystem::path& file) {
    constexpr std::size_t most = 12;
    std::deque<std::string> last;
    std::ifstream lines{file};
    for (std::string line; std::getline(lines, line); last.push_back(line))
        if (last.size() == most)
            last.pop_front();
    std::cerr << file.filename().string() << ":\n";
    for (const std::string& line : last)
        std::cerr << line << '\n';
}

/// In memory where there is enough of it: the tests are not of the disk.
std::filesystem::path roomy_folder() {
    std::error_code error;
    const auto space = std::filesystem::space("/dev/shm", error);
    const bool has_room = !error && space.available > std::uintmax_t{1} << 30;
    return has_room ? "/dev/shm" : std::filesystem::temp_directory_path();
}

}  // namespace

bool has_etcd(const std::string& program) {
    if (!find_program(program).empty())
        return true;
    std::cout << "skipped: etcd is not installed: no " << program << '\n';
    return false;
}

bool comes_true(const std::function<bool()>& is_so) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(20ms);
    }
    return true;
}

replication::transaction create_key(const std::string& key, const std::string& value,
                                    std::int64_t lease) {
    using replication::comparison;
    using replication::operation;
    return {{{key, comparison::subject::create_revision, comparison::relation::equal, 0}},
            {operation::put(key, value, lease)},
            {operation::read({key})}};
}

real_etcd::real_etcd(const settings& chosen) : chosen_{chosen}, members_(chosen.members) {
    auto pattern = (roomy_folder() / "coffer-etcd-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
        throw std::system_error{errno, std::generic_category(), pattern};
    folder_ = pattern;
    {
        std::vector<kept_port> ports(2 * members_.size());
        for (std::size_t index = 0; index < members_.size(); ++index) {
            members_[index].client_port = ports[2 * index].number();
            members_[index].peer_port = ports[2 * index + 1].number();
        }
    }
    for (std::size_t index = 0; index < members_.size(); ++index)
        start(index);
}

real_etcd::~real_etcd() {
    for (std::size_t index = 0; index < members_.size(); ++index) {
        kill(index);
        if (std::uncaught_exceptions() != 0)
            show_last_lines(log(index));
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::vector<std::string> real_etcd::urls() const {
    std::vector<std::string> found;
    for (const member& each : members_)
        found.push_back(at_port(chosen_.is_secure ? "https" : "http", each.client_port));
    return found;
}

void real_etcd::wait_for(replication::etcd_client& client) {
    std::string last;
    if (!comes_true([&] {
            const auto read = client.read({"any"}, 1s);
            last = read.reason;
            return static_cast<bool>(read);
        }))
        throw std::runtime_error{"etcd does not answer: " + last};
}

std::vector<std::string> real_etcd::command(std::size_t index) const {
    std::string all;
    for (std::size_t each = 0; each < members_.size(); ++each)
        all += (each == 0 ? "m" : ",m") + std::to_string(each) + '=' +
               at_port("http", members_[each].peer_port);
    const std::string name = 'm' + std::to_string(index);
    const std::string client = urls()[index];
    const std::string peer = at_port("http", members_[index].peer_port);
    std::vector<std::string> words{find_program("etcd").string(),
                                   "--name",
                                   name,
                                   "--data-dir",
                                   folder_ / name,
                                   "--listen-client-urls",
                                   client,
                                   "--advertise-client-urls",
                                   client,
                                   "--listen-peer-urls",
                                   peer,
                                   "--initial-advertise-peer-urls",
                                   peer,
                                   "--initial-cluster",
                                   all};
    words.insert(words.end(), chosen_.arguments.begin(), chosen_.arguments.end());
    return words;
}

void real_etcd::start(std::size_t index) {
    members_[index].process = start_program(command(index), log(index));
}

std::filesystem::path real_etcd::log(std::size_t index) const {
    return folder_ / ('m' + std::to_string(index) + ".log");
}

void real_etcd::kill(std::size_t index) {
    pid_t& process = members_[index].process;
    if (process <= 0)
        return;
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
    process = 0;
}

void real_etcd::send(std::size_t index, int signal) {
    ::kill(members_[index].process, signal);
}

std::size_t real_etcd::leader() const {
    std::size_t found = 0;
    const auto leads = [&](const member& each) {
        const std::string status = status_of(each.client_port);
        const std::string id = field(status, "member_id");
        return !id.empty() && field(status, "leader") == id;
    };
    if (!comes_true([&] {
            const auto at = std::find_if(members_.begin(), members_.end(), leads);
            found = static_cast<std::size_t>(at - members_.begin());
            return at != members_.end();
        }))
        throw std::runtime_error{"no member says that it leads"};
    return found;
}

}  // namespace coffer::test
