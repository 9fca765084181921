# Bundles the pages, and makes the source file that has them:
# cmake -D WANTED=ON -D NPM=... -D NODE=... -D FROM=src/console -D TO=... -P bundle.cmake
#
# What npm installs is kept in TO, and installed again when the lock file changes. If that fails,
# the source file has empty pages; the file TO/failed, which a new configuration removes, keeps the
# next builds from waiting for it again.
include(${CMAKE_CURRENT_LIST_DIR}/../../tools/cmake/bytes.cmake)
set(seconds 180)

# install(): what the lock file names, into TO/node_modules. Sets `installed`.
function(install)
  file(SHA256 ${FROM}/package-lock.json wanted)
  set(stamp ${TO}/installed)
  set(installed ON PARENT_SCOPE)
  if(EXISTS ${stamp})
    file(READ ${stamp} present)
    if(present STREQUAL wanted)
      return()
    endif()
  endif()
  file(REMOVE ${stamp})
  if(NOT EXISTS ${TO}/failed)
    file(COPY ${FROM}/package.json ${FROM}/package-lock.json ${FROM}/.npmrc DESTINATION ${TO})
    execute_process(
      COMMAND ${NPM} ci --omit=dev --fetch-retries=1 --fetch-timeout=30000
      WORKING_DIRECTORY ${TO} TIMEOUT ${seconds} INPUT_FILE /dev/null
      OUTPUT_QUIET ERROR_FILE ${TO}/npm.log RESULT_VARIABLE result)
    if(result EQUAL 0)
      file(WRITE ${stamp} ${wanted})
      return()
    endif()
    file(WRITE ${TO}/failed "${result}\n")
  endif()
  message("The console is left out: `npm ci` failed, see ${TO}/npm.log; configure to try again")
  set(installed OFF PARENT_SCOPE)
endfunction()

set(names console.html console.policy report.css report.js)
set(installed OFF)
if(WANTED)
  install()
endif()
foreach(name IN LISTS names)
  file(WRITE ${TO}/${name} "")
endforeach()
if(installed)
  execute_process(COMMAND ${NODE} ${FROM}/bundle.mjs ${FROM} ${TO} COMMAND_ERROR_IS_FATAL ANY)
endif()

set(source "// Made by bundle.cmake.
#include \"console/pages.hpp\"

#include <cstddef>

namespace coffer::console {
namespace {

")
foreach(name IN LISTS names)
  string(REPLACE . _ constant ${name})
  bytes(${TO}/${name} ${constant} definition)
  string(APPEND source "${definition}")
endforeach()
string(APPEND source "
template <std::size_t Size>
constexpr std::string_view text(const char (&bytes)[Size]) noexcept {
    return {bytes, Size - 1};
}

}  // namespace

page console_page() noexcept {
    return {text(console_html), text(console_policy)};
}

chart_bundle charts() noexcept {
    return {text(report_css), text(report_js)};
}

}  // namespace coffer::console
")
file(WRITE ${TO}/pages.cpp "${source}")
