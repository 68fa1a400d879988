# GRAMIAN_COMMIT: the commit that is built, "+" behind it if files were changed, or "unknown"
# outside a checkout, where -DGRAMIAN_COMMIT=.. may give it. Configures again when the head moves.
if(NOT DEFINED CACHE{GRAMIAN_COMMIT})
  set(GRAMIAN_COMMIT "unknown")
endif()
find_package(Git QUIET)
if(GIT_FOUND AND EXISTS ${PROJECT_SOURCE_DIR}/.git)
  execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --abbrev=12 --dirty=+ --exclude=*
                  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                  OUTPUT_VARIABLE commit RESULT_VARIABLE failed
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT failed)
    set(GRAMIAN_COMMIT "${commit}")
  endif()
  if(EXISTS ${PROJECT_SOURCE_DIR}/.git/logs/HEAD)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                 ${PROJECT_SOURCE_DIR}/.git/logs/HEAD)
  endif()
endif()
