find_program(PYTHON3 python3 REQUIRED)

# python_tests(PREFIX FOLDER PATTERN [SERIAL FILE ...] [FIRST FILE ...] [HEAVY FILE ...]
# [ETCD FILE ...] [ENVIRONMENT ...] [PROPERTIES ...]): each method of the unittest files
# FOLDER/PATTERN is a test of its own, "PREFIX: FILE, CLASS: SENTENCE", with the label PREFIX. Those
# of SERIAL files run alone, those of FIRST files begin early. Those of HEAVY files, which need
# whole processors, run one at a time, and with few others. Those of ETCD files start etcd and
# nodes: one such test at a time, in all rooms, with time for a busy machine. CMake runs again when
# one of the files changed.
function(python_tests prefix folder pattern)
  cmake_parse_arguments(PARSE_ARGV 3 python "" "" "SERIAL;FIRST;HEAVY;ETCD;ENVIRONMENT;PROPERTIES")
  file(GLOB files CONFIGURE_DEPENDS ${folder}/${pattern})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
  execute_process(
    COMMAND ${PYTHON3} ${PROJECT_SOURCE_DIR}/tests/list_tests.py ${prefix} ${folder} ${pattern}
    OUTPUT_VARIABLE listed OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" listed "${listed}")
  foreach(line IN LISTS listed)
    string(REPLACE "\t" ";" line "${line}")
    list(GET line 0 method)
    list(GET line 1 name)
    add_test(NAME "${name}" COMMAND ${PYTHON3} -m unittest -v ${method}
      WORKING_DIRECTORY ${folder})
    set_tests_properties("${name}" PROPERTIES LABELS ${prefix}
      SKIP_REGULAR_EXPRESSION "OK \\(skipped="
      ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;${python_ENVIRONMENT}" ${python_PROPERTIES})
    string(REGEX MATCH "^[^.]+" file ${method})
    if(file IN_LIST python_SERIAL)
      set_tests_properties("${name}" PROPERTIES RUN_SERIAL ON)
    endif()
    if(file IN_LIST python_HEAVY)
      set_tests_properties("${name}" PROPERTIES RESOURCE_LOCK heavy PROCESSORS 4)
    endif()
    if(file IN_LIST python_ETCD)
      set_tests_properties("${name}" PROPERTIES RESOURCE_LOCK etcd PROCESSORS 2 TIMEOUT 600)
    endif()
    if(file IN_LIST python_FIRST)
      set_tests_properties("${name}" PROPERTIES COST 100)
    endif()
  endforeach()
endfunction()
