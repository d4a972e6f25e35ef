# troupe_floor(NAME DEPS…): the library of one top-level folder, of every .cpp below it.
# troupe_test(NAME SOURCES… LIBS…): one doctest program, registered with ctest case by case.

function(troupe_floor name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
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
endfunction()

function(troupe_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBS;LABELS;ENVIRONMENT" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES} ${CMAKE_SOURCE_DIR}/tests/main.cpp)
  target_link_libraries(test_${name} PRIVATE ${arg_LIBS} troupe_fakes)
  target_compile_definitions(test_${name} PRIVATE
    TROUPE_FIXTURES="${CMAKE_SOURCE_DIR}/tests/fixtures" TROUPE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_precompile_headers(test_${name} REUSE_FROM troupe_runtime)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" ENVIRONMENT "${arg_ENVIRONMENT}")
endfunction()
