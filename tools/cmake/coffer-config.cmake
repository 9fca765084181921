# find_package(coffer CONFIG) gives coffer::coffer: the headers, C++20 and the flags they need.
if(NOT CMAKE_CXX_COMPILER_LOADED)
  set(coffer_FOUND FALSE)
  set(coffer_NOT_FOUND_MESSAGE "coffer is C++: enable the language CXX first")
  return()
endif()

include("${CMAKE_CURRENT_LIST_DIR}/coffer-flags.cmake")
if(NOT TARGET coffer::coffer)
  include("${CMAKE_CURRENT_LIST_DIR}/coffer-targets.cmake")
  target_compile_options(coffer::coffer INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${COFFER_FLAGS}>")
endif()
