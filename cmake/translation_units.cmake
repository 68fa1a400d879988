# How sources become translation units, and which flags differ between them. What each part costs
# and what was tried is in docs/performance.md, "What building and testing costs".

# With CMAKE_UNITY_BUILD, as test.sh and demo.sh build, the sources of a room or of a paper are one
# translation unit, and so are their tests: what costs there is reading headers and compiling the
# same templates again in every file. Names in anonymous namespaces of a room or of a paper must
# therefore differ.
function(gramian_unity_groups folder)
  foreach(source IN LISTS ARGN)
    file(RELATIVE_PATH path ${folder} ${source})
    string(REGEX MATCH "^(papers/[^/]+|[^/]+)/" group ${path})
    string(MAKE_C_IDENTIFIER "${group}" group)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP "${group}")
  endforeach()
endfunction()

option(GRAMIAN_ONE_TARGET "Compile kernels for AVX2 alone, where this machine has it" OFF)
if(GRAMIAN_ONE_TARGET)
  include(CheckCXXSourceRuns)
  set(CMAKE_REQUIRED_QUIET ON)
  check_cxx_source_runs("int main() {
      return __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\") &&
             __builtin_cpu_supports(\"aes\") ? 0 : 1;
    }" GRAMIAN_HAS_AVX2)
endif()

# Kernels are the sources that include Highway: each holds its code once for every instruction set,
# so it is a translation unit of its own. The least that a kernel may use on x86-64 is SSE4, which
# all processors have since 2010: without a set below it a quarter of the kernels' code is not
# compiled. check_processor() of gramian/lanes/target.h says so where it is missing. With AVX2, AES
# is asked for by name: GCC's Haswell has none, and without it Highway compiles plain loops instead.
function(gramian_kernels flags)
  if(GRAMIAN_HAS_AVX2)
    list(APPEND flags -march=haswell -maes -DHWY_COMPILE_ONLY_STATIC)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    list(APPEND flags -msse4.2 -maes -mpclmul)
  endif()
  foreach(source IN LISTS ARGN)
    file(STRINGS ${source} includes REGEX "^#include <hwy/" LIMIT_COUNT 1)
    if(includes)
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${flags}"
                                  SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()

# Rooms that compute little: they read, write, name, draw and tell. They are a target of their own,
# compiled with -O1, which takes about nine tenths of the time of -O2, and without optimisation
# under sanitizers, which takes six tenths of the time of -O1.
set(GRAMIAN_COLD_ROOMS io runs figures studies papers explain exporting tabular report bench
    api)
