#include "ops/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

namespace coffer {

void tell_service_manager(std::string_view state) noexcept {
    const char* const path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un to{};
    const std::string_view name = path == nullptr ? std::string_view{} : path;
    if (name.empty() || name.size() > sizeof to.sun_path)
        return;
    to.sun_family = AF_UNIX;
    name.copy(to.sun_path, name.size());
    if (name.front() == '@')  // a name that is in no folder
        to.sun_path[0] = '\0';
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0)
        return;
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&to), length);
    ::close(socket);
}

}  // namespace coffer
