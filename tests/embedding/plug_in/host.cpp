// Loads the plug-in that it is given, three times, uses it from two threads, of which one goes on
// after it, and fails unless the plug-in is gone after each dlclose.
#include <dlfcn.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

namespace {

int failed(const char* what) {
    std::fprintf(stderr, "%s: %s\n", what, ::dlerror());
    return 1;
}

int load_and_unload(const char* path) {
    void* const plug_in = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (plug_in == nullptr)
        return failed("dlopen");
    const auto use = reinterpret_cast<int (*)()>(::dlsym(plug_in, "use_the_core"));
    if (use == nullptr)
        return failed("dlsym");

    std::mutex lock;
    std::condition_variable changed;
    bool used = false;
    bool over = false;
    int in_thread = 0;
    std::thread other{[&] {
        std::unique_lock locked{lock};
        in_thread = use();
        used = true;
        changed.notify_all();
        changed.wait(locked, [&over] { return over; });
    }};
    std::unique_lock locked{lock};
    changed.wait(locked, [&used] { return used; });
    const int here = use();
    const bool closed = ::dlclose(plug_in) == 0;
    void* const still_there = ::dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    over = true;
    changed.notify_all();
    locked.unlock();
    other.join();

    if (in_thread != 0 || here != 0)
        std::fprintf(stderr, "the plug-in returned %d and %d\n", in_thread, here);
    if (!closed || still_there != nullptr)
        std::fputs("the plug-in is still loaded after dlclose\n", stderr);
    return in_thread == 0 && here == 0 && closed && still_there == nullptr ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2)
        return 2;
    for (int i = 0; i != 3; ++i)
        if (load_and_unload(arguments[1]) != 0)
            return 1;
    return 0;
}
