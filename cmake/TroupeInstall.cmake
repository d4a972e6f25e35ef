# cmake --install: binary, man page, documentation, examples. DESTDIR and --prefix as usual.
if(NOT TARGET troupe)
  return()
endif()
include(GNUInstallDirs)
set(docs ${CMAKE_INSTALL_DOCDIR})

install(TARGETS troupe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md LICENSE CONTRIBUTING.md DESTINATION ${docs})
install(FILES models/tokens/ranks/LICENSE DESTINATION ${docs} RENAME LICENSE.token-ranks)  # embedded data, MIT
install(DIRECTORY docs/ DESTINATION ${docs}/docs)
install(DIRECTORY examples/ DESTINATION ${docs}/examples)
if(TARGET faiss_plugin)
  install(TARGETS faiss_plugin LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/troupe)
endif()
install(FILES plugins/troupe_plugin.h plugins/sdk/troupe_plugin.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# Written by the program itself, so that they cannot say anything else than --help does.
if(NOT TROUPE_SANITIZE)
  set(generated ${CMAKE_BINARY_DIR}/generated)
  add_custom_command(
    OUTPUT ${generated}/troupe.1
    COMMAND ${CMAKE_COMMAND} -DTROUPE=$<TARGET_FILE:troupe> -DOUT=${generated}/troupe.1
            -DVERSION=${PROJECT_VERSION} -P ${CMAKE_SOURCE_DIR}/cmake/man_page.cmake
    DEPENDS troupe ${CMAKE_SOURCE_DIR}/cmake/man_page.cmake
    COMMENT "Writing the man page"
    VERBATIM)
  add_custom_target(man_page ALL DEPENDS ${generated}/troupe.1)
  install(FILES ${generated}/troupe.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
