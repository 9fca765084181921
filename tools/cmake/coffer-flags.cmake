# Sets COFFER_FLAGS to what the core needs beside C++20 from the compiler in use: on x86-64 -mcx16,
# without which there is no 16-byte compare-and-swap; on 64-bit ARM nothing. The build and the
# installed package both ask here, so whoever compiles the core decides, not whoever installed it.
include(CheckCXXSourceCompiles)

function(coffer_set_flags)
  set(CMAKE_REQUIRED_FLAGS -mcx16)
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # a cross compiler may have nothing to link
  check_cxx_source_compiles("
    #if !defined(__x86_64__) || !defined(__GCC_HAVE_SYNC_COMPARE_AND_SWAP_16)
    #error not here
    #endif
    int one;" COFFER_HAS_MCX16)
  set(COFFER_FLAGS "")
  if(COFFER_HAS_MCX16)
    set(COFFER_FLAGS -mcx16)
  endif()
  set(COFFER_FLAGS "${COFFER_FLAGS}" PARENT_SCOPE)
endfunction()
coffer_set_flags()
