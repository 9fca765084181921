# Makes one document of the files of this folder, and a source file that has it:
# cmake -D FOLDER=... -D JSON=... -D SOURCE=... -P embed.cmake
#
# Each file is a JSON object. The document is document.json, with the members of paths/*.json as its
# `paths` and those of components/*.json as its `components`, without the white space at the
# beginnings of lines.
include(${CMAKE_CURRENT_LIST_DIR}/../../../tools/cmake/bytes.cmake)

# members(OUT FILES...): the members of these objects.
function(members out)
  set(all "")
  foreach(file IN LISTS ARGN)
    file(READ ${file} text)
    string(REGEX REPLACE "^[ \n]*{[ \n]*" "" text "${text}")
    string(REGEX REPLACE "[ \n]*}[ \n]*$" "" text "${text}")
    string(REGEX REPLACE "\n *" "" text "${text}")
    if(NOT all STREQUAL "")
      string(APPEND all ",")
    endif()
    string(APPEND all "${text}")
  endforeach()
  set(${out} "${all}" PARENT_SCOPE)
endfunction()

file(GLOB path_files ${FOLDER}/paths/*.json)
file(GLOB component_files ${FOLDER}/components/*.json)
members(about ${FOLDER}/document.json)
members(paths ${path_files})
members(components ${component_files})
set(document "{${about},\"paths\":{${paths}},\"components\":{${components}}}\n")
file(WRITE ${JSON} "${document}")

bytes(${JSON} document definition)
file(WRITE ${SOURCE} "// Made by embed.cmake.
#include \"api/openapi.hpp\"

namespace coffer::api {
namespace {

${definition}
}  // namespace

std::string_view openapi_document() noexcept {
    return {document, sizeof document - 1};
}

}  // namespace coffer::api
")
