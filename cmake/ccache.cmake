# Compiles through ccache where it is installed: it saves time and is never needed.
option(GRAMIAN_CCACHE "Compile through ccache where it is installed" ${PROJECT_IS_TOP_LEVEL})
if(GRAMIAN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(GRAMIAN_CCACHE_PROGRAM ccache)
  mark_as_advanced(GRAMIAN_CCACHE_PROGRAM)
  if(GRAMIAN_CCACHE_PROGRAM)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${GRAMIAN_CCACHE_PROGRAM})
  endif()
endif()
