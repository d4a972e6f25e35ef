# troupe_unity(TARGET): where TROUPE_UNITY is on, sources of one folder are compiled as one. Templates that each of
# them would instantiate again (awaitables, JSON, assertions) are most of the time of a build, so that this halves it on
# a cold machine. The price: a file is rebuilt together with its neighbours.
#
# Two files that name something of their own alike, in their anonymous namespaces, are not put together: names are
# read here, at configuration. One that was given since shows as a "redefinition" until cmake is run again, which
# scripts/build.sh does each time.

option(TROUPE_UNITY "Compile sources of a folder as one" OFF)
# So many are compiled as one: more are faster from nothing, and slower after a change.
set(TROUPE_UNITY_SOURCES 16)

# What a source names at its outermost level: the code is formatted so that only this begins a line. With it the
# constants and aliases that it names further in, which would hide a neighbour's (-Wshadow).
function(troupe_own_names source result)
  set(names "")
  file(STRINGS ${source} lines REGEX "^[A-Za-z]|^ +(static )?constexpr |^ +using [A-Za-z_0-9]+ =")
  foreach(line IN LISTS lines)
    string(STRIP "${line}" line)
    if(line MATCHES "^(namespace|using namespace|TEST_CASE|return|public:|private:)")
      continue()
    elseif(line MATCHES "^using ([A-Za-z_0-9]+) =")
      list(APPEND names ${CMAKE_MATCH_1})
    elseif(line MATCHES "^(template <[^{]*> )?(class|struct|enum class|enum|union) ([A-Za-z_0-9]+)( final)?( :.*)?( {.*)?$")
      list(APPEND names ${CMAKE_MATCH_3})
    elseif(line MATCHES "^[^=(]*[ *&]([A-Za-z_][A-Za-z_0-9]*)[(]")
      list(APPEND names ${CMAKE_MATCH_1})
    elseif(line MATCHES "^[^={]*[ *&]([A-Za-z_][A-Za-z_0-9]*)( =|{|\\[|;|$)")
      list(APPEND names ${CMAKE_MATCH_1})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES names)
  set(${result} "${names}" PARENT_SCOPE)
endfunction()

# Two levels of folders below the target's: what is deeper goes with what it is part of.
function(troupe_unity_folder source result)
  file(RELATIVE_PATH place ${CMAKE_CURRENT_SOURCE_DIR} ${source})
  if(place MATCHES "^([^/]+/[^/]+)/" OR place MATCHES "^([^/]+)/")
    string(MAKE_C_IDENTIFIER "${CMAKE_MATCH_1}" folder)
  else()
    set(folder here)
  endif()
  set(${result} ${folder} PARENT_SCOPE)
endfunction()

function(troupe_unity target)
  if(NOT TROUPE_UNITY)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    if(NOT source MATCHES "\\.cpp$")
      continue()
    endif()
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    troupe_unity_folder(${source} folder)
    troupe_own_names(${source} names)
    # The first unit of the folder that has room and none of these names.
    set(part 0)
    while(TRUE)
      set(unit ${folder}_${part})
      list(LENGTH members_${unit} count)
      set(shared FALSE)
      foreach(name IN LISTS names)
        if(name IN_LIST names_${unit})
          set(shared TRUE)
          break()
        endif()
      endforeach()
      if(count LESS TROUPE_UNITY_SOURCES AND NOT shared)
        break()
      endif()
      math(EXPR part "${part} + 1")
    endwhile()
    list(APPEND members_${unit} ${source})
    list(APPEND names_${unit} ${names})
    set_property(SOURCE ${source} TARGET_DIRECTORY ${target} PROPERTY UNITY_GROUP ${unit})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
