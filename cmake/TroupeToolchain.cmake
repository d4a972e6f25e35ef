# Compiler, warnings, sanitizers, linker and ccache: everything that is true of every target.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} destroys temporaries twice around co_await and compiles it silently.\n"
    "Build with clang-19:  apt-get install clang-19 lld-19  and  cmake --preset release")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
# Everything ends in an executable; plugins ask for -fPIC themselves. One mode for all, so that all share one PCH.
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
add_compile_options(-fPIE)
add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

find_program(TROUPE_CCACHE ccache)
if(TROUPE_CCACHE)
  # A precompiled header is a file that ccache must trust by content rather than by time.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${TROUPE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror -Wno-unused-parameter
                    -Wno-missing-field-initializers  # members have defaults on purpose
                    $<$<COMPILE_LANGUAGE:CXX>:-Wimplicit-fallthrough> -fno-plt)
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                        VALIJSON_USE_EXCEPTIONS=1 JSON_DIAGNOSTICS=0 SPDLOG_FMT_EXTERNAL)
add_link_options(-fuse-ld=lld -Wl,--as-needed)

# -gline-tables-only: backtraces with file and line at a third of the object size, which is link time on two cores.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -gline-tables-only")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_DEBUG "-O1 -gline-tables-only")

if(TROUPE_SANITIZE)
  # Half of the compile time of -O1; the tests wait for conditions and hardly notice.
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -gline-tables-only")
  set(CMAKE_C_FLAGS_DEBUG "-O0 -gline-tables-only")
  add_compile_options(-fsanitize=${TROUPE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
                      -fsanitize-ignorelist=${CMAKE_SOURCE_DIR}/cmake/sanitizer_ignore.txt)
  add_link_options(-fsanitize=${TROUPE_SANITIZE})
  if(TROUPE_SANITIZE MATCHES "thread")
    # Asio's fences are invisible to TSan; without them it uses atomics that TSan understands.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
if(TROUPE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
