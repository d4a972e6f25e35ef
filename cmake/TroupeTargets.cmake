# troupe_floor(NAME DEPS…): the library of one top-level folder, of every .cpp below it.
# troupe_plugin(NAME SOURCE [INCLUDES…]): a plugin as a stranger would build it: nothing of Troupe but its headers.
# troupe_test(NAME SOURCES… LIBS…): one doctest program, registered with ctest file by file.

function(troupe_floor name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/examples/")  # which are no part of the program
  if(NOT sources)  # a floor of headers only
    add_library(troupe_${name} INTERFACE)
    target_include_directories(troupe_${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(troupe_${name} INTERFACE ${ARGN})
    return()
  endif()
  add_library(troupe_${name} STATIC ${sources})
  target_include_directories(troupe_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(troupe_${name} PUBLIC ${ARGN})
  if(name STREQUAL "runtime")
    target_precompile_headers(troupe_${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h)
  else()
    target_precompile_headers(troupe_${name} REUSE_FROM troupe_runtime)
  endif()
  troupe_unity(troupe_${name})
endfunction()

function(troupe_plugin name source)
  add_library(${name} MODULE ${source})
  # Last of all -f options, so it wins over those of programs.
  target_compile_options(${name} PRIVATE -fPIC)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/plugins ${CMAKE_SOURCE_DIR}/plugins/sdk ${ARGN})
  set_target_properties(${name} PROPERTIES C_STANDARD 99)
endfunction()

# A build directory of preset tsan, whose programs then run in this build's ctest as tsan/NAME: one summary for all.
set(TROUPE_TSAN_BUILD "" CACHE PATH "Build directory of preset tsan, to run its tests from here too")
# Programs that cross threads; the preset tsan builds these, by target threaded_tests.
set(TROUPE_THREADED_TESTS runtime_async runtime_telemetry runtime_store runtime_net memory_bases plugins_threads)

# NAME becomes the program test_NAME and one ctest entry per *_test.cpp, called NAME/FILE: what fails is found by
# its name, what hangs takes only its own file down, and two cores are kept busy to the end.
function(troupe_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBS;LABELS;ENVIRONMENT" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE troupe_test_main ${arg_LIBS} troupe_fakes)
  target_compile_definitions(test_${name} PRIVATE
    TROUPE_FIXTURES="${CMAKE_SOURCE_DIR}/tests/fixtures" TROUPE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_precompile_headers(test_${name} REUSE_FROM troupe_test_main)
  troupe_unity(test_${name})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900)  # sanitized, on two cores: a hang still ends, a slow machine does not fail
  endif()
  if(name IN_LIST TROUPE_THREADED_TESTS)
    list(APPEND arg_LABELS threads)
    if(NOT TARGET threaded_tests)
      add_custom_target(threaded_tests)
    endif()
    add_dependencies(threaded_tests test_${name})
  endif()
  list(APPEND arg_ENVIRONMENT UBSAN_OPTIONS=print_stacktrace=1)
  foreach(source IN LISTS arg_SOURCES)
    if(NOT source MATCHES "([^/]+)/([^/]+)_test\\.cpp$")
      continue()
    endif()
    set(part ${name}/${CMAKE_MATCH_2})
    set(filter "--source-file=*/${CMAKE_MATCH_1}/${CMAKE_MATCH_2}_test.cpp")
    add_test(NAME ${part} COMMAND test_${name} ${filter})
    set_tests_properties(${part} PROPERTIES
      TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" ENVIRONMENT "${arg_ENVIRONMENT}")
    if(TROUPE_TSAN_BUILD AND "threads" IN_LIST arg_LABELS)
      file(RELATIVE_PATH folder ${CMAKE_BINARY_DIR} ${CMAKE_CURRENT_BINARY_DIR})
      add_test(NAME tsan/${part} COMMAND ${TROUPE_TSAN_BUILD}/${folder}/test_${name} ${filter})
      set_tests_properties(tsan/${part} PROPERTIES
        TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS};tsan" ENVIRONMENT "${arg_ENVIRONMENT}")
    endif()
  endforeach()
endfunction()
