// Runs a fuzz target on files instead of on what a fuzzer thinks of: `fuzz_NAME FILE|FOLDER...`.
// Where there is no libFuzzer, this makes the target a test of its corpus.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

bool run(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    const std::vector<char> bytes{std::istreambuf_iterator<char>{in}, {}};
    if (!in.good() && !in.eof())
        return false;
    std::fprintf(stderr, "%s\n", file.c_str());  // the last one named is the one that failed
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return true;
}

}  // namespace

int main(int count, char** words) {
    int ran = 0;
    for (int i = 1; i < count; ++i) {
        if (!std::filesystem::is_directory(words[i])) {
            ran += run(words[i]) ? 1 : 0;
            continue;
        }
        for (const auto& entry : std::filesystem::directory_iterator{words[i]})
            ran += run(entry.path()) ? 1 : 0;
    }
    std::printf("%d inputs\n", ran);
    return ran == 0 ? 1 : 0;
}
