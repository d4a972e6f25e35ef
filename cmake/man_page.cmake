# cmake -DTROUPE=binary -DOUT=file -DVERSION=… -P man_page.cmake: a man page out of what --help says.

# Text as roff shows it unchanged.
function(escape text result)
  string(REPLACE "\\" "\\e" text "${text}")
  string(REPLACE "-" "\\-" text "${text}")
  string(REGEX REPLACE "\n([.'])" "\n\\\\&\\1" text "\n${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

function(help result)
  execute_process(COMMAND ${TROUPE} ${ARGN} --help OUTPUT_VARIABLE text ERROR_VARIABLE said RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${TROUPE} ${ARGN} --help ended with ${code}: ${said}")
  endif()
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# Names in the list of subcommands: lines indented by two blanks after the heading.
function(subcommands text result)
  set(names "")
  if(text MATCHES "\n(Sub[Cc]ommands|Commands|SUBCOMMANDS):\n(.*)$")
    string(REPLACE ";" "," rest "${CMAKE_MATCH_2}")
    string(REPLACE "\n" ";" rest "${rest}")
    foreach(line IN LISTS rest)
      if(line MATCHES "^  ([a-z][a-z-]*)( |$)")
        list(APPEND names ${CMAKE_MATCH_1})
      endif()
    endforeach()
  endif()
  set(${result} "${names}" PARENT_SCOPE)
endfunction()

help(top)
subcommands("${top}" commands)

set(page ".TH TROUPE 1 \"\" \"troupe ${VERSION}\" \"User Commands\"
.SH NAME
troupe \\- a daemon that hosts teams of LLM agents
.SH SYNOPSIS
.B troupe
COMMAND [OPTION]...
.SH DESCRIPTION
Agents, tools and models are written in YAML;
.B troupe serve
runs them, chat clients talk to it over WebSocket, and every step of a run is journaled before anybody sees it.
Answers and data go to standard output, progress and logs to standard error.
.SH COMMANDS
")
foreach(command IN LISTS commands)
  help(text ${command})
  subcommands("${text}" inner)
  escape("${text}" text)
  string(APPEND page ".SS troupe ${command}\n.nf${text}\n.fi\n")
  foreach(name IN LISTS inner)
    help(text ${command} ${name})
    escape("${text}" text)
    string(APPEND page ".SS troupe ${command} ${name}\n.nf${text}\n.fi\n")
  endforeach()
endforeach()
string(APPEND page ".SH FILES
.TP
.I ./troupe.yaml, $XDG_CONFIG_HOME/troupe/troupe.yaml, /etc/troupe/troupe.yaml
The configuration, the first that exists; without any, a demo agent on the built\\-in model.
.TP
.I $XDG_STATE_HOME/troupe
The store, unless the configuration names another.
.SH EXIT STATUS
0 done, 1 the work failed, 2 wrong usage or configuration, 3 a person's approval is needed and there is no terminal,
4 the store is locked, newer or damaged, 130 interrupted.
.SH ENVIRONMENT
.TP
.B NO_COLOR
No colours, also on a terminal.
")
file(WRITE ${OUT} "${page}")
